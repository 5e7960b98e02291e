//! The directory of clients, kept from one page to the next.

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::App;
use crate::admin::evidence::{directory::Directory, overview::Overview};

/// The directory, if one was ever wanted.
pub(super) type Kept = RwLock<Option<Directory>>;

/// The directory as it is now. Nobody changes it as long as this is held.
pub struct Listing<'a>(RwLockReadGuard<'a, Option<Directory>>);

impl Deref for Listing<'_> {
    type Target = Directory;

    fn deref(&self) -> &Directory {
        let kept = self.0.as_ref();
        kept.expect("a directory is there before it is lent")
    }
}

impl App {
    /// All clients as they are now, with what the latest overview knows of them; if there never was one, with what
    /// is known without.
    pub fn directory(&self) -> Listing<'_> {
        let overviews = &self.0.overviews;
        let kept = &overviews.directory;
        let lent = kept.read().unwrap_or_else(PoisonError::into_inner);
        if lent.as_ref().is_some_and(|it| self.is_current(it)) {
            return Listing(lent);
        }
        drop(lent);
        let mut kept = kept.write().unwrap_or_else(PoisonError::into_inner);
        let shown = overviews.shown.load_full();
        // While it is changed it is not there: what a panic would leave half done is made anew.
        let directory = match kept.take() {
            Some(mut directory) => {
                if let Some(overview) = shown.filter(|it| !Arc::ptr_eq(it, directory.overview())) {
                    directory.see(Arc::clone(&overview), &self.lookout(&overview));
                }
                let overview = Arc::clone(directory.overview());
                directory.follow(self.registry_arc(), &self.lookout(&overview));
                directory
            }
            None => self.new_directory(&shown.unwrap_or_else(|| self.nothing_seen())),
        };
        *kept = Some(directory);
        Listing(RwLockWriteGuard::downgrade(kept))
    }

    /// From now on, `overview` is shown, and the directory has it.
    pub(super) fn show(&self, overview: Arc<Overview>) {
        let overviews = &self.0.overviews;
        let kept = overviews.directory.read();
        let before = kept.unwrap_or_else(PoisonError::into_inner).clone();
        let next = match before {
            Some(mut directory) => {
                directory.see(Arc::clone(&overview), &self.lookout(&overview));
                directory
            }
            None => self.new_directory(&overview),
        };
        let kept = overviews.directory.write();
        *kept.unwrap_or_else(PoisonError::into_inner) = Some(next);
        overviews.shown.store(Some(overview));
    }

    /// Whether `directory` has the latest of everything.
    fn is_current(&self, directory: &Directory) -> bool {
        let shown = self.0.overviews.shown.load();
        let knows_shown = |shown: &Arc<Overview>| Arc::ptr_eq(shown, directory.overview());
        directory.registry().revision() >= self.registry().revision()
            && shown.as_ref().is_none_or(knows_shown)
    }

    fn new_directory(&self, overview: &Arc<Overview>) -> Directory {
        let registry = self.registry_arc();
        Directory::new(&registry, Arc::clone(overview), &self.lookout(overview))
    }

    /// What is known of usage where nothing is.
    fn nothing_seen(&self) -> Arc<Overview> {
        Arc::new(Overview::of(&<_>::default(), self.now()))
    }
}
