//! Numbers and moments, as people read them.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::{OffsetDateTime, macros::format_description};

pub(super) use crate::admin::evidence::words::number;
use crate::domain::time::{Day, Span, Timestamp};

/// A moment on a page: for machines, for people, and how far it is from now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Moment {
    /// RFC 3339, for `datetime`.
    pub(super) iso: String,
    /// `25 Nov, 19:00 UTC`; with the year if it is not this one.
    pub(super) absolute: String,
    /// `in 6 hours`, `4 minutes ago`, `just now`.
    pub(super) relative: String,
}

impl Moment {
    /// `at`, as seen from `now`.
    pub(super) fn of(at: Timestamp, now: Timestamp) -> Self {
        Self {
            iso: at.to_string(),
            absolute: absolute(at, now),
            relative: relative(at, now),
        }
    }

    /// The same from a text that views have it in; what is no moment is shown as it is.
    pub(super) fn read(text: &str, now: Timestamp) -> Self {
        match text.parse() {
            Ok(at) => Self::of(at, now),
            Err(_) => Self {
                iso: text.to_owned(),
                absolute: text.to_owned(),
                relative: text.to_owned(),
            },
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.absolute)
    }
}

/// `25 Nov, 19:00 UTC`; with the year if it is not the one that `now` lies in.
pub(super) fn absolute(at: Timestamp, now: Timestamp) -> String {
    let this_year =
        format_description!("[day padding:none] [month repr:short], [hour]:[minute] UTC");
    let another =
        format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
    let (moment, year) = (date_time(at), date_time(now).year());
    let text = if moment.year() == year {
        moment.format(&this_year)
    } else {
        moment.format(&another)
    };
    text.unwrap_or_else(|_| at.to_string())
}

/// `25 Nov`, or `25 Nov 2027`.
pub(super) fn date(at: Timestamp, now: Timestamp) -> String {
    let text = absolute(at, now);
    text.split(',').next().unwrap_or_default().to_owned()
}

/// The date of a day.
pub(super) fn day(day: Day, now: Timestamp) -> String {
    date(day.start(), now)
}

/// `in 6 hours`, `4 minutes ago`, `just now`.
pub(super) fn relative(at: Timestamp, now: Timestamp) -> String {
    match (at.since(now), now.since(at)) {
        (Span(0), Span(0)) => "just now".to_owned(),
        (Span(0), ago) => format!("{} ago", ago.in_words()),
        (ahead, _) => format!("in {}", ahead.in_words()),
    }
}

/// A length of time as people type it: `180d`, `1h`, `1h30m`.
pub(super) fn typed(span: Span) -> String {
    span.to_string().replace(' ', "")
}

fn date_time(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// With a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// As it goes on in a sentence, with a small letter at its beginning; an abbreviation keeps its capitals.
pub(super) fn small(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// Who did something, from the name that the audit log has for them.
pub(super) fn actor(name: &str) -> String {
    match name.split_once(':') {
        Some(("operator", email)) => email.to_owned(),
        Some(("client", id)) => format!("{id}, by the admin API"),
        Some(("registered_client", id)) => format!("{id} itself, by its registration"),
        Some(("local", _)) => "the command line".to_owned(),
        Some(("registration_token", id)) => format!("itself, with the registration token {id}"),
        Some(("system", _)) => "Jeton itself".to_owned(),
        Some(_) | None => name.to_owned(),
    }
}

/// A text as one segment of a path, percent-encoded (RFC 3986 §3.3).
pub(super) fn segment(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

/// How many of anything, with the thousands apart: `1,204`.
pub(super) fn grouped(n: impl fmt::Display) -> String {
    let digits = n.to_string();
    digits.parse().map_or(digits, number)
}

/// `1 client`, `31 clients`.
pub(super) fn counted(n: u64, one: &str) -> String {
    let plural = if n == 1 {
        one.to_owned()
    } else if let Some(stem) = one.strip_suffix("ss") {
        format!("{stem}sses")
    } else {
        format!("{one}s")
    };
    format!("{} {plural}", number(n))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_716_000);

    #[test]
    fn a_moment_says_when_and_how_far_it_is() {
        let soon = Moment::of(NOW.plus(Span::hours(6)), NOW);
        let then = Moment::of(NOW.minus(Span::minutes(4)), NOW);
        let later = Moment::of(NOW.plus(Span::days(90)), NOW);

        assert_eq!(soon.relative, "in 6 hours");
        assert_eq!(then.relative, "4 minutes ago");
        assert_eq!(Moment::of(NOW, NOW).relative, "just now");
        let chosen = Moment::of(NOW.plus(Span::hours(24)), NOW.plus(Span(2)));
        assert_eq!(
            chosen.relative, "in 24 hours",
            "just after 24 h were chosen"
        );
        assert!(soon.absolute.ends_with(":00 UTC"), "{soon}");
        assert!(!soon.absolute.contains("2026"), "{soon}");
        assert!(later.absolute.contains("2027"), "{later}");
        assert_eq!(Moment::read(&soon.iso, NOW), soon);
    }

    #[test]
    fn a_sentence_goes_on_in_small_letters_but_for_abbreviations() {
        assert_eq!(small("Scope not granted"), "scope not granted");
        assert_eq!(small("API not granted"), "API not granted");
        assert_eq!(capital(&small("Read orders")), "Read orders");
    }

    #[test]
    fn a_length_of_time_is_typed_as_it_is_read() {
        assert_eq!(typed(Span::hours(36)), "1d12h");
        assert_eq!(typed(Span::hours(36)).parse(), Ok(Span::hours(36)));
    }

    #[test]
    fn whoever_did_something_is_named_as_people_know_them() {
        assert_eq!(actor("operator:ana@example.com"), "ana@example.com");
        assert_eq!(actor("client:deployer"), "deployer, by the admin API");
        assert_eq!(
            actor("registered_client:mailer"),
            "mailer itself, by its registration"
        );
    }

    #[test]
    fn numbers_have_commas_and_nouns_their_plural() {
        assert_eq!(number(31_204), "31,204");
        assert_eq!(number(999), "999");
        assert_eq!(grouped(31_204_usize), "31,204");
        assert_eq!(counted(1, "address"), "1 address");
        assert_eq!(counted(1_000, "address"), "1,000 addresses");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
