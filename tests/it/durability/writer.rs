//! An operator who makes changes, one after the other, and does not give up when the server goes away.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::socket::{AdminAnswer, AdminSocket};

use super::changes::Change;
use super::flight::Login;

/// The writer, at work on a thread of its own.
pub(crate) struct Writer {
    thread: JoinHandle<()>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Writer {
    /// Begins with the first change.
    pub(crate) fn start(admin: AdminSocket, address: SocketAddr) -> Self {
        let tokens = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&tokens);
        let thread = thread::spawn(move || {
            let mut last = None;
            for change in Change::all() {
                let answer = make(change, last, &admin);
                kept.lock().unwrap().extend(token(change, &answer, address));
                last = Some(change);
            }
        });
        Self { thread, tokens }
    }

    /// Whether every change is acknowledged, or the writer has failed.
    pub(crate) fn is_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// The tokens that were issued meanwhile; fails if the writer has.
    #[track_caller]
    pub(crate) fn tokens(self) -> Vec<String> {
        if let Err(failure) = self.thread.join() {
            std::panic::resume_unwind(failure);
        }
        self.tokens.lock().unwrap().clone()
    }
}

/// Asks until the change is acknowledged. After each crash, the one acknowledged before must be there.
fn make(change: Change, last: Option<Change>, admin: &AdminSocket) -> AdminAnswer {
    let deadline = Instant::now() + Duration::from_mins(2);
    let mut tries = 0;
    while Instant::now() < deadline {
        tries += 1;
        if tries > 1
            && let Some(last) = last
        {
            assert_kept(last, change, admin);
        }
        match change.ask(admin) {
            Ok(answer) if change.is_acknowledged_by(&answer, tries) => return answer,
            // A server that has just started, or is about to be killed, may say that it cannot now.
            Ok(answer) => assert_eq!(answer.status, 503, "{change:?}: {}", answer.body),
            Err(_) => thread::sleep(Duration::from_millis(2)),
        }
    }
    panic!("{change:?} was not acknowledged in two minutes");
}

/// After a crash: what was acknowledged is there. What was asked for since may be, whole.
fn assert_kept(acknowledged: Change, asked: Change, admin: &AdminSocket) {
    let Ok(found) = acknowledged.look(admin) else {
        return;
    };
    let went_on = acknowledged.client() == asked.client() && asked.is_there(&found);
    assert!(
        acknowledged.is_there(&found) || went_on || found.status == 503,
        "{acknowledged:?} is lost, or {asked:?} is half there: {found:?}"
    );
}

/// A token for a client that has just been registered, if the server lives long enough to issue it.
fn token(change: Change, answer: &AdminAnswer, address: SocketAddr) -> Option<String> {
    if !change.is_registration() {
        return None;
    }
    let secret = answer.body["client_secret"].as_str()?;
    Login::new(&change.client(), secret).try_ask(address)
}
