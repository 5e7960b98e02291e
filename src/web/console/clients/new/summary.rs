//! A plan in words: what its client proves itself with and for how long, and what it may do.

use std::collections::BTreeMap;

use super::{
    super::{
        super::words::{self, list, small},
        credentials::described,
    },
    Plan,
    beginning::Beginning,
    secret,
};
use crate::{
    admin::credentials::NewCredential,
    domain::{registry::Registry, secret::Proof, time::Timestamp},
};

/// What it proves itself with.
pub(super) enum ProofLine {
    /// A secret that works for so long: `180 days, until 22 May 2027`.
    Secret(String),
    /// Something else: what, and what may be known of it.
    Other(&'static str, Vec<(&'static str, String)>),
}

/// What it may have on one API.
pub(super) struct Access {
    pub(super) api: String,
    pub(super) scopes: Vec<String>,
    /// What that lets it do, in words.
    pub(super) does: String,
}

/// What it begins with, and for how long that works, as the end of a sentence.
pub(super) fn proof(
    plan: &Plan,
    beginning: Option<&Beginning>,
    now: Timestamp,
) -> (ProofLine, String) {
    match beginning {
        Some(Beginning::Credential(credential)) => {
            let (kind, details) = described(&credential.proof);
            let until = as_long_as(credential, plan, now);
            (ProofLine::Other(kind, details), until)
        }
        None if !plan.is_secret() => {
            let unusable = ProofLine::Other("Nothing that can be used yet", Vec::new());
            (unusable, "once that is mended".to_owned())
        }
        Some(Beginning::Secret) | None => {
            let (life, until) = life(plan, now);
            (ProofLine::Secret(life), until)
        }
    }
}

/// How long its secret works: by itself, and as the end of a sentence.
fn life(plan: &Plan, now: Timestamp) -> (String, String) {
    if let Some(life) = plan.life() {
        let end = words::date(now.plus(life), now);
        let whole = format!("{}, until {end}", life.in_full());
        return (whole, format!("until {end}"));
    }
    if plan.life == secret::NEVER {
        let whole = "Until it is replaced".to_owned();
        return (whole, "until its secret is replaced".to_owned());
    }
    let end = "for a time that is not chosen yet".to_owned();
    ("Not chosen yet".to_owned(), end)
}

/// How long it works with something that is no secret, as the end of a sentence.
fn as_long_as(credential: &NewCredential, plan: &Plan, now: Timestamp) -> String {
    match &credential.proof {
        Proof::Certificate(certificate) => {
            let end = words::date(certificate.not_after, now);
            format!("until {end}, when its certificate expires")
        }
        Proof::Subject(_) => "as long as your authority gives it certificates".to_owned(),
        Proof::KeySet(_) | Proof::CertificateKeySet(_) => {
            "with the keys that it publishes".to_owned()
        }
        Proof::Federated(_) => {
            let platform = plan.platform().unwrap_or_default();
            format!("with the tokens of {}", platform.in_a_sentence())
        }
        Proof::Key(_)
        | Proof::CertificateKey(_)
        | Proof::Mac(_)
        | Proof::Password(_)
        | Proof::Shared(_) => "until its key is replaced".to_owned(),
    }
}

/// What it may call, API by API.
pub(super) fn access(plan: &Plan, registry: &Registry) -> Vec<Access> {
    let mut by_api: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (api, scope) in &plan.scopes {
        by_api.entry(api).or_default().push(scope);
    }
    by_api
        .into_iter()
        .map(|(id, scopes)| {
            let api = id.parse().ok().and_then(|id| registry.find_api(&id));
            let does = |scope: &&str| {
                let scopes = api.map(|api| api.scopes.iter());
                let about = scopes.and_then(|mut all| all.find(|(it, _)| it.as_str() == *scope));
                about.map_or_else(String::new, |(_, about)| about.description.to_string())
            };
            let does: Vec<String> = scopes
                .iter()
                .map(|scope| match does(scope) {
                    words if words.is_empty() => format!("use {scope}"),
                    words => deed(&words),
                })
                .collect();
            Access {
                api: api.map_or_else(|| id.to_owned(), |api| api.name.to_string()),
                scopes: scopes.into_iter().map(str::to_owned).collect(),
                does: list(&does),
            }
        })
        .collect()
}

/// A description as part of a sentence: `Read orders.` is `read orders`.
fn deed(description: &str) -> String {
    small(description.trim_end_matches('.'))
}
