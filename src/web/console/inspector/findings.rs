//! What is checked of a token, and what was found.

use super::super::{
    Console, apis,
    words::{absolute, relative, segment},
};
use crate::{
    domain::{
        id::ApiIdentifier,
        registry::Registry,
        time::{Span, Timestamp},
    },
    oauth::inspection::{Inspection, Signature, Validity},
};

/// How much the clocks of two machines may differ before it is worth a word.
const SKEW: Span = Span::minutes(1);

/// One thing that was found out.
pub(super) struct Finding {
    /// What was looked at.
    pub(super) what: &'static str,
    /// `ok`, `warn` or `bad`.
    pub(super) tone: &'static str,
    /// What was found.
    pub(super) words: String,
    /// The path of the page about it, and what it is called; nothing is the empty text.
    pub(super) link: (String, String),
}

impl Finding {
    fn new(what: &'static str, tone: &'static str, words: impl Into<String>) -> Self {
        Self {
            what,
            tone,
            words: words.into(),
            link: (String::new(), String::new()),
        }
    }

    fn with_link(mut self, path: impl Into<String>, label: &(impl ToString + ?Sized)) -> Self {
        self.link = (path.into(), label.to_string());
        self
    }

    /// The icon that goes with the tone.
    pub(super) fn icon(&self) -> &'static str {
        match self.tone {
            "ok" => "circle-check",
            "warn" => "circle-alert",
            _ => "circle-x",
        }
    }

    /// The word that goes with the tone.
    pub(super) fn word(&self) -> &'static str {
        match self.tone {
            "ok" => "Good",
            "warn" => "Note",
            _ => "Wrong",
        }
    }
}

/// All of it in a sentence.
pub(super) fn verdict(token: &Inspection, now: Timestamp) -> Finding {
    let new = |tone, words: String| Finding::new("", tone, words);
    match (&token.signature, &token.validity) {
        (signature, _) if !signature.is_good() => {
            new("bad", "Do not believe this token.".to_owned())
        }
        (_, Validity::Current { until }) => new(
            "ok",
            format!(
                "Signed by this server and valid. It expires {}.",
                relative(*until, now)
            ),
        ),
        (_, Validity::Expired { at }) => new(
            "warn",
            format!("Signed by this server, and expired {}.", relative(*at, now)),
        ),
        (_, Validity::NotYet { from }) => new(
            "warn",
            format!(
                "Signed by this server, and not valid before {}.",
                absolute(*from, now)
            ),
        ),
        (_, Validity::Endless) => new(
            "bad",
            "It has no expiry, which an access token must have.".to_owned(),
        ),
    }
}

/// What was found, one thing after the other.
pub(super) fn findings(
    token: &Inspection,
    registry: &Registry,
    console: &Console,
    now: Timestamp,
) -> Vec<Finding> {
    vec![
        signature(token),
        times(token, now),
        issuer(token, console.app.issuer().as_str()),
        audience(token, registry),
        client(token, registry),
        scopes(token, registry),
    ]
}

fn signature(token: &Inspection) -> Finding {
    let what = "Signature";
    match &token.signature {
        Signature::Ours(key, age) if age.is_published() => {
            Finding::new(what, "ok", "Signed by this server, with the key").with_link("/keys", key)
        }
        Signature::Ours(key, age) => Finding::new(
            what,
            "bad",
            format!(
                "Signed by this server, with a key that is {} now:",
                age.as_str()
            ),
        )
        .with_link("/keys", key),
        Signature::Shared(api) => Finding::new(
            what,
            "ok",
            "Signed with the key that this server shares with",
        )
        .with_link(apis::address(api), api),
        Signature::UnknownKey(Some(key)) => Finding::new(
            what,
            "bad",
            format!(
                "Key not known here: `{key}`. Another server signed it, or somebody made it up."
            ),
        ),
        Signature::UnknownKey(None) => Finding::new(
            what,
            "bad",
            "It names no key. Tokens of this server always do.",
        ),
        Signature::LostKey(key, age) => Finding::new(
            what,
            "bad",
            format!(
                "It names a key of this server that is {} and destroyed, so it can’t be checked:",
                age.as_str()
            ),
        )
        .with_link("/keys", key),
        Signature::Altered(key) => Finding::new(
            what,
            "bad",
            format!(
                "Altered. It names the key `{key}`, and that key did not sign what stands here."
            ),
        ),
        Signature::Unsigned => Finding::new(
            what,
            "bad",
            "Not signed at all (alg: none). Anybody can write such a token; an API that takes it is open to everybody.",
        ),
        Signature::Odd(error) => {
            Finding::new(what, "bad", format!("It can’t be checked: {error}."))
        }
    }
}

fn times(token: &Inspection, now: Timestamp) -> Finding {
    let what = "Time";
    let issued = token.claims["iat"].as_i64().map(Timestamp);
    match token.validity {
        Validity::Expired { at } => {
            let words = format!("Expired {}, at {}.", relative(at, now), absolute(at, now));
            Finding::new(what, "bad", words)
        }
        Validity::NotYet { from } => {
            let ahead = from.since(now).in_words();
            let words =
                format!("Not valid for another {ahead}: the clocks differ by at least that.");
            Finding::new(what, "bad", words)
        }
        Validity::Endless => Finding::new(what, "bad", "It says no expiry (exp)."),
        Validity::Current { until } => match issued.map(|issued| issued.since(now)) {
            Some(ahead) if ahead > SKEW => {
                let ahead = ahead.in_words();
                let words = format!("Issued {ahead} in the future: the clocks differ by that.");
                Finding::new(what, "warn", words)
            }
            _ => {
                let words = format!(
                    "Valid until {}, {}.",
                    absolute(until, now),
                    relative(until, now)
                );
                Finding::new(what, "ok", words)
            }
        },
    }
}

fn issuer(token: &Inspection, own: &str) -> Finding {
    let what = "Issuer";
    match token.text("iss") {
        Some(issuer) if issuer == own => Finding::new(what, "ok", "This server."),
        Some(other) => Finding::new(
            what,
            "bad",
            format!("Another server: `{other}`. This one is `{own}`."),
        ),
        None => Finding::new(what, "bad", "It does not say who issued it (iss)."),
    }
}

fn audience(token: &Inspection, registry: &Registry) -> Finding {
    let what = "Audience";
    let Some(audience) = token.text("aud") else {
        return Finding::new(
            what,
            "bad",
            "It does not name the one API that it is for (aud).",
        );
    };
    let api = audience.parse::<ApiIdentifier>().ok();
    match api.and_then(|id| registry.find_api(&id).cloned()) {
        Some(api) if api.is_active() => {
            Finding::new(what, "ok", "For").with_link(apis::address(&api.identifier), &api.name)
        }
        Some(api) => Finding::new(what, "warn", "For an API that is disabled here:")
            .with_link(apis::address(&api.identifier), &api.name),
        None => Finding::new(
            what,
            "bad",
            format!("`{audience}` is none of the APIs here."),
        ),
    }
}

fn client(token: &Inspection, registry: &Registry) -> Finding {
    let what = "Client";
    let Some(id) = token.text("client_id").or(token.text("sub")) else {
        return Finding::new(
            what,
            "bad",
            "It does not say which client asked for it (client_id).",
        );
    };
    let Some(client) = registry.find_client_by_text(id) else {
        return Finding::new(what, "warn", format!("There is no client `{id}` here."));
    };
    let path = format!("/clients/{}", segment(id));
    if client.is_active() {
        Finding::new(what, "ok", "Issued to").with_link(path, &client.name)
    } else {
        Finding::new(what, "warn", "Issued to a client that is disabled now:")
            .with_link(path, &client.name)
    }
}

fn scopes(token: &Inspection, registry: &Registry) -> Finding {
    let what = "Scopes";
    let scopes: Vec<&str> = token.scopes().collect();
    if scopes.is_empty() {
        return Finding::new(what, "bad", "It has none, so it opens nothing.");
    }
    let named = format!("`{}`", scopes.join("`, `"));
    let lost = token.changes_since(registry);
    match lost.iter().find(|words| words.contains("no longer has")) {
        Some(words) => Finding::new(what, "warn", format!("{named}. {words}")),
        None => Finding::new(what, "ok", named),
    }
}
