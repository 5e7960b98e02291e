//! Which changes are shown: as the address says it.

use serde::Deserialize;

use super::{
    days::{self, Days},
    words,
};
use crate::{
    domain::{audit::AuditPage, registry::Registry},
    web::console::{form::Fields, words::list},
};

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    who: String,
    what: String,
    act: String,
    from: String,
    to: String,
    before: String,
}

/// What is asked for, understood.
#[derive(Clone, Default)]
pub(super) struct Filter {
    pub(super) who: String,
    pub(super) what: String,
    pub(super) act: String,
    pub(super) days: Days,
    /// Only changes with a smaller number.
    pub(super) before: Option<u64>,
    object: Option<String>,
}

impl Filter {
    /// Understands an address.
    pub(super) fn read(asked: &Asked, registry: &Registry) -> Self {
        let trimmed = |text: &str| text.trim().to_owned();
        let what = trimmed(&asked.what);
        Self {
            who: trimmed(&asked.who),
            act: trimmed(&asked.act),
            days: Days::read(&asked.from, &asked.to),
            before: asked.before.parse().ok(),
            object: object(&what, registry),
            what,
        }
    }

    /// The same from a form.
    pub(super) fn of_form(fields: &Fields, registry: &Registry) -> Self {
        let text = |name| fields.text(name).to_owned();
        let asked = Asked {
            who: text("who"),
            what: text("what"),
            act: text("act"),
            from: text("from"),
            to: text("to"),
            before: String::new(),
        };
        Self::read(&asked, registry)
    }

    /// The actor, as the log names it.
    fn actor(&self) -> Option<String> {
        match self.who.as_str() {
            "" => None,
            who if who.contains(':') => Some(who.to_owned()),
            who if who.contains('@') => Some(format!("operator:{who}")),
            who => Some(format!("client:{who}")),
        }
    }

    /// The stretch of the log that passes.
    pub(super) fn page(&self, before: Option<u64>, limit: usize) -> AuditPage {
        AuditPage {
            after: None,
            before,
            limit,
            actor: self.actor(),
            action: Some(self.act.clone()).filter(|act| !act.is_empty()),
            object: self.object.clone(),
            since: self.days.since,
            until: self.days.until,
        }
    }

    /// Whether anything is filtered.
    pub(super) fn is_set(&self) -> bool {
        let has_text = [&self.who, &self.what, &self.act]
            .iter()
            .any(|text| !text.is_empty());
        has_text || self.days.are_set()
    }

    /// The address of the same filter, from another place on.
    pub(super) fn query(&self, before: Option<u64>) -> String {
        let before = before.map_or_else(String::new, |before| before.to_string());
        days::query(&[
            ("who", &self.who),
            ("what", &self.what),
            ("act", &self.act),
            ("from", self.days.from()),
            ("to", self.days.to()),
            ("before", &before),
        ])
    }

    /// The filter as people say it: `by ana@example.com, on mailer and since 3 Nov`.
    pub(super) fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if !self.who.is_empty() {
            parts.push(format!("by {}", self.who));
        }
        if !self.act.is_empty() {
            parts.push(format!("of the kind “{}”", words::act_or_group(&self.act)));
        }
        if !self.what.is_empty() {
            parts.push(format!("on “{}”", self.what));
        }
        if !self.days.from().is_empty() {
            parts.push(format!("from {}", self.days.from()));
        }
        if !self.days.to().is_empty() {
            parts.push(format!("until {}", self.days.to()));
        }
        list(&parts)
    }
}

/// The id of what somebody named by id, by name or by e-mail address.
fn object(what: &str, registry: &Registry) -> Option<String> {
    if what.is_empty() {
        return None;
    }
    let is_id = registry.find_client_by_text(what).is_some();
    let client = registry
        .clients()
        .find(|client| client.name.as_str().eq_ignore_ascii_case(what))
        .map(|client| client.id.to_string());
    let api = registry
        .apis()
        .find(|api| api.name.as_str().eq_ignore_ascii_case(what))
        .map(|api| api.identifier.to_string());
    let operator = registry
        .operators()
        .find(|operator| operator.email.as_str().eq_ignore_ascii_case(what))
        .map(|operator| operator.id.to_string());
    let by_name = client.or(api).or(operator).filter(|_| !is_id);
    Some(by_name.unwrap_or_else(|| what.to_owned()))
}
