//! Values that many records hold alike: kept once, changed by copy.

use std::{
    collections::HashSet,
    fmt,
    hash::Hash,
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A value that others may hold as well. Cheap to clone; who changes it gets one of its own.
#[derive(Eq, Hash, PartialEq)]
pub struct Shared<T>(Arc<T>);

/// A value that most records have.
pub trait Usual: Sized + 'static {
    /// The one that all of those hold.
    fn usual() -> &'static Shared<Self>;
}

impl<T> Shared<T> {
    /// A value that nobody else holds yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: PartialEq + Usual> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        let usual = T::usual();
        if value == **usual {
            usual.clone()
        } else {
            Self::new(value)
        }
    }
}

impl<T: Usual> Default for Shared<T> {
    fn default() -> Self {
        T::usual().clone()
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[expect(
    clippy::into_iter_without_iter,
    reason = "what is shared has an `iter` of its own"
)]
impl<'a, T> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type IntoIter = <&'a T as IntoIterator>::IntoIter;
    type Item = <&'a T as IntoIterator>::Item;

    fn into_iter(self) -> Self::IntoIter {
        (&**self).into_iter()
    }
}

/// Values that were seen, to be held again where their like is met.
#[derive(Debug)]
pub struct Pool<T>(HashSet<T>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl<T: Clone + Eq + Hash> Pool<T> {
    /// How many different values are remembered: where hardly two are alike, nothing is gained.
    const MOST: usize = 10_000;

    /// The value that was seen first of those that are like this one.
    pub fn share(&mut self, value: &mut T) {
        if let Some(known) = self.0.get(value) {
            *value = known.clone();
        } else if self.0.len() < Self::MOST {
            self.0.insert(value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_changes_a_shared_value_changes_it_for_nobody_else() {
        let one = Shared::new(vec![1]);
        let mut other = one.clone();
        other.push(2);
        assert_eq!((&*one, &*other), (&vec![1], &vec![1, 2]));
    }

    #[test]
    fn values_that_are_alike_are_kept_once() {
        let mut pool = Pool::default();
        let (mut one, mut other) = (Shared::new(vec![1]), Shared::new(vec![1]));
        pool.share(&mut one);
        pool.share(&mut other);
        assert!(Arc::ptr_eq(&one.0, &other.0));
    }
}
