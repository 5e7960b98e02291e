//! What is to be believed of the machine's clock, which may jump.
//!
//! While it is behind what was seen before, expired secrets would work again, and used assertions could be used
//! again. While it is far ahead, everything would seem to be over. The time since the machine was started, which
//! only ever goes on, tells a jump from time that passed.

use super::time::{Span, Timestamp};

/// How far the clock may be behind the latest time that was seen.
pub const TOLERATED: Span = Span::minutes(1);

/// How much more, or less, the clock may move than time passed.
const JUMP: u64 = 2;

/// How long a clock must stay ahead before that is believed.
const GRACE: Span = Span::minutes(10);

/// For how long a server may have been down without anybody wondering about its clock.
const DOWN: Span = Span::days(30);

/// What is known of the clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockWatch {
    /// The latest time that is believed.
    high: Timestamp,
    now: Timestamp,
    uptime: Span,
    /// Since which uptime the clock is ahead of what is believed.
    ahead_since: Option<Span>,
}

impl ClockWatch {
    /// Begins to watch; `high` is what was believed before, if that is known.
    pub fn begin(high: Option<Timestamp>, now: Timestamp, uptime: Span) -> Self {
        let high = high.unwrap_or(now);
        let is_far_ahead = now > high.plus(DOWN);
        Self {
            high: if is_far_ahead { high } else { high.max(now) },
            now,
            uptime,
            ahead_since: is_far_ahead.then_some(uptime),
        }
    }

    /// Looks at the clock; by how many seconds it jumped, if it did.
    pub fn look(&mut self, now: Timestamp, uptime: Span) -> Option<i64> {
        let elapsed = Span(uptime.0.saturating_sub(self.uptime.0));
        let expected = self.now.plus(elapsed);
        let jump = now.0.saturating_sub(expected.0);
        let jumped = jump.unsigned_abs() > JUMP;
        (self.now, self.uptime) = (now, uptime);
        // What is believed moves on as time passes; only further if the clock stays ahead.
        let reach = self.high.plus(elapsed).plus(Span(JUMP));
        if now <= reach {
            self.ahead_since = None;
            self.high = self.high.max(now);
        } else {
            if jumped && jump > 0 {
                self.ahead_since = Some(uptime);
            }
            let since = *self.ahead_since.get_or_insert(uptime);
            self.high = self.high.plus(elapsed);
            if uptime.0.saturating_sub(since.0) >= GRACE.0 {
                self.high = now;
                self.ahead_since = None;
            }
        }
        jumped.then_some(jump)
    }

    /// Believes the clock as it is.
    pub fn accept(&mut self, now: Timestamp) {
        self.high = now;
        self.now = now;
        self.ahead_since = None;
    }

    /// The latest time that is believed.
    pub fn high(&self) -> Timestamp {
        self.high
    }

    /// Whether the time is believed, so that what is over may be forgotten.
    pub fn is_settled(&self) -> bool {
        self.ahead_since.is_none() && !is_behind(self.now, self.high)
    }
}

/// Whether the clock is behind the latest time that is believed.
pub fn is_behind(now: Timestamp, high: Timestamp) -> bool {
    now < high.minus(TOLERATED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn watch() -> ClockWatch {
        ClockWatch::begin(Some(NOW), NOW, Span(1000))
    }

    /// Looks every second, as long as it says.
    fn wait(watch: &mut ClockWatch, seconds: u64) {
        let (now, uptime) = (watch.now, watch.uptime);
        for second in 1..=seconds {
            let moment = now.plus(Span(second));
            assert_eq!(watch.look(moment, Span(uptime.0 + second)), None);
        }
    }

    #[test]
    fn time_that_passes_is_believed() {
        let mut watch = watch();
        wait(&mut watch, 3600);
        assert_eq!(watch.high(), NOW.plus(Span::hours(1)));
        assert!(watch.is_settled());
        // A machine that slept: time passed, and the clock knows.
        let slept = watch.look(NOW.plus(Span::hours(9)), Span(1000 + 9 * 3600));
        assert_eq!((slept, watch.is_settled()), (None, true));
    }

    /// K1
    #[test]
    fn a_clock_that_was_set_back_is_noticed_and_recovers() {
        for back in [Span(61), Span::hours(1), Span::days(1), Span::days(36_500)] {
            let mut watch = watch();
            let jumped = watch.look(NOW.minus(back), Span(1001));
            assert_eq!(jumped, Some(-i64::try_from(back.0).unwrap() - 1));
            assert!(is_behind(NOW.minus(back), watch.high()), "{back}");
            assert!(!watch.is_settled());

            watch.look(NOW.plus(Span(5)), Span(1005));

            assert!(!is_behind(NOW.plus(Span(5)), watch.high()), "{back}");
            assert!(watch.is_settled());
        }
        let mut watch = watch();
        watch.look(NOW.minus(Span(59)), Span(1001));
        assert!(!is_behind(NOW.minus(Span(59)), watch.high()));
    }

    /// K1
    #[test]
    fn a_clock_that_is_ahead_for_a_while_leaves_no_trace() {
        for ahead in [Span::hours(1), Span::days(3650)] {
            let mut watch = watch();
            assert!(watch.look(NOW.plus(ahead), Span(1001)).unwrap() > 0);
            assert!(!watch.is_settled());
            wait(&mut watch, 598);
            assert!(!watch.is_settled());

            watch.look(NOW.plus(Span(600)), Span(1600));

            assert!(watch.is_settled());
            assert!(!is_behind(NOW.plus(Span(600)), watch.high()));
            assert!(watch.high() <= NOW.plus(Span(602)));
        }
    }

    #[test]
    fn a_clock_that_stays_ahead_is_believed_after_ten_minutes() {
        let mut watch = watch();
        watch.look(NOW.plus(Span::days(2)), Span(1001));
        wait(&mut watch, 300);
        // Another jump begins the wait anew.
        watch.look(watch.now.plus(Span::days(2)), Span(1302));
        wait(&mut watch, 599);
        assert!(!watch.is_settled());
        wait(&mut watch, 1);

        assert!(watch.is_settled());
        assert_eq!(watch.high(), watch.now);
    }

    #[test]
    fn a_start_believes_a_clock_that_went_on_and_none_that_is_far_ahead_or_behind() {
        let begin = |now| ClockWatch::begin(Some(NOW), now, Span(7));
        assert!(begin(NOW.plus(Span::days(30))).is_settled());
        let ahead = begin(NOW.plus(Span::days(31)));
        assert!(!ahead.is_settled());
        assert_eq!(ahead.high(), NOW);
        let behind = begin(NOW.minus(Span::minutes(2)));
        assert!(!behind.is_settled());
        assert_eq!(behind.high(), NOW);
        assert!(ClockWatch::begin(None, NOW, Span(7)).is_settled());
    }

    #[test]
    fn a_clock_that_is_accepted_is_believed() {
        let mut watch = ClockWatch::begin(Some(NOW), NOW.minus(Span::days(9)), Span(7));
        watch.accept(NOW.minus(Span::days(9)));
        assert!(watch.is_settled());
        assert_eq!(watch.high(), NOW.minus(Span::days(9)));
    }

    /// K2, K4
    #[test]
    fn no_clock_is_too_odd() {
        let odd = [i64::MIN, -1, 0, 1, i64::MAX];
        for high in odd {
            for now in odd {
                for later in odd {
                    let mut watch =
                        ClockWatch::begin(Some(Timestamp(high)), Timestamp(now), Span(0));
                    for uptime in [0, 1, u64::MAX, 0] {
                        watch.look(Timestamp(later), Span(uptime));
                        assert!(watch.is_settled() || !watch.is_settled());
                    }
                }
            }
        }
    }
}
