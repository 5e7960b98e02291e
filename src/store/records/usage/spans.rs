//! Several days in one row: what tells whose they are is written once for all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{StoredSubject, UsageRow};
use crate::{
    domain::{
        id::{ApiIdentifier, ClientId},
        scope::Scope,
        time::Day,
        usage::{DayCounts, HourOutcome, Outcome, ScopeCount},
    },
    store::records::{RecordError, from_postcard},
};

/// How many days one row holds.
const DAYS: u32 = 8;

/// The first day of the row that holds `day`.
pub(in crate::store) const fn first_of(day: Day) -> Day {
    Day(day.0 - day.0 % DAYS)
}

#[derive(Deserialize, Serialize)]
pub(super) struct StoredDays {
    subject: StoredSubject,
    first: u32,
    days: Vec<StoredDay>,
}

#[derive(Deserialize, Serialize)]
struct StoredDay {
    /// How many days after the first.
    after: u8,
    outcomes: Vec<StoredHours>,
}

#[derive(Deserialize, Serialize)]
struct StoredHours {
    outcome: u8,
    /// A bit for each hour in which there were any.
    hours: u32,
    /// How many there were in each of these.
    counts: Vec<u32>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct StoredScopes {
    client: ClientId,
    api: ApiIdentifier,
    scope: Scope,
    first: u32,
    /// How many days after the first; by name; by default.
    days: Vec<(u8, u32, u32)>,
}

impl StoredDays {
    pub(super) fn new(subject: StoredSubject, days: &BTreeMap<Day, DayCounts>) -> Self {
        let first = first(days);
        let days = days.iter().map(|(day, counts)| {
            let mut outcomes: Vec<StoredHours> = Vec::new();
            for outcome in Outcome::ALL {
                let hours = counts.iter().filter(|(at, _)| at.outcome == outcome);
                let mut stored = StoredHours {
                    outcome: outcome as u8,
                    hours: 0,
                    counts: Vec::new(),
                };
                for (at, count) in hours {
                    stored.hours |= 1 << at.hour;
                    stored.counts.push(*count);
                }
                outcomes.extend(Some(stored).filter(|it| it.hours != 0));
            }
            StoredDay {
                after: after(*day, first),
                outcomes,
            }
        });
        Self {
            subject,
            first: first.0,
            days: days.collect(),
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<UsageRow, RecordError> {
        let stored: Self = from_postcard(bytes)?;
        let mut days = BTreeMap::new();
        for day in stored.days {
            let mut counts = DayCounts::new();
            for of_outcome in day.outcomes {
                let outcome = of_outcome.outcome;
                let outcome = Outcome::from_number(outcome)
                    .ok_or_else(|| RecordError(format!("there is no outcome {outcome}")))?;
                let hours = (0..32).filter(|hour| of_outcome.hours & (1 << hour) != 0);
                if of_outcome.hours >> 24 != 0
                    || of_outcome.hours.count_ones() as usize != of_outcome.counts.len()
                {
                    return Err(RecordError::new("its hours and its counts do not agree"));
                }
                for (hour, count) in hours.zip(of_outcome.counts) {
                    counts.insert(HourOutcome { hour, outcome }, count);
                }
            }
            days.insert(day_after(day.after, stored.first)?, counts);
        }
        Ok(UsageRow::Days(stored.subject.into(), days))
    }
}

impl StoredScopes {
    pub(super) fn new(
        (client, api, scope): &(ClientId, ApiIdentifier, Scope),
        days: &BTreeMap<Day, ScopeCount>,
    ) -> Self {
        let first = first(days);
        let days = days.iter();
        Self {
            client: client.clone(),
            api: api.clone(),
            scope: scope.clone(),
            first: first.0,
            days: days
                .map(|(day, count)| (after(*day, first), count.named, count.default))
                .collect(),
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<UsageRow, RecordError> {
        let stored: Self = from_postcard(bytes)?;
        let mut days = BTreeMap::new();
        for (after, named, default) in stored.days {
            let count = ScopeCount { named, default };
            days.insert(day_after(after, stored.first)?, count);
        }
        Ok(UsageRow::Scopes(
            (stored.client, stored.api, stored.scope),
            days,
        ))
    }
}

/// The first day of the row that holds these.
pub(super) fn first<T>(days: &BTreeMap<Day, T>) -> Day {
    days.keys().next().map_or(Day(0), |day| first_of(*day))
}

/// How many days `day` is after `first`: fewer than a row holds.
fn after(day: Day, first: Day) -> u8 {
    u8::try_from(day.0 - first.0).expect("a row holds few days")
}

fn day_after(after: u8, first: u32) -> Result<Day, RecordError> {
    let day = first.checked_add(u32::from(after));
    let day = day.map(Day).filter(|day| first_of(*day) == Day(first));
    day.ok_or_else(|| RecordError::new("a day is not among those of its row"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            time::Timestamp,
            usage::{Asked, Observation, Seen, Tally},
        },
        store::records::{rows_of, to_postcard},
    };

    fn tally() -> Tally {
        let mut tally = Tally::default();
        for day in [15_i64, 16, 23, 24] {
            for hour in [0, 7, 7, 23] {
                tally.add(Observation::Issued {
                    client: "c".parse().unwrap(),
                    secret: "AAAAAAAA".parse().unwrap(),
                    api: "urn:shop".parse().unwrap(),
                    scopes: "read".parse().unwrap(),
                    asked: Asked::ByName,
                    seen: Seen {
                        at: Timestamp(day * 86_400 + hour * 3600),
                        address: [10, 0, 0, 1].into(),
                        agent: None,
                        request: None,
                    },
                });
            }
        }
        tally
    }

    fn rows() -> Vec<UsageRow> {
        let days = |row: &UsageRow| row.first_day().is_some();
        rows_of(tally()).filter(days).collect()
    }

    #[test]
    fn eight_days_share_a_row_and_read_as_they_were_written() {
        let rows = rows();

        let first: Vec<_> = rows.iter().filter_map(UsageRow::first_day).collect();
        assert_eq!(first, [8, 16, 24, 8, 16, 24].map(Day));
        for row in rows {
            let bytes = row.to_bytes();
            let read = if matches!(row, UsageRow::Days(..)) {
                UsageRow::read_days(&bytes)
            } else {
                UsageRow::read_scopes(&bytes)
            };
            assert_eq!(read.unwrap(), row);
        }
    }

    #[test]
    fn a_row_forgets_its_days_one_by_one() {
        let row = &rows()[1];

        assert_eq!(row.clone().since(Day(16)).as_ref(), Some(row));
        let left = row.clone().since(Day(17)).unwrap();
        assert_eq!(left.first_day(), Some(Day(16)));
        assert_eq!(left.into_tally().days.len(), 1);
        assert_eq!(row.clone().since(Day(24)), None);
    }

    #[test]
    fn a_row_that_makes_no_sense_is_refused() {
        let of = |after, hours, counts| StoredDays {
            subject: StoredSubject {
                client: None,
                secret: None,
            },
            first: 16,
            days: vec![StoredDay {
                after,
                outcomes: vec![StoredHours {
                    outcome: 0,
                    hours,
                    counts,
                }],
            }],
        };
        let is_read = |it: &StoredDays| StoredDays::read(&to_postcard(it)).is_ok();
        assert!(is_read(&of(7, 0b101, vec![1, 2])));
        assert!(!is_read(&of(8, 0b101, vec![1, 2])), "another row's day");
        assert!(!is_read(&of(7, 0b101, vec![1])), "a count is missing");
        assert!(!is_read(&of(7, 1 << 24, vec![1])), "a day has 24 hours");
    }
}
