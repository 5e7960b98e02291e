//! Who goes when all places are taken: who keeps the server waiting, the longest first.
//!
//! First those that never said a word, then those that never got an answer, then those that did and are idle. Nobody
//! whose request is being worked on.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use super::ledger::Ledger;

/// How long anybody may be silent, however few places there are: the first bytes follow a connection at once.
const WORDLESS: Duration = Duration::from_millis(250);

/// How long anybody else may keep the server waiting.
const WAITING: Duration = Duration::from_secs(1);

/// How many go at a time, so that looking for them is rare.
const AT_A_TIME: usize = 32;

/// From one word in the log that places are scarce to the next.
const SAID: Duration = Duration::from_mins(1);

/// How far a connection got.
const SILENT: u8 = 0;
const SPOKE: u8 = 1;
const SERVED: u8 = 2;

/// Instead of a moment: it is the server that is to go on.
const WORKING: u64 = u64::MAX;

/// One connection's place, as far as others may need it.
#[derive(Debug)]
pub(super) struct Seat {
    taken_at: Instant,
    /// From when on the peer keeps the server waiting, in milliseconds after it took the place.
    waits_from: AtomicU64,
    standing: AtomicU8,
    told: AtomicBool,
    wake: Notify,
}

impl Default for Seat {
    fn default() -> Self {
        Self {
            taken_at: Instant::now(),
            waits_from: AtomicU64::new(0),
            standing: AtomicU8::new(SILENT),
            told: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }
}

impl Seat {
    /// The peer said its first word.
    pub(super) fn note_word(&self) {
        self.standing.fetch_max(SPOKE, Ordering::Relaxed);
    }

    /// The peer got an answer.
    pub(super) fn note_answer(&self) {
        self.standing.store(SERVED, Ordering::Relaxed);
    }

    /// It is the server that is to go on.
    pub(super) fn work(&self) {
        self.waits_from.store(WORKING, Ordering::Relaxed);
    }

    /// It is the peer that is to go on.
    pub(super) fn wait(&self) {
        if !self.waits() {
            let since = self.taken_at.elapsed().as_millis();
            let since = u64::try_from(since).unwrap_or_default();
            self.waits_from.store(since, Ordering::Relaxed);
        }
    }

    /// Whether it is the peer that is to go on.
    pub(super) fn waits(&self) -> bool {
        self.waits_from.load(Ordering::Relaxed) != WORKING
    }

    /// Whether the place is needed: the connection ends as soon as nobody works for it.
    pub(super) fn is_needed(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Waits until the place is needed.
    pub(super) fn needed(&self) -> Notified<'_> {
        self.wake.notified()
    }

    /// How far the connection got, and for how long the peer has kept the server waiting: if it is too long while
    /// places are scarce.
    fn overdue(&self, now: Instant) -> Option<(u8, Duration)> {
        let standing = self.standing.load(Ordering::Relaxed);
        if self.is_needed() || !self.waits() {
            return None;
        }
        let from = Duration::from_millis(self.waits_from.load(Ordering::Relaxed));
        let waited = now.saturating_duration_since(self.taken_at + from);
        let patience = if standing == SILENT {
            WORDLESS
        } else {
            WAITING
        };
        (waited >= patience).then_some((standing, waited))
    }

    fn give_up(&self) {
        self.told.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }
}

/// All connections of a listener, and some that ended lately.
#[derive(Debug, Default)]
pub(super) struct Room {
    seats: Vec<Weak<Ledger>>,
    /// How many there may be before those that ended are forgotten.
    sweep_at: usize,
    said_at: Option<Instant>,
}

impl Room {
    pub(super) fn enter(&mut self, ledger: &Arc<Ledger>) {
        if self.seats.len() >= self.sweep_at {
            self.seats.retain(|seat| seat.strong_count() > 0);
            self.sweep_at = self.seats.len() * 2 + AT_A_TIME;
        }
        self.seats.push(Arc::downgrade(ledger));
    }

    /// Asks some of those that keep the server waiting for their places; says how many.
    pub(super) fn ask_for_places(&mut self) -> usize {
        let now = Instant::now();
        let ledgers = self.seats.iter().filter_map(Weak::upgrade);
        let waiting = ledgers.filter_map(|it| it.seat.overdue(now).map(|how| (how, it)));
        let waiting: Vec<_> = waiting.collect();
        let least = waiting.iter().map(|((standing, _), _)| *standing).min();
        let alike = |standing: u8| Some(standing) == least;
        let waits = waiting.iter().filter(|((standing, _), _)| alike(*standing));
        let longest = waits.map(|((_, waited), _)| *waited).max();
        let Some(longest) = longest else {
            return 0;
        };
        let mut asked = 0;
        for ((standing, waited), ledger) in waiting {
            if asked < AT_A_TIME && alike(standing) && waited >= longest / 8 * 7 {
                ledger.seat.give_up();
                asked += 1;
            }
        }
        if self.said_at.is_none_or(|said_at| now - said_at >= SAID) {
            self.said_at = Some(now);
            tracing::warn!(
                "all connections are taken: those that keep the server waiting are closed, the silent ones first"
            );
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that took its place so long ago.
    fn enter(room: &mut Room, standing: u8, milliseconds: u64) -> Arc<Ledger> {
        let mut ledger = Ledger::default();
        ledger.seat.taken_at -= Duration::from_millis(milliseconds);
        ledger.seat.standing = AtomicU8::new(standing);
        let ledger = Arc::new(ledger);
        room.enter(&ledger);
        ledger
    }

    #[tokio::test]
    async fn the_silent_go_first_then_who_got_no_answer_then_who_is_idle() {
        let mut room = Room::default();
        let all = [
            enter(&mut room, SERVED, 60_000),
            enter(&mut room, SPOKE, 5000),
            enter(&mut room, SILENT, 2000),
            enter(&mut room, SILENT, 1000),
        ];
        let left = || -> Vec<bool> { all.iter().map(|it| it.seat.is_needed()).collect() };

        let mut asked = Vec::new();
        for _ in 0..4 {
            assert_eq!(room.ask_for_places(), 1);
            asked.push(left());
        }

        assert_eq!(asked[0], [false, false, true, false]);
        assert_eq!(asked[1], [false, false, true, true]);
        assert_eq!(asked[2], [false, true, true, true]);
        assert_eq!(asked[3], [true; 4]);
        assert_eq!(room.ask_for_places(), 0);
    }

    #[tokio::test]
    async fn who_came_just_now_and_who_is_worked_for_stay() {
        let mut room = Room::default();
        let new = enter(&mut room, SILENT, 100);
        let begun = enter(&mut room, SPOKE, 900);
        let busy = enter(&mut room, SERVED, 60_000);
        busy.seat.work();

        assert_eq!(room.ask_for_places(), 0);
        busy.seat.wait();

        assert_eq!(room.ask_for_places(), 0, "it waits since just now");
        drop((new, begun));
    }

    #[tokio::test]
    async fn only_some_go_at_a_time_and_who_left_is_forgotten() {
        let mut room = Room::default();
        let all: Vec<_> = (0..300).map(|_| enter(&mut room, SILENT, 5000)).collect();

        assert_eq!(room.ask_for_places(), AT_A_TIME);
        drop(all);

        assert_eq!(room.ask_for_places(), 0);
        for _ in 0..1000 {
            enter(&mut room, SILENT, 0);
        }
        assert!(room.seats.len() <= 700, "{}", room.seats.len());
    }
}
