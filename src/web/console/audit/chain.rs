//! Whether the chain of the log is unbroken: looked at now and then, and when somebody asks.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    app::{App, checkpoints::AuditVerdict},
    domain::{
        audit::AuditPage,
        time::{Span, Timestamp},
    },
    web::console::{
        Console,
        words::{Moment, counted, date},
    },
};

/// How old a check may be before the next visit makes another.
const FRESH_FOR: Span = Span::minutes(10);

/// How long a page waits for a check.
const WAIT: Duration = Duration::from_millis(400);

/// The latest check.
#[derive(Default)]
pub(in crate::web::console) struct Checks(Mutex<State>);

#[derive(Clone, Default)]
struct State {
    is_running: bool,
    latest: Option<Found>,
}

/// What a check found.
#[derive(Clone)]
struct Found {
    at: Timestamp,
    /// What there is, and since when; or what is wrong.
    outcome: Result<(AuditVerdict, Option<Timestamp>), String>,
}

/// What a page says of the chain.
pub(super) enum Chain {
    /// All records follow each other.
    Unbroken {
        since: String,
        count: String,
        /// How many checkpoints agree; nothing is the empty text.
        checkpoints: String,
        checked: Moment,
    },
    /// One does not.
    Broken { problem: String, checked: Moment },
    /// It is being looked at for the first time.
    Unknown,
}

impl Checks {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chain {
    /// What is known; a check that is due, or asked for, is made in the background and waited for a
    /// moment.
    pub(super) async fn look(console: &Console, is_asked: bool) -> Self {
        let now = console.app.now();
        let is_due = {
            let mut state = console.checks.lock();
            let latest = state.latest.as_ref();
            let is_fresh = latest.is_some_and(|it| now.since(it.at) < FRESH_FOR);
            let is_due = !state.is_running && (is_asked || !is_fresh);
            state.is_running |= is_due;
            is_due
        };
        if is_due {
            let (app, checks) = (console.app.clone(), console.checks.clone());
            let check = async move {
                let found = Found::check(&app).await;
                let mut state = checks.lock();
                state.is_running = false;
                state.latest = Some(found);
            };
            // A long log is looked through on after the page is out.
            let check = console.app.tasks().complete(check);
            let _ = tokio::time::timeout(WAIT, check).await;
        }
        Self::of(console.checks.lock().latest.as_ref(), now)
    }

    fn of(latest: Option<&Found>, now: Timestamp) -> Self {
        let Some(found) = latest else {
            return Self::Unknown;
        };
        let checked = Moment::of(found.at, now);
        match &found.outcome {
            Ok((verdict, since)) => Self::Unbroken {
                since: since.map_or_else(|| "the beginning".to_owned(), |at| date(at, now)),
                count: counted(verdict.records, "record"),
                checkpoints: verdict
                    .checkpoints
                    .map(|(kept, _)| counted(kept, "checkpoint"))
                    .unwrap_or_default(),
                checked,
            },
            Err(problem) => Self::Broken {
                problem: problem.clone(),
                checked,
            },
        }
    }
}

impl Found {
    async fn check(app: &App) -> Self {
        let first = AuditPage {
            before: Some(2),
            limit: 1,
            ..AuditPage::default()
        };
        let outcome = match (app.verify_audit().await, app.audit(first).await) {
            (Ok(verdict), Ok(first)) => Ok((verdict, first.first().map(|record| record.entry.at))),
            (Err(fault), _) => Err(Self::tell(&fault)),
            (_, Err(error)) => Err(Self::tell(&error)),
        };
        Self {
            at: app.now(),
            outcome,
        }
    }

    fn tell(error: &dyn std::error::Error) -> String {
        tracing::error!(error = %error, "the audit log did not pass its check: {error}");
        error.to_string()
    }
}
