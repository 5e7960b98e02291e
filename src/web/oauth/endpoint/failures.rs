//! What becomes of a request that fails to prove who sent it, and of one that may, after others that did.

use std::sync::OnceLock;

use axum::http::{header, request::Parts};

use super::{certificate, one};
use crate::{
    app::{
        App,
        throttle::{Claim, HeldBack},
    },
    domain::time::Span,
    oauth::{
        self,
        reason::{Reason, Refused},
    },
    web::seen::address_of,
};

/// One request, and what failed before it in its name or from its address. Nothing is looked up before it
/// matters.
pub(super) struct Failures<'a> {
    app: &'a App,
    parts: &'a Parts,
    body: &'a [u8],
    claimed: OnceLock<Option<String>>,
    wait: OnceLock<Option<Span>>,
}

/// A refusal as it is answered.
pub(super) struct Judged {
    pub(super) refused: Refused,
    /// Whether it is worth no line in the log: many like it came before.
    pub(super) is_one_of_many: bool,
}

impl<'a> Failures<'a> {
    pub(super) fn of(app: &'a App, parts: &'a Parts, body: &'a [u8]) -> Self {
        Self {
            app,
            parts,
            body,
            claimed: OnceLock::new(),
            wait: OnceLock::new(),
        }
    }

    /// How long whatever might be a guess has to wait; nothing if it need not.
    pub(super) fn wait(&self) -> Option<Span> {
        // Once for each request: what was let go on is not called wrong for who failed meanwhile.
        *self.wait.get_or_init(|| {
            let throttle = self.app.client_throttle();
            if !throttle.has_failures() {
                return None;
            }
            throttle.wait(self.claim(), self.app.now())
        })
    }

    /// The request proved who sent it.
    pub(super) fn forgive(&self) {
        let throttle = self.app.client_throttle();
        if throttle.has_failures() {
            throttle.succeed(self.claim());
        }
    }

    /// Counts a request that was refused, if it was for failing to prove who sent it. What fails too often is told
    /// no more than to wait, and the same whatever is wrong with it.
    pub(super) fn judge(&self, mut refused: Refused) -> Judged {
        let mut is_one_of_many = false;
        // What could not be checked for want of keys is nobody's guess, unless who guesses waits.
        let is_open = matches!(
            refused.reason,
            Reason::NeedsKeys(_) | Reason::NeedsSlowCheck(_)
        ) && self.wait().is_none();
        if refused.reason.is_failed_authentication() && !is_open {
            let counted = self
                .app
                .client_throttle()
                .fail(self.claim(), self.app.now());
            if let Err(HeldBack { wait, is_first }) = counted {
                refused.reason = Reason::Throttled(wait);
                refused.secret = None;
                refused.hint = None;
                is_one_of_many = !is_first;
            }
        }
        Judged {
            refused,
            is_one_of_many,
        }
    }

    fn claim(&self) -> Claim<'_> {
        let claimed = self.claimed.get_or_init(|| {
            oauth::claimed_client(&oauth::Request {
                certificate: certificate(self.parts),
                ..oauth::Request::new(one(self.parts, &header::AUTHORIZATION), self.body)
            })
        });
        Claim {
            client: claimed.as_deref(),
            address: address_of(self.parts),
        }
    }
}
