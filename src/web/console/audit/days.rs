//! From which day until which: what every list of the audit log can be asked for.

use super::{super::form::Sheet, line::percent};
use crate::domain::time::{Span, Timestamp};

/// Two days in UTC, as the address has them and understood. Each may be missing.
#[derive(Clone, Default)]
pub(super) struct Days {
    pub(super) sheet: Sheet,
    /// The first second of the first day.
    pub(super) since: Option<Timestamp>,
    /// The last second of the last day.
    pub(super) until: Option<Timestamp>,
}

impl Days {
    /// Understands what the address has for `from` and `to`.
    pub(super) fn read(from: &str, to: &str) -> Self {
        let mut days = Self::default();
        days.since = days.start_of("from", from.trim());
        let last = days.start_of("to", to.trim());
        days.until = last.map(|start| start.plus(Span(86_399)));
        days
    }

    fn start_of(&mut self, field: &str, text: &str) -> Option<Timestamp> {
        self.sheet.set(field, text);
        if text.is_empty() {
            return None;
        }
        let start = format!("{text}T00:00:00Z").parse().ok();
        if start.is_none() {
            let problem = format!("Write the date as 2026-11-25, not as “{text}”");
            self.sheet.complain(field, &problem);
        }
        start
    }

    /// The first day, as it was asked for.
    pub(super) fn from(&self) -> &str {
        self.sheet.value("from")
    }

    /// The same of the last.
    pub(super) fn to(&self) -> &str {
        self.sheet.value("to")
    }

    /// Whether there is one.
    pub(super) fn are_set(&self) -> bool {
        !(self.from().is_empty() && self.to().is_empty())
    }

    /// Whether one is none: then nothing is shown rather than everything.
    pub(super) fn are_wrong(&self) -> bool {
        self.sheet.is_refused()
    }
}

/// The query of an address: of the pairs that have a value.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let given: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", percent(value)))
        .collect();
    format!("?{}", given.join("&"))
}
