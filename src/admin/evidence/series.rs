//! Tokens issued and requests refused over time: what charts are drawn from, and the sentence for
//! those who do not see them.

use std::collections::BTreeMap;

use super::{Whose, words};
use crate::domain::{
    time::{Span, Timestamp},
    usage::{Outcome, Tally},
};

/// For how long a series since a moment goes by hours; beyond it, by days.
const LONGEST_BY_HOURS: Span = Span::days(7);

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// What happened in one hour or day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Point {
    /// When it began.
    pub start: Timestamp,
    /// Tokens issued.
    pub issued: u64,
    /// Requests refused.
    pub refused: u64,
}

/// The distance of points.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
}

/// Points without a gap, oldest first. The last one may not have ended yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Series {
    /// Their distance.
    pub step: Step,
    /// The points.
    pub points: Vec<Point>,
}

impl Series {
    /// The last 24 hours, the present one included.
    pub fn last_day(tally: &Tally, whose: Whose<'_>, now: Timestamp) -> Self {
        let first = now.minus(Span::hours(23));
        Self::between((Step::Hour, first, now), tally, whose)
    }

    /// The same 24 hours a week before.
    pub fn week_before(tally: &Tally, whose: Whose<'_>, now: Timestamp) -> Self {
        Self::last_day(tally, whose, now.minus(Span::days(7)))
    }

    /// The last `days` days, today included.
    pub fn last_days(days: u32, tally: &Tally, whose: Whose<'_>, now: Timestamp) -> Self {
        let first = now.day().minus(days.saturating_sub(1)).start();
        Self::between((Step::Day, first, now), tally, whose)
    }

    /// From `from` to now: by hours if that is at most a week, else by days.
    pub fn since(from: Timestamp, tally: &Tally, whose: Whose<'_>, now: Timestamp) -> Self {
        let step = if now.since(from) <= LONGEST_BY_HOURS {
            Step::Hour
        } else {
            Step::Day
        };
        Self::between((step, from.min(now), now), tally, whose)
    }

    fn between(
        (step, from, to): (Step, Timestamp, Timestamp),
        tally: &Tally,
        whose: Whose<'_>,
    ) -> Self {
        let length = step.seconds();
        let starts = (from.0.div_euclid(length)..=to.0.div_euclid(length)).map(|n| n * length);
        let mut points: BTreeMap<i64, Point> = starts
            .map(|start| {
                let start = Timestamp(start);
                (
                    start.0,
                    Point {
                        start,
                        ..Point::default()
                    },
                )
            })
            .collect();
        for ((subject, day), counts) in &tally.days {
            if *day < from.day() || *day > to.day() || !whose.is(subject) {
                continue;
            }
            for (at, count) in counts {
                let hour = day.start().0 + i64::from(at.hour) * HOUR;
                let Some(point) = points.get_mut(&(hour.div_euclid(length) * length)) else {
                    continue;
                };
                if at.outcome == Outcome::Issued {
                    point.issued += u64::from(*count);
                } else if at.outcome.is_refusal() {
                    point.refused += u64::from(*count);
                }
            }
        }
        Self {
            step,
            points: points.into_values().collect(),
        }
    }

    /// Tokens issued in all.
    pub fn issued(&self) -> u64 {
        self.points.iter().map(|point| point.issued).sum()
    }

    /// Requests refused in all.
    pub fn refused(&self) -> u64 {
        self.points.iter().map(|point| point.refused).sum()
    }

    /// The tokens in a sentence: `Between 12 and 44 an hour, highest at 16:00 UTC.`
    pub fn issued_in_words(&self) -> String {
        self.in_words("issued", |point| point.issued)
    }

    /// The refusals in a sentence.
    pub fn refused_in_words(&self) -> String {
        self.in_words("refused", |point| point.refused)
    }

    fn in_words(&self, what: &str, of: impl Fn(&Point) -> u64) -> String {
        let mut highest: Option<&Point> = None;
        for point in &self.points {
            if highest.is_none_or(|highest| of(point) > of(highest)) {
                highest = Some(point);
            }
        }
        let Some(highest) = highest.filter(|highest| of(highest) > 0) else {
            let (length, unit) = (self.points.len() as u64, self.step.unit());
            return format!("None {what} in {}.", words::count(length, unit));
        };
        // The last hour or day is not over yet, and would pull the lowest down.
        let (_, over) = self.points.split_last().unwrap_or((highest, &[]));
        let lowest = over.iter().map(&of).min().unwrap_or(0).min(of(highest));
        let per = self.step.per();
        let when = match self.step {
            Step::Hour if self.points.len() > 24 => format!("at {}", words::moment(highest.start)),
            Step::Hour => format!("at {}", words::clock(highest.start)),
            Step::Day => format!("on {}", words::date(highest.start)),
        };
        if lowest == of(highest) {
            return format!("{} {per} all the time.", words::number(lowest));
        }
        format!(
            "Between {} and {} {per}, highest {when}.",
            words::number(lowest),
            words::number(of(highest))
        )
    }
}

impl Step {
    const fn seconds(self) -> i64 {
        match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    const fn per(self) -> &'static str {
        match self {
            Self::Hour => "an hour",
            Self::Day => "a day",
        }
    }
}
