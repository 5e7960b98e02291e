//! The exports that are running: one for each operator, so that nobody keeps the disk busy with many.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::domain::id::OperatorId;

/// Whose export is running.
#[derive(Default)]
pub(in crate::web::console) struct Exports(Mutex<HashSet<OperatorId>>);

/// An export that is running, until it is dropped.
pub(super) struct Running {
    exports: Arc<Exports>,
    operator: OperatorId,
}

impl Exports {
    /// Begins one for `operator`; nothing if theirs is running already.
    pub(super) fn begin(exports: &Arc<Self>, operator: &OperatorId) -> Option<Running> {
        exports.lock().insert(operator.clone()).then(|| Running {
            exports: Arc::clone(exports),
            operator: operator.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<OperatorId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.exports.lock().remove(&self.operator);
    }
}
