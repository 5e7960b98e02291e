//! Which clients changed lately: what was worked out from all of them follows, and is not worked out anew.

use rpds::ListSync;

use super::Registry;
use crate::domain::{
    change::{Commit, Effect},
    id::{ClientId, Revision},
};

/// How many changes are remembered.
const MOST: usize = 1_000;

/// The latest changes of clients.
#[derive(Clone)]
pub(super) struct Recent {
    /// All that came after this revision are remembered.
    since: Revision,
    /// The latest first.
    changes: ListSync<(Revision, ClientId)>,
}

impl Recent {
    /// Nothing that came after `since`.
    pub(super) fn after(since: Revision) -> Self {
        Self {
            since,
            changes: ListSync::new_sync(),
        }
    }

    /// Remembers the clients that `commit` changes.
    pub(super) fn note(&mut self, commit: &Commit) {
        for change in &commit.changes {
            if let Effect::Client(id, _) = &change.effect {
                if self.changes.len() == MOST {
                    *self = Self::after(commit.revision());
                }
                self.changes.push_front_mut((commit.revision(), id.clone()));
            }
        }
    }
}

impl Registry {
    /// The clients that came, changed or went after `revision`, each at least once; nothing if that is not
    /// remembered.
    pub fn clients_changed_after(
        &self,
        revision: Revision,
    ) -> Option<impl Iterator<Item = &ClientId>> {
        let changes = self.recent.changes.iter();
        let later = changes.take_while(move |(at, _)| *at > revision);
        (revision >= self.recent.since).then(|| later.map(|(_, id)| id))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{crypto::mac::MacKey, domain::arbitrary};

    fn empty() -> Registry {
        Registry::empty(MacKey::new(&[7; 32]))
    }

    proptest! {
        #[test]
        fn what_changed_after_a_revision_is_what_the_commits_after_it_changed(
            commits in proptest::collection::vec(arbitrary::changes(), 1..8),
            from in 0_usize..8,
        ) {
            let (mut registry, mut expected) = (empty(), BTreeSet::new());
            for (n, changes) in commits.into_iter().enumerate() {
                let commit = arbitrary::commit(&registry, 1, changes);
                registry = registry.apply(&commit);
                for change in &commit.changes {
                    if let Effect::Client(id, _) = &change.effect
                        && n >= from
                    {
                        expected.insert(id.clone());
                    }
                }
            }
            let found = registry.clients_changed_after(Revision(from as u64));
            let found: BTreeSet<_> = found.unwrap().cloned().collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_too_long_ago_is_not_remembered() {
        let mut registry = empty();
        let client: ClientId = "c".parse().unwrap();
        for _ in 0..=MOST {
            let change = crate::domain::change::Change {
                action: crate::domain::audit::Action::ClientRemove,
                effect: Effect::Client(client.clone(), None),
            };
            let commit = arbitrary::commit(&registry, 1, vec![change]);
            registry = registry.apply(&commit);
        }
        let revision = registry.revision();
        assert!(registry.clients_changed_after(Revision(1)).is_none());
        assert_eq!(registry.clients_changed_after(revision).unwrap().count(), 0);
    }

    #[test]
    fn a_registry_from_records_remembers_no_changes() {
        let registry = Registry::from_records(MacKey::new(&[7; 32]), Revision(5), [], []);
        assert!(registry.clients_changed_after(Revision(4)).is_none());
        assert!(registry.clients_changed_after(Revision(5)).is_some());
    }
}
