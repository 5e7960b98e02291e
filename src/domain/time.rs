//! Moments and spans in whole seconds, and the clock that is handed in.
//!
//! Arithmetic saturates: no clock value, however wrong, makes it overflow or panic.

mod clock;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

pub use self::clock::{Clock, ManualClock, SystemClock};
use super::number;

/// A moment, in seconds since 1970-01-01 00:00 UTC.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The moment `span` later.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add_unsigned(span.0))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub_unsigned(span.0))
    }

    /// How long ago `earlier` was; nothing if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        let seconds = self.0.saturating_sub(earlier.0);
        Span(if seconds < 0 {
            0
        } else {
            seconds.unsigned_abs()
        })
    }

    /// The day this moment lies in, counted from the epoch, in UTC.
    pub fn day(self) -> Day {
        Day(u32::try_from(self.0.div_euclid(86_400)).unwrap_or(0))
    }

    /// The hour of the day, 0 to 23, in UTC.
    pub fn hour(self) -> u8 {
        u8::try_from(self.0.rem_euclid(86_400) / 3600).unwrap_or(0)
    }
}

impl Timestamp {
    /// For people: `25 Nov, 19:00 UTC`.
    pub fn in_words(self) -> String {
        let format =
            format_description!("[day padding:none] [month repr:short], [hour]:[minute] UTC");
        OffsetDateTime::from_unix_timestamp(self.0)
            .ok()
            .and_then(|moment| moment.format(format).ok())
            .unwrap_or_else(|| self.to_string())
    }
}

impl Timestamp {
    /// For names of files, in UTC: `20261123T190000Z`.
    pub fn compact(self) -> String {
        let text = self.to_string();
        text.chars().filter(char::is_ascii_alphanumeric).collect()
    }

    /// Reads what [`Timestamp::compact`] made.
    pub fn from_compact(text: &str) -> Option<Self> {
        let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (day, time) = (day.as_bytes(), time.as_bytes());
        if day.len() != 8 || time.len() != 6 || !text.is_ascii() {
            return None;
        }
        let part = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
        let full = format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(&day[..4]),
            part(&day[4..6]),
            part(&day[6..]),
            part(&time[..2]),
            part(&time[2..4]),
            part(&time[4..])
        );
        full.parse().ok()
    }
}

/// RFC 3339 in UTC, as `2026-11-23T19:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp(self.0)
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "@{}", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(|moment| Self(moment.unix_timestamp()))
            .map_err(|_| SpanError("a time is written as 2026-11-23T19:00:00Z"))
    }
}

/// A day, counted from 1970-01-01, in UTC.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize,
)]
#[serde(transparent)]
pub struct Day(pub u32);

impl Day {
    /// The moment at which the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp(i64::from(self.0) * 86_400)
    }

    /// The day `days` earlier.
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

/// A length of time, in seconds.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize,
)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Span {
    /// `n` minutes.
    pub const fn minutes(n: u64) -> Self {
        Self(n * 60)
    }

    /// `n` hours.
    pub const fn hours(n: u64) -> Self {
        Self(n * 3600)
    }

    /// `n` days.
    pub const fn days(n: u64) -> Self {
        Self(n * 86_400)
    }

    /// Seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// As the standard library's type.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// In plain words, to the nearest of the coarsest unit that tells enough: `26 hours`,
    /// `1 hour`, `4 minutes`.
    pub fn in_words(self) -> String {
        let nearest = |unit: u64| self.0 / unit + u64::from(self.0 % unit >= unit.div_ceil(2));
        let (minutes, hours) = (nearest(60), nearest(3600));
        let (count, unit) = if self.0 < 120 {
            (self.0, "second")
        } else if minutes == 60 {
            (1, "hour")
        } else if minutes < 120 {
            (minutes, "minute")
        } else if hours < 48 {
            (hours, "hour")
        } else {
            (nearest(86_400), "day")
        };
        number::count(count, unit)
    }

    /// In plain words, to the letter: `180 days`, `36 hours`, `1 hour`, `90 seconds`.
    pub fn in_full(self) -> String {
        let whole = |length: u64| self.0.is_multiple_of(length);
        match self.0 {
            0 => "no time".to_owned(),
            seconds if whole(86_400) && seconds > 86_400 => number::count(seconds / 86_400, "day"),
            seconds if whole(3600) => number::count(seconds / 3600, "hour"),
            seconds if whole(60) => number::count(seconds / 60, "minute"),
            seconds => number::count(seconds, "second"),
        }
    }
}

/// As people write it: `24h`, `90d`, `1h 30m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut first = true;
        for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
            let count = rest / length;
            rest %= length;
            if count > 0 {
                write!(f, "{}{count}{unit}", if first { "" } else { " " })?;
                first = false;
            }
        }
        if first { f.write_str("0s") } else { Ok(()) }
    }
}

/// Reads `90s`, `15m`, `24h`, `7d`, sums of them as `1h 30m`, and plain seconds as `3600`.
impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        const MALFORMED: SpanError =
            SpanError("a length of time is written as 90s, 15m, 24h, 7d or 1h30m");
        if let Ok(seconds) = text.parse() {
            return Ok(Self(seconds));
        }
        humantime::parse_duration(text)
            .map(|span| Self(span.as_secs()))
            .map_err(|_| MALFORMED)
    }
}

/// Why a text is not a time or a length of time.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct SpanError(&'static str);

/// How long an access token lives: 60 seconds to 24 hours.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(into = "u32", try_from = "u32")]
pub struct Lifetime(u32);

impl Lifetime {
    /// One hour.
    pub const DEFAULT: Self = Self(3600);
    /// The longest: a day.
    pub const MAX: Self = Self(86_400);
    /// The shortest: a minute.
    pub const MIN: Self = Self(60);

    /// Seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// As a span.
    pub const fn span(self) -> Span {
        Span(self.0 as u64)
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<u32> for Lifetime {
    type Error = SpanError;

    fn try_from(seconds: u32) -> Result<Self, SpanError> {
        if (Self::MIN.0..=Self::MAX.0).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(SpanError("a token lives for 60 seconds to 24 hours"))
        }
    }
}

impl TryFrom<Span> for Lifetime {
    type Error = SpanError;

    fn try_from(span: Span) -> Result<Self, SpanError> {
        u32::try_from(span.0).unwrap_or(u32::MAX).try_into()
    }
}

impl From<Lifetime> for u32 {
    fn from(lifetime: Lifetime) -> Self {
        lifetime.0
    }
}

impl FromStr for Lifetime {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        text.parse::<Span>()?.try_into()
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.span().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("24h", 86_400),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("3600", 3600),
            ("0", 0),
        ] {
            assert_eq!(text.parse::<Span>(), Ok(Span(seconds)), "{text}");
        }
        for bad in ["", "h", "1x", "1h3", "-1h", "99999999999999999999d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        assert_eq!(Span(90_061).to_string(), "1d 1h 1m 1s");
        assert_eq!(Span(0).to_string(), "0s");
    }

    #[test]
    fn a_span_in_full_leaves_nothing_out() {
        let told = [Span::days(180), Span::hours(36), Span::hours(24), Span(90)];

        assert_eq!(
            told.map(Span::in_full),
            ["180 days", "36 hours", "24 hours", "90 seconds"]
        );
        assert_eq!(Span::minutes(60).in_full(), "1 hour");
    }

    #[test]
    fn words_are_those_of_the_nearest_whole_unit() {
        for (span, words) in [
            (Span(0), "0 seconds"),
            (Span(1), "1 second"),
            (Span(119), "119 seconds"),
            (Span(149), "2 minutes"),
            (Span(150), "3 minutes"),
            (Span(3569), "59 minutes"),
            (Span(3598), "1 hour"),
            (Span::hours(1), "1 hour"),
            (Span::minutes(90), "90 minutes"),
            (Span(7199), "2 hours"),
            (Span(86_399), "24 hours"),
            (Span::hours(24), "24 hours"),
            (Span(172_799), "2 days"),
            (Span(604_798), "7 days"),
            (Span::days(7), "7 days"),
            (Span::hours(7 * 24 + 11), "7 days"),
            (Span::days(4645), "4,645 days"),
            (Span(u64::MAX), "213,503,982,334,601 days"),
        ] {
            assert_eq!(span.in_words(), words, "{}", span.0);
        }
    }

    #[test]
    fn wrong_clocks_never_overflow() {
        let far = Timestamp(i64::MAX);
        assert_eq!(far.plus(Span(u64::MAX)), far);
        assert_eq!(Timestamp(i64::MIN).minus(Span(1)), Timestamp(i64::MIN));
        assert_eq!(Timestamp(5).since(Timestamp(9)), Span(0));
        assert_eq!(
            Timestamp(i64::MAX).since(Timestamp(i64::MIN)).0,
            i64::MAX.unsigned_abs()
        );
        assert_eq!(Timestamp(-1).day(), Day(0));
        assert_eq!(Timestamp(i64::MAX).to_string(), format!("@{}", i64::MAX));
    }

    #[test]
    fn a_lifetime_is_a_minute_to_a_day() {
        assert_eq!("1h".parse(), Ok(Lifetime::DEFAULT));
        assert!("59s".parse::<Lifetime>().is_err());
        assert!("25h".parse::<Lifetime>().is_err());
    }
}
