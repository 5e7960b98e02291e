//! The clients, found by their ids and walked through in the order of them.

use std::{
    borrow::Borrow,
    cmp::Ordering,
    hash::{Hash, Hasher},
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

use rpds::{HashTrieSetSync, RedBlackTreeSetSync};

use crate::domain::client::Client;

/// All clients.
///
/// A request finds its client in the trie, in three or four steps among a million: the tree would take twenty, each
/// to another place in memory.
#[derive(Clone)]
pub(super) struct Clients {
    trie: HashTrieSetSync<ById>,
    tree: RedBlackTreeSetSync<ById>,
}

impl Clients {
    pub(super) fn new() -> Self {
        Self {
            trie: HashTrieSetSync::new_sync(),
            tree: RedBlackTreeSetSync::new_sync(),
        }
    }

    pub(super) fn insert(&mut self, client: &Arc<Client>) {
        self.trie.insert_mut(ById(Arc::clone(client)));
        self.tree.insert_mut(ById(Arc::clone(client)));
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.trie.remove_mut(id);
        self.tree.remove_mut(id);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<Client>> {
        self.trie.get(id).map(|it| &it.0)
    }

    /// In order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.tree.iter().map(|it| &it.0)
    }

    /// Those after `id`, in order of their ids.
    pub(super) fn after<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Arc<Client>> {
        let range = (Excluded(id), Unbounded);
        self.tree.range::<str, _>(range).map(|it| &it.0)
    }

    pub(super) fn len(&self) -> usize {
        self.tree.size()
    }
}

impl PartialEq for Clients {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// A client that is told from others by its id alone.
#[derive(Clone)]
struct ById(Arc<Client>);

impl Borrow<str> for ById {
    fn borrow(&self) -> &str {
        self.0.id.as_str()
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ById {}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.as_str().hash(state);
    }
}

impl PartialOrd for ById {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ById {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.id.as_str().cmp(other.0.id.as_str())
    }
}
