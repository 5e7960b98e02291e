//! Secrets, for people: their state, their last use, and what can be said about stopping the old one.

use std::{collections::BTreeMap, fmt::Write};

use serde::Deserialize;

use crate::cli::{
    pen::{Pen, count, quoted},
    secret_file::SecretFile,
};

/// A secret's record, as the admin API shows it.
#[derive(Deserialize)]
pub(crate) struct SecretView {
    secret_id: String,
    status: String,
    kind: String,
    #[serde(default)]
    details: BTreeMap<String, String>,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    note: String,
    ended_at: Option<String>,
    undo_until: Option<String>,
    retiring: Option<RetiringView>,
    last_used: Option<LastUseView>,
    #[serde(default)]
    advice: String,
}

#[derive(Deserialize)]
struct RetiringView {
    deadline: String,
    if_used: String,
    held: u64,
}

#[derive(Deserialize)]
struct LastUseView {
    at: String,
    address: Option<String>,
    user_agent: Option<String>,
    count: u64,
}

#[derive(Deserialize)]
pub(super) struct ListView {
    data: Vec<SecretView>,
    rotation: Option<RotationView>,
}

#[derive(Deserialize)]
struct RotationView {
    old: String,
    new: String,
    deadline: String,
    verdict: VerdictView,
}

#[derive(Deserialize)]
struct VerdictView {
    safe: bool,
    sentence: String,
}

#[derive(Deserialize)]
pub(super) struct RotatedView {
    client_id: String,
    client_secret: Option<String>,
    secret_id: String,
    retiring: Option<RetiringView>,
}

/// What a detail of a credential is called for people.
fn detail(name: &str) -> &'static str {
    match name {
        "algorithm" => "signs with",
        "algorithms" => "signed by",
        "audience" => "for",
        "claims" => "claims",
        "issuer" => "issuer",
        "jwks_uri" => "keys at",
        "key_id" => "key id",
        "keys" => "keys",
        "max_age" => "at most",
        "not_after" => "valid until",
        "subject" | "tls_client_auth_subject_dn" => "subject",
        "thumbprint" => "thumbprint",
        "tls_client_auth_san_dns" => "DNS name",
        "tls_client_auth_san_uri" => "URI",
        "tls_client_auth_san_ip" => "IP address",
        "tls_client_auth_san_email" => "e-mail",
        _ => "detail",
    }
}

impl SecretView {
    /// Whether a client can still prove itself with it.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status.as_str(), "active" | "retiring")
    }

    /// All of it, in a few lines.
    pub(crate) fn in_words(&self, pen: &Pen) -> String {
        self.with_advice(pen, &self.advice)
    }

    fn with_advice(&self, pen: &Pen, advice: &str) -> String {
        let chosen = match self.kind.as_str() {
            "chosen" => ", chosen by an operator",
            "shared" => ", the client signs with it",
            "key" => ", a public key",
            "key_set" => ", the keys that the client publishes",
            "certificate" => ", a certificate",
            "certificate_key" => ", the public key of its certificates",
            "certificate_key_set" => ", the keys of its certificates, which the client publishes",
            "subject" => ", what a certificate says",
            "federated" => ", tokens of another issuer",
            _ => "",
        };
        let title = format!("{}  {}{chosen}", pen.strong(&self.shown_id()), self.status);
        let made = format!("{} by {}", pen.time(&self.created_at), self.created_by);
        let mut facts = vec![("made", made)];
        let details = self.details.iter();
        facts.extend(details.map(|(name, value)| (detail(name), value.clone())));
        if let Some(retiring) = &self.retiring {
            facts.push(("stops", retiring.in_words(pen)));
        }
        if let Some(ended) = &self.ended_at {
            facts.push(("ended", pen.time(ended)));
        }
        if let Some(until) = &self.undo_until {
            facts.push(("can come back", format!("until {}", pen.time(until))));
        }
        if let Some(expires) = &self.expires_at {
            facts.push(("expires", pen.time(expires)));
        }
        facts.push(("last use", self.last_use(pen)));
        if !self.note.is_empty() {
            facts.push(("kept in", self.note.clone()));
        }
        if !advice.is_empty() {
            facts.push(("advice", advice.to_owned()));
        }
        format!("{title}\n{}", pen.facts(&facts))
    }

    fn shown_id(&self) -> String {
        format!("jtn_{}", self.secret_id)
    }

    fn last_use(&self, pen: &Pen) -> String {
        let Some(last) = &self.last_used else {
            return "not used yet".to_owned();
        };
        let mut text = pen.time(&last.at);
        if let Some(address) = &last.address {
            let _ = write!(text, " from {address}");
        }
        if let Some(agent) = last.user_agent.as_ref().filter(|agent| !agent.is_empty()) {
            let _ = write!(text, ", {agent}");
        }
        format!("{text}; {} in all", count(last.count, "use"))
    }

    fn ended_row(&self, pen: &Pen) -> [String; 4] {
        let ended = self.ended_at.as_deref().or(self.expires_at.as_deref());
        [
            self.shown_id(),
            self.status.clone(),
            pen.time_or(ended, ""),
            self.last_use(pen),
        ]
    }
}

impl RetiringView {
    fn in_words(&self, pen: &Pen) -> String {
        let then = match (self.if_used.as_str(), self.held) {
            ("hold", 0) => "if it is still in use then, it is kept another 24 hours".to_owned(),
            ("hold", held) => format!("it was kept longer {} because it was in use", times(held)),
            _ => "even if it is still in use then".to_owned(),
        };
        format!("{}; {then}", pen.time(&self.deadline))
    }
}

fn times(held: u64) -> String {
    if held == 1 {
        "once".to_owned()
    } else {
        format!("{held} times")
    }
}

pub(super) fn list(pen: &Pen, client: &str, list: &ListView) -> String {
    let (live, ended): (Vec<_>, Vec<_>) = list.data.iter().partition(|secret| secret.is_live());
    let mut text = String::new();
    if let Some(rotation) = &list.rotation {
        text.push_str(&rotation.in_words(pen, client));
        text.push('\n');
    }
    // The verdict on the old secret stands above already.
    let advice = |secret: &SecretView| match (&list.rotation, &secret.retiring) {
        (Some(_), Some(_)) => String::new(),
        _ => secret.advice.clone(),
    };
    let block = |secret: &&SecretView| secret.with_advice(pen, &advice(secret));
    let blocks: Vec<String> = live.iter().map(block).collect();
    text.push_str(&blocks.join("\n"));
    if live.is_empty() {
        let _ = write!(
            text,
            "{client} has no live secret, so it gets no tokens. Make one:\n  jeton secret rotate {}\n",
            quoted(client)
        );
    }
    if !ended.is_empty() {
        text.push_str("\nNo longer live\n");
        let rows = ended.iter().map(|secret| secret.ended_row(pen)).collect();
        text.push_str(&pen.table(["secret", "state", "ended", "last use"], rows, ""));
    }
    for secret in ended.iter().filter(|secret| secret.undo_until.is_some()) {
        let until = secret.undo_until.as_deref().unwrap_or_default();
        let _ = write!(
            text,
            "\n{} can come back until {}:\n  jeton secret undo {} {}\n",
            secret.shown_id(),
            pen.time(until),
            quoted(client),
            secret.secret_id
        );
    }
    text
}

impl RotationView {
    fn in_words(&self, pen: &Pen, client: &str) -> String {
        let sentence = if self.verdict.safe {
            pen.strong(&self.verdict.sentence)
        } else {
            pen.warning(&self.verdict.sentence)
        };
        let client = quoted(client);
        let next = if self.verdict.safe {
            format!("  jeton secret retire {client}\n")
        } else {
            format!("  more time: jeton secret extend {client}\n")
        };
        format!(
            "{client} moves over from jtn_{} to jtn_{}; the old one stops {}.\n{sentence}\n{next}",
            self.old,
            self.new,
            pen.time(&self.deadline),
        )
    }
}

pub(super) fn rotated(pen: &Pen, made: &RotatedView, file: Option<&SecretFile>) -> String {
    let secret = match file {
        Some(file) => format!("in {}", file.path().display()),
        None => made.client_secret.as_ref().map_or_else(
            || "none: what is registered is public".to_owned(),
            |it| pen.strong(it),
        ),
    };
    let facts = pen.facts(&[
        ("client id", made.client_id.clone()),
        ("secret", secret),
        ("secret id", made.secret_id.clone()),
    ]);
    let shown = match file {
        None if made.client_secret.is_some() => "\nThe secret is shown this once. Store it now.\n",
        Some(_) | None => "",
    };
    let id = quoted(&made.client_id);
    let old = match &made.retiring {
        Some(retiring) => format!(
            "\nThe old secret stops {}.\nWhen the service uses the new one, see whether the old one \
             is safe to retire:\n  jeton secret list {id}\nTo take all this back:\n  \
             jeton secret cancel {id}\n",
            retiring.in_words(pen)
        ),
        None => "\nNo other secret of this client works now.\n".to_owned(),
    };
    let what = match made.client_secret {
        Some(_) => "A new secret is made.",
        None => "The new credential is registered.",
    };
    format!("{what}\n\n{facts}{shown}{old}")
}
