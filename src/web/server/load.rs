//! Whether the server falls behind: whether what is ready to run waits for longer than it may.
//!
//! The requests in flight are no measure of that: most of them wait for bytes, and cost nothing. So it is measured
//! what they wait for, a turn: somebody who wants one four times a second sees how late it comes. It is got as theirs is,
//! by bytes that arrive: what is ready stands in line in the kernel first.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::{Instant, sleep_until},
};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(250);

/// How often in a row a turn must come too late: once may be a hiccup of the machine.
const IN_A_ROW: u8 = 2;

/// How busy the server is, as far as it matters.
#[derive(Clone, Debug, Default)]
pub(super) struct Load(Arc<AtomicBool>);

impl Load {
    /// Whether what comes now would wait for too long.
    pub(super) fn is_too_much(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Looks until the end of the server. Nothing is ever too much if nothing is too `late`.
    pub(super) async fn watch(self, late: Duration) {
        if late.is_zero() {
            return;
        }
        let mut in_a_row = 0;
        let (mut here, mut there) = match UnixStream::pair() {
            Ok(pair) => pair,
            Err(error) => {
                tracing::warn!(error = %error, "cannot see whether the server keeps up: {error}");
                return;
            }
        };
        loop {
            let due = Instant::now() + EVERY;
            sleep_until(due).await;
            // Both ends are ours, and one byte always fits.
            if here.write_u8(0).await.is_err() || there.read_u8().await.is_err() {
                return;
            }
            let was_late = due.elapsed() >= late;
            in_a_row = if was_late {
                IN_A_ROW.min(in_a_row + 1)
            } else {
                0
            };
            let is_too_much = in_a_row == IN_A_ROW;
            if self.0.swap(is_too_much, Ordering::Relaxed) != is_too_much {
                note(is_too_much);
            }
        }
    }
}

fn note(is_too_much: bool) {
    if is_too_much {
        tracing::warn!("more comes than can be answered in time: further requests are refused");
    } else {
        tracing::info!("the server keeps up again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the only thread from giving anybody a turn.
    fn block(milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }

    #[tokio::test]
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing of a server runs here that could track it"
    )]
    async fn it_is_too_much_when_turns_come_late_in_a_row_and_no_longer() {
        let load = Load::default();
        let watching = tokio::spawn(load.clone().watch(Duration::from_millis(300)));
        tokio::time::sleep(EVERY).await;
        assert!(!load.is_too_much());

        let mut found = Vec::new();
        for _ in 0..3 {
            block(700);
            tokio::time::sleep(Duration::from_millis(1)).await;
            found.push(load.is_too_much());
        }

        assert_eq!(found, [false, true, true]);
        tokio::time::sleep(EVERY * 5).await;
        assert!(!load.is_too_much());
        watching.abort();
    }

    #[tokio::test]
    async fn nothing_is_too_much_where_nobody_looks() {
        let load = Load::default();

        load.clone().watch(Duration::ZERO).await;

        assert!(!load.is_too_much());
    }
}
