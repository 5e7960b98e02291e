//! One value that many read and one replaces, without a lock between them.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// The latest of a series of immutable values.
#[derive(Debug)]
pub(super) struct Published<T>(Arc<ArcSwap<T>>);

impl<T> Published<T> {
    pub(super) fn new(value: Arc<T>) -> Self {
        Self(Arc::new(ArcSwap::new(value)))
    }

    /// For a borrow inside one synchronous stretch.
    pub(super) fn current(&self) -> Guard<Arc<T>> {
        self.0.load()
    }

    /// For what crosses an await.
    pub(super) fn current_arc(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// From now on, readers get `value`.
    pub(super) fn publish(&self, value: Arc<T>) {
        self.0.store(value);
    }
}

impl<T> Clone for Published<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
