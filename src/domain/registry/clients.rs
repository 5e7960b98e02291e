//! The clients, found by their ids and walked through in the order of them.

use std::{
    array,
    borrow::Borrow,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use super::chunks::Chunks;
use crate::domain::client::Client;

/// All clients.
///
/// A request finds its client in two steps to a short list of hashes that lies in one piece, whatever the number of
/// clients: in order, it would take twenty steps among a million, each to another place in memory.
#[derive(Clone)]
pub(super) struct Clients {
    hasher: RandomState,
    by_hash: Arc<[Arc<[Shard; WIDTH]>; WIDTH]>,
    in_order: Chunks<ById>,
}

/// Into how many parts the clients are parted by their hashes, and each of those again.
const WIDTH: usize = 64;

/// Clients whose hashes begin alike, in order of their hashes.
type Shard = Arc<[Hashed]>;

/// A client, and the hash of its id.
#[derive(Clone)]
struct Hashed {
    hash: u64,
    client: Arc<Client>,
}

impl Clients {
    pub(super) fn new() -> Self {
        let empty: Shard = Arc::new([]);
        let shards = Arc::new(array::from_fn(|_| Arc::clone(&empty)));
        Self {
            hasher: RandomState::new(),
            by_hash: Arc::new(array::from_fn(|_| Arc::clone(&shards))),
            in_order: Chunks::new(),
        }
    }

    /// All of these at once. The later of two with one id counts.
    pub(super) fn of(mut clients: Vec<Arc<Client>>) -> Self {
        let mut all = Self::new();
        clients.sort_by(|one, two| one.id.cmp(&two.id));
        clients.dedup_by(|later, earlier| {
            let is_again = later.id == earlier.id;
            if is_again {
                std::mem::swap(later, earlier);
            }
            is_again
        });
        all.in_order = Chunks::of(clients.into_iter().map(ById).collect());
        let mut shards: Vec<Vec<Hashed>> = vec![Vec::new(); WIDTH * WIDTH];
        for client in all.iter() {
            let hash = all.hasher.hash_one(client.id.as_str());
            let (first, second) = path(hash);
            let client = Arc::clone(client);
            shards[first * WIDTH + second].push(Hashed { hash, client });
        }
        let by_hash = Arc::make_mut(&mut all.by_hash);
        for (place, mut shard) in shards.into_iter().enumerate() {
            if !shard.is_empty() {
                shard.sort_unstable_by_key(|it| it.hash);
                Arc::make_mut(&mut by_hash[place / WIDTH])[place % WIDTH] = shard.into();
            }
        }
        all
    }

    pub(super) fn insert(&mut self, client: &Arc<Client>) {
        let id = client.id.as_str();
        let hash = self.hasher.hash_one(id);
        let client = Arc::clone(client);
        self.change(hash, |shard| {
            shard.retain(|it| it.hash != hash || it.client.id != client.id);
            let at = shard.partition_point(|it| it.hash < hash);
            let client = Arc::clone(&client);
            shard.insert(at, Hashed { hash, client });
        });
        self.in_order.insert(ById(client));
    }

    pub(super) fn remove(&mut self, id: &str) {
        let hash = self.hasher.hash_one(id);
        self.change(hash, |shard| {
            shard.retain(|it| it.hash != hash || it.client.id.as_str() != id);
        });
        self.in_order.remove(id);
    }

    /// Changes the shard that has the clients of this hash.
    fn change(&mut self, hash: u64, change: impl FnOnce(&mut Vec<Hashed>)) {
        let (first, second) = path(hash);
        let shards = Arc::make_mut(&mut Arc::make_mut(&mut self.by_hash)[first]);
        let mut shard = Vec::with_capacity(shards[second].len() + 1);
        shard.extend_from_slice(&shards[second]);
        change(&mut shard);
        shards[second] = shard.into();
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<Client>> {
        let hash = self.hasher.hash_one(id);
        let (first, second) = path(hash);
        let shard = &self.by_hash[first][second];
        let from = shard.partition_point(|it| it.hash < hash);
        let alike = shard[from..].iter().take_while(|it| it.hash == hash);
        let mut clients = alike.map(|it| &it.client);
        clients.find(|client| client.id.as_str() == id)
    }

    /// In order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.in_order.iter().map(|it| &it.0)
    }

    /// Those after `id`, in order of their ids.
    pub(super) fn after(&self, id: &str) -> impl Iterator<Item = &Arc<Client>> {
        self.in_order.from(id, false).map(|it| &it.0)
    }

    pub(super) fn len(&self) -> usize {
        self.in_order.len()
    }
}

/// Where the clients of this hash are.
const fn path(hash: u64) -> (usize, usize) {
    let parts = hash >> 52;
    ((parts >> 6) as usize, (parts & 63) as usize)
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
