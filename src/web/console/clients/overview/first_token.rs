//! Whether a new client has got its first token; if not, what went wrong with the last try.

use std::net::IpAddr;

use crate::{
    admin::evidence::words::outcome,
    app::{App, RecentRequest},
    domain::{
        client::Client,
        time::{Span, Timestamp},
        usage::{Outcome, Tally},
    },
    web::console::words::{Moment, small},
};

/// For how long the first token is news.
const NEWS: Span = Span::hours(1);

/// What there is to say of it.
pub(in super::super) struct FirstToken {
    /// The path of the part below the console's; it is asked for again as long as it can change.
    pub(super) path: String,
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    /// What happened.
    pub(super) title: String,
    /// When, and from where.
    pub(super) seen: Option<(Moment, String)>,
    /// What to do.
    pub(super) advice: String,
    /// Where it is done: the path of a page below the console's, and what the link is called.
    pub(super) act: Option<(String, &'static str)>,
}

impl FirstToken {
    /// Of a client that is new enough for it.
    pub(super) async fn of(app: &App, client: &Client, tally: &Tally) -> Option<Self> {
        let now = app.now();
        if let Some((at, address)) = first(client, tally) {
            return (now.since(at) <= NEWS).then(|| Self {
                seen: Some((Moment::of(at, now), format!("to {address}"))),
                ..Self::told(client, ("ok", "circle-check"), "First token issued", "")
            });
        }
        let was_used = |secret| app.last_use(secret).is_some();
        if !client.is_active() || client.secrets.iter().any(|it| was_used(&it.id)) {
            return None;
        }
        let recent = app.recent(&client.id).await;
        let last = recent.first().filter(|it| it.outcome != Outcome::Issued);
        Some(match last {
            Some(request) => Self::refused(client, request, now),
            None if client.live_secrets(now).next().is_none() => Self {
                act: Some((
                    format!("{}/credentials", super::super::address(&client.id)),
                    "Go to its credentials",
                )),
                ..Self::told(
                    client,
                    ("warn", "key-round"),
                    "No secret or key of it works",
                    "It gets its first token once it has one.",
                )
            },
            None => Self::told(
                client,
                ("info", "hourglass"),
                "Waiting for the first token",
                "Run one of the programs below. This page notices by itself when the client gets a token.",
            ),
        })
    }

    fn told(
        client: &Client,
        (tone, icon): (&'static str, &'static str),
        title: &str,
        advice: &str,
    ) -> Self {
        Self {
            path: format!(
                "/fragments{}/first-token",
                super::super::address(&client.id)
            ),
            tone,
            icon,
            title: title.to_owned(),
            seen: None,
            advice: advice.to_owned(),
            act: None,
        }
    }

    fn refused(client: &Client, request: &RecentRequest, now: Timestamp) -> Self {
        let why = small(outcome(request.outcome));
        let title = format!("The last try was refused: {why}");
        let advice = match request.hint {
            Some(hint) => hint.words(),
            None => advice(request.outcome),
        };
        let agent = request.seen.agent.as_deref();
        let agent = agent.map_or_else(String::new, |agent| format!(", {agent}"));
        Self {
            seen: Some((
                Moment::of(request.seen.at, now),
                format!("from {}{agent}", request.seen.address),
            )),
            ..Self::told(client, ("bad", "circle-x"), &title, advice)
        }
    }
}

/// When a client got its first token of those on record, and to which address.
fn first(client: &Client, tally: &Tally) -> Option<(Timestamp, IpAddr)> {
    let all = tally.addresses.iter();
    all.filter(|((subject, _), usage)| {
        subject.client.as_ref() == Some(&client.id) && usage.count > 0
    })
    .map(|((_, address), usage)| (usage.first, *address))
    .min()
}

/// What to do about a refusal.
fn advice(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Issued | Outcome::Introspected | Outcome::TokenRevoked => "",
        Outcome::UnknownClient | Outcome::WrongSecret => {
            "Compare what the program sends with what was stored."
        }
        Outcome::RetiredSecret | Outcome::RevokedSecret | Outcome::ExpiredSecret => {
            "That secret does not work any more. Give the program the one that does, or make a new one under Credentials."
        }
        Outcome::DisabledClient => "Enable the client under Settings.",
        Outcome::InvalidRequest => {
            "The request is not a form with `grant_type=client_credentials`, or says something twice."
        }
        Outcome::UnsupportedGrantType => {
            "The program must ask with `grant_type=client_credentials`."
        }
        Outcome::InvalidScope => {
            "It asked for a scope that it does not have. Leave the scope out, or add it under Access."
        }
        Outcome::InvalidTarget => {
            "It named an API that it may not call, or none where more than one fits: set `resource` as the programs below do."
        }
        Outcome::Halted => {
            "No tokens are issued at present. Resume it under Settings, or with the API."
        }
        Outcome::AddressNotAllowed => {
            "It asked from an address that is none of its own. Allow that under Settings."
        }
        Outcome::Throttled => {
            "Too many requests failed before it. Mend what the program sends, then wait a little."
        }
        Outcome::OverQuota => "It has had its tokens for now. Give it more under Settings.",
        Outcome::Unavailable => "The server could not answer. Look at its log, then try again.",
    }
}
