//! The reveal window: what is shown once stays readable for ten minutes at most, to the same visit
//! only.
//!
//! It lies in memory, is wiped when its time is up, and never reaches the disk.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use zeroize::Zeroizing;

use crate::domain::time::{Span, Timestamp};

/// How long a window stays open.
pub(super) const OPEN_FOR: Span = Span::minutes(10);

/// How many windows are open at once, at most; further ones close the one that is oldest.
const MOST: usize = 1_000;

/// The windows that are open.
#[derive(Default)]
pub(super) struct Reveals(Mutex<HashMap<Place, Held>>);

/// Whose window, and what it shows: `secret/7KQD2M4A`.
#[derive(Clone, Eq, Hash, PartialEq)]
struct Place {
    visit: String,
    what: String,
}

struct Held {
    text: Zeroizing<String>,
    until: Timestamp,
}

/// What an open window shows.
pub(super) struct Revealed {
    /// The secret itself.
    pub(super) text: Zeroizing<String>,
    /// When the window closes.
    pub(super) until: Timestamp,
}

impl Reveals {
    /// Opens a window for `visit`.
    pub(super) fn open(&self, place: (&str, &str), text: Zeroizing<String>, now: Timestamp) {
        self.open_for(OPEN_FOR, place, text, now);
    }

    /// The same for another time than ten minutes: for what is worth nothing afterwards.
    pub(super) fn open_for(
        &self,
        span: Span,
        (visit, what): (&str, &str),
        text: Zeroizing<String>,
        now: Timestamp,
    ) {
        let mut all = self.lock();
        all.retain(|_, held| held.until > now);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, held)| held.until)
        {
            let oldest = oldest.0.clone();
            all.remove(&oldest);
        }
        let until = now.plus(span);
        all.insert(place(visit, what), Held { text, until });
    }

    /// Looks through a window, if it is open.
    pub(super) fn look(&self, (visit, what): (&str, &str), now: Timestamp) -> Option<Revealed> {
        let mut all = self.lock();
        all.retain(|_, held| held.until > now);
        let held = all.get(&place(visit, what))?;
        Some(Revealed {
            text: held.text.clone(),
            until: held.until,
        })
    }

    /// Closes a window: what it showed has been stored.
    pub(super) fn close(&self, (visit, what): (&str, &str)) {
        self.lock().remove(&place(visit, what));
    }

    /// Closes all windows of a visit.
    pub(super) fn close_all(&self, visit: &str) {
        self.lock().retain(|place, _| place.visit != visit);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Place, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(visit: &str, what: &str) -> Place {
    Place {
        visit: visit.to_owned(),
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    #[test]
    fn a_window_is_open_for_ten_minutes_to_the_visit_that_opened_it() {
        let reveals = Reveals::default();
        let text = || Zeroizing::new("jtn_canary".to_owned());

        reveals.open(("ana", "secret/A"), text(), NOW);

        let look = |visit, now| reveals.look((visit, "secret/A"), now).map(|it| it.text);
        assert_eq!(look("ana", NOW.plus(Span(599))), Some(text()));
        assert_eq!(look("ben", NOW), None);
        assert_eq!(look("ana", NOW.plus(OPEN_FOR)), None);
        assert_eq!(look("ana", NOW), None, "what was wiped is gone");
    }

    #[test]
    fn a_window_closes_when_told_and_when_its_visit_ends() {
        let reveals = Reveals::default();
        let open = |what| reveals.open(("ana", what), Zeroizing::new("x".to_owned()), NOW);
        open("secret/A");
        open("secret/B");

        reveals.close(("ana", "secret/A"));
        assert!(reveals.look(("ana", "secret/A"), NOW).is_none());
        reveals.close_all("ana");

        assert!(reveals.look(("ana", "secret/B"), NOW).is_none());
    }

    #[test]
    fn the_oldest_window_gives_way_to_the_newest() {
        let reveals = Reveals::default();

        for n in 0..=MOST {
            let at = NOW.plus(Span(u64::from(n > 0)));
            reveals.open(("ana", &n.to_string()), Zeroizing::default(), at);
        }

        assert!(reveals.look(("ana", "0"), NOW).is_none());
        assert!(reveals.look(("ana", &MOST.to_string()), NOW).is_some());
    }
}
