//! Which changes are shown: as the address says it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::words;
use crate::{
    domain::{
        audit::AuditPage,
        registry::Registry,
        time::{Span, Timestamp},
    },
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
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) who: String,
    pub(super) what: String,
    pub(super) act: String,
    pub(super) from: String,
    pub(super) to: String,
    /// Only changes with a smaller number.
    pub(super) before: Option<u64>,
    object: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// What of it could not be understood.
    pub(super) problems: Vec<(&'static str, String)>,
}

impl Filter {
    /// Understands an address.
    pub(super) fn read(asked: &Asked, registry: &Registry) -> Self {
        let trimmed = |text: &str| text.trim().to_owned();
        let mut filter = Self {
            who: trimmed(&asked.who),
            what: trimmed(&asked.what),
            act: trimmed(&asked.act),
            from: trimmed(&asked.from),
            to: trimmed(&asked.to),
            before: asked.before.parse().ok(),
            ..Self::default()
        };
        filter.object = object(&filter.what, registry);
        filter.since = filter.day("from", &asked.from);
        let until = filter.day("to", &asked.to);
        // The whole of the last day, to its last second.
        filter.until = until.map(|start| start.plus(Span(86_399)));
        filter
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

    fn day(&mut self, field: &'static str, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let day = format!("{text}T00:00:00Z").parse().ok();
        if day.is_none() {
            let problem = format!("Write the date as 2026-11-25, not as “{text}”");
            self.problems.push((field, problem));
        }
        day
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
            since: self.since,
            until: self.until,
        }
    }

    /// Whether something could not be understood: then nothing is shown rather than everything.
    pub(super) fn finds_nothing(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Whether anything is filtered.
    pub(super) fn is_set(&self) -> bool {
        [&self.who, &self.what, &self.act, &self.from, &self.to]
            .iter()
            .any(|text| !text.is_empty())
    }

    /// What is wrong with a field; nothing is the empty text.
    pub(super) fn error(&self, field: &str) -> &str {
        let found = self.problems.iter().find(|(name, _)| *name == field);
        found.map_or("", |(_, problem)| problem)
    }

    /// The address of the same filter, from another place on.
    pub(super) fn query(&self, before: Option<u64>) -> String {
        let before = before.map_or_else(String::new, |before| before.to_string());
        let pairs = [
            ("who", &self.who),
            ("what", &self.what),
            ("act", &self.act),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &before),
        ];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        format!("?{}", pairs.join("&"))
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
        if !self.from.is_empty() {
            parts.push(format!("from {}", self.from));
        }
        if !self.to.is_empty() {
            parts.push(format!("until {}", self.to));
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
