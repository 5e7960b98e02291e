//! What is told of a token and of a secret.

use super::super::{
    Console, apis,
    form::Fields,
    words::{Moment, absolute, relative, segment},
};
use crate::{
    domain::{
        id::ApiIdentifier,
        registry::Registry,
        secret::{Life, SecretState},
        time::{Span, Timestamp},
    },
    oauth::inspection::{
        FoundSecret, Inspection, Signature, Validity, Wanted,
        claims::{CLAIMS, Claim, HEADER, explained},
    },
};

/// How much the clocks of two machines may differ before it is worth a word.
const SKEW: Span = Span::minutes(1);

/// What is told of a token.
pub(super) struct TokenReport {
    /// All of it in a sentence.
    pub(super) verdict: Finding,
    /// One thing that is checked, each.
    pub(super) findings: Vec<Finding>,
    /// Its header, member by member.
    pub(super) header: Vec<Member>,
    /// Its claims.
    pub(super) claims: Vec<Member>,
    /// The APIs that may be asked about, and which is.
    pub(super) apis: Vec<Choice>,
    /// The scope that is asked about.
    pub(super) scope: String,
    /// Why the API would refuse it.
    pub(super) refusal: Option<Refusal>,
}

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

/// A member of a header or of claims.
pub(super) struct Member {
    /// Its name, value and meaning.
    pub(super) claim: Claim,
    /// If it is a moment: which.
    pub(super) moment: Option<Moment>,
}

/// An API to ask about.
pub(super) struct Choice {
    /// Its audience.
    pub(super) audience: String,
    /// What it is called.
    pub(super) name: String,
    /// Whether it is the one.
    pub(super) is_chosen: bool,
}

/// What an API would say to a token.
pub(super) struct Refusal {
    /// What it is called.
    pub(super) api: String,
    /// Why it would refuse it; if for no reason, it would take it.
    pub(super) reasons: Vec<String>,
    /// What it would not notice without asking this server.
    pub(super) unnoticed: Vec<String>,
}

impl TokenReport {
    /// What is told of `token` to who filled in `fields`.
    pub(super) fn of(token: &Inspection, console: &Console, fields: &Fields) -> Self {
        let registry = console.app.registry();
        let now = console.app.now();
        let member = |claim: Claim| Member {
            moment: claim.moment.map(|at| Moment::of(at, now)),
            claim,
        };
        let audience = token.text("aud").unwrap_or_default();
        let asked = match fields.text("api") {
            "" => audience,
            asked => asked,
        };
        Self {
            verdict: verdict(token, now),
            findings: findings(token, &registry, console, now),
            header: explained(&token.header, HEADER)
                .into_iter()
                .map(member)
                .collect(),
            claims: explained(&token.claims, CLAIMS)
                .into_iter()
                .map(member)
                .collect(),
            apis: choices(&registry, asked),
            scope: fields.text("scope").to_owned(),
            refusal: fields
                .has("why")
                .then(|| refusal(token, &registry, console, (asked, fields.text("scope"))))
                .flatten(),
        }
    }
}

fn verdict(token: &Inspection, now: Timestamp) -> Finding {
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

fn findings(
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
            format!("Key not known here: {key}. Another server signed it, or somebody made it up."),
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
            format!("Altered. It names the key {key}, and that key did not sign what stands here."),
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
            format!("Another server: {other}. This one is {own}."),
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
        None => Finding::new(what, "bad", format!("{audience} is none of the APIs here.")),
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
        return Finding::new(what, "warn", format!("There is no client {id} here."));
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
    let lost = token.changes_since(registry);
    match lost.iter().find(|words| words.contains("no longer has")) {
        Some(words) => Finding::new(what, "warn", format!("{}. {words}", scopes.join(", "))),
        None => Finding::new(what, "ok", scopes.join(", ")),
    }
}

fn choices(registry: &Registry, asked: &str) -> Vec<Choice> {
    let apis = registry.apis();
    apis.map(|api| Choice {
        is_chosen: api.identifier.as_str() == asked,
        audience: api.identifier.to_string(),
        name: api.name.to_string(),
    })
    .collect()
}

fn refusal(
    token: &Inspection,
    registry: &Registry,
    console: &Console,
    (api, scope): (&str, &str),
) -> Option<Refusal> {
    let api = registry.find_api(&api.parse().ok()?)?;
    let wanted = Wanted {
        issuer: console.app.issuer(),
        api,
        scope: Some(scope).filter(|scope| !scope.is_empty()),
        now: console.app.now(),
    };
    let reasons = token.objections(&wanted);
    Some(Refusal {
        api: api.name.to_string(),
        unnoticed: if reasons.is_empty() {
            token.changes_since(registry)
        } else {
            Vec::new()
        },
        reasons,
    })
}

/// What is told of a secret.
pub(super) struct SecretReport {
    /// `ok`, `warn` or `bad`.
    pub(super) tone: &'static str,
    /// In a few words.
    pub(super) title: String,
    /// More of it.
    pub(super) words: String,
    /// Whose it is: the path of its credentials, what it is called, its id.
    pub(super) client: Option<(String, String, String)>,
    /// Its public id.
    pub(super) id: String,
    /// Where it is in its life.
    pub(super) state: &'static str,
    /// Whether it can still be revoked.
    pub(super) is_live: bool,
}

impl SecretReport {
    /// What is told of a text that begins as secrets do.
    pub(super) fn of(found: &FoundSecret, now: Timestamp) -> Self {
        let (client, secret) = match found {
            FoundSecret::Mistyped => {
                return Self::unknown(
                    "This is not quite a secret of this server",
                    "It begins like one, but its checksum does not fit: a character is wrong, missing or \
                     too many. A client that sends it is refused with invalid_client.",
                );
            }
            FoundSecret::Unknown => {
                return Self::unknown(
                    "No client here has this secret",
                    "Its checksum fits, so it was not mistyped: it is from another server, or it stopped \
                     more than 30 days ago.",
                );
            }
            FoundSecret::Known(client, secret) => (client, secret),
        };
        let life = secret.life(now);
        let is_live = secret.is_live(now);
        let since = secret.ended(now).map(|at| relative(at, now));
        let words = match (life, &secret.state) {
            (Life::Active | Life::Retiring, SecretState::Retiring(retiring)) => format!(
                "It works, and is on its way out: it stops {}.",
                absolute(retiring.deadline, now)
            ),
            (Life::Active | Life::Retiring, _) => {
                "It works. Whoever has it gets tokens in this client’s name.".to_owned()
            }
            (Life::Retired | Life::Revoked | Life::Cancelled | Life::Expired, _) => format!(
                "It does not work any more, since {}. Nobody gets a token with it.",
                since.unwrap_or_default()
            ),
        };
        Self {
            tone: if is_live { "bad" } else { "ok" },
            title: format!("This is {}’s secret, {life}", client.name),
            words,
            client: Some((
                format!("/clients/{}/credentials", segment(client.id.as_str())),
                client.name.to_string(),
                client.id.to_string(),
            )),
            id: secret.id.to_string(),
            state: life.as_str(),
            is_live,
        }
    }

    fn unknown(title: &str, words: &str) -> Self {
        Self {
            tone: "warn",
            title: title.to_owned(),
            words: words.to_owned(),
            client: None,
            id: String::new(),
            state: "",
            is_live: false,
        }
    }
}
