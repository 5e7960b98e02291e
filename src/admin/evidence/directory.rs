//! All clients in order of their names, with what lists of them are narrowed and sorted by: kept from one page to the
//! next, so that a page costs little however many clients there are.
//!
//! What is kept tells where to look; it follows each change of a client at once, and time and usage with each
//! [`Overview`]. What a page says of the clients that it shows is worked out when it is shown.

mod groups;
mod search;
mod standing;

use std::{collections::BTreeSet, sync::Arc};

use self::groups::Groups;
pub use self::standing::{End, Kind, Standing};
use super::{attention::Lookout, overview::Overview};
use crate::domain::{
    client::Client,
    id::{ApiIdentifier, ClientId},
    name::Place,
    order,
    registry::Registry,
    time::Span,
};

/// How many clients may find another place by their names before all are put in order anew: each makes those after
/// it move on.
const MOST_MOVES: usize = 50;

/// All clients, as of one revision and one overview.
#[derive(Clone)]
pub struct Directory {
    registry: Arc<Registry>,
    overview: Arc<Overview>,
    oldest_secret: Span,
    /// By name, and those of one name by id.
    entries: Vec<Entry>,
    owners: Groups,
    access: Groups,
}

/// A client, and what it is found and sorted by.
#[derive(Clone)]
pub struct Entry {
    /// The client.
    pub client: Arc<Client>,
    /// How it stood when it was last looked at.
    pub standing: Standing,
    /// Name, id, owner and description, in lower case, one in a line.
    text: Arc<str>,
    /// The letters in its name and its id.
    letters: u64,
    /// Its owner, among all.
    owner: usize,
    /// What it can call, among all that clients can.
    access: usize,
}

/// What clients are sorted by; the name decides among equals.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// Their names.
    Name,
    /// What needs attention first, the worst before the others.
    Attention,
    /// Who answers for them; those that nobody does last.
    Owner,
    /// The names of the APIs that they can call; those that can call none last.
    Access,
    /// When their last secret ends, soonest first.
    End,
    /// Their latest token, the latest first.
    Last,
    /// Their tokens in seven days, most first.
    Week,
}

impl Directory {
    /// The clients of `registry`, as they are seen from `lookout` with what `overview` knows.
    pub fn new(registry: &Arc<Registry>, overview: Arc<Overview>, lookout: &Lookout<'_>) -> Self {
        let mut directory = Self {
            oldest_secret: lookout.oldest_secret,
            entries: Vec::with_capacity(registry.client_count()),
            owners: Groups::default(),
            access: Groups::default(),
            registry: Arc::clone(registry),
            overview,
        };
        for client in registry.clients() {
            let entry = directory.entry(client, lookout);
            directory.entries.push(entry);
        }
        order::by_key(&mut directory.entries, Entry::place);
        directory.rank();
        directory
    }

    /// Takes over what `overview` knows.
    pub fn see(&mut self, overview: Arc<Overview>, lookout: &Lookout<'_>) {
        self.overview = overview;
        self.look_again(lookout);
    }

    /// Takes over what changed until `registry`.
    pub fn follow(&mut self, registry: Arc<Registry>, lookout: &Lookout<'_>) {
        if registry.revision() == self.registry.revision() {
            return;
        }
        let changed = registry.clients_changed_after(self.registry.revision());
        let changed: Option<BTreeSet<ClientId>> = changed.map(|ids| ids.cloned().collect());
        let before = std::mem::replace(&mut self.registry, registry);
        if !changed.is_some_and(|changed| self.take_over(&changed, &before, lookout)) {
            *self = Self::new(&self.registry, Arc::clone(&self.overview), lookout);
            return;
        }
        let apis = |of: &Registry| -> Vec<_> { of.apis().map(Arc::as_ptr).collect() };
        if apis(&before) != apis(&self.registry) {
            self.access.remake(&|client| access(client, &self.registry));
        }
        self.rank();
        if self.oldest_secret != lookout.oldest_secret {
            self.look_again(lookout);
        }
    }

    /// Takes over these clients; false if there are so many that it is better to begin anew.
    fn take_over(
        &mut self,
        changed: &BTreeSet<ClientId>,
        before: &Registry,
        lookout: &Lookout<'_>,
    ) -> bool {
        let mut moves = 0;
        for id in changed {
            let old = before.find_client(id).map(|client| self.find(client));
            let new = self.registry.find_client(id).cloned();
            let new = new.map(|client| (self.find(&client), self.entry(&client, lookout)));
            match (old, new) {
                (Some(Ok(old)), Some((Ok(new), entry))) if old == new => self.entries[old] = entry,
                (old, new) => {
                    moves += 1;
                    if moves > MOST_MOVES {
                        return false;
                    }
                    if let Some(Ok(old)) = old {
                        self.entries.remove(old);
                    }
                    if let Some((_, entry)) = new {
                        let at = self.find(&entry.client).unwrap_or_else(|at| at);
                        self.entries.insert(at, entry);
                    }
                }
            }
        }
        true
    }

    /// Where `client` stands, or would.
    fn find(&self, client: &Client) -> Result<usize, usize> {
        let place = Place::of(client.name.as_str());
        self.entries.binary_search_by(|entry| {
            let by_name = entry.place().cmp(&place);
            by_name.then_with(|| entry.client.id.cmp(&client.id))
        })
    }

    fn entry(&mut self, client: &Arc<Client>, lookout: &Lookout<'_>) -> Entry {
        let registry = &self.registry;
        let mut key = String::new();
        for (api, scopes) in &client.grants {
            for part in ["\n", api.as_str(), "\n", scopes.as_str()] {
                key.push_str(part);
            }
        }
        let text = format!(
            "{}\n{}\n{}\n{}",
            client.name, client.id, client.owner, client.description
        );
        let text = text.to_lowercase();
        let names = text.match_indices('\n').nth(1).map_or(0, |(end, _)| end);
        Entry {
            letters: search::letters_of(&text[..names]),
            owner: self.owners.find(client.owner.as_str(), client, &owner),
            access: self
                .access
                .find(&key, client, &|client| access(client, registry)),
            text: text.into(),
            standing: Standing::of(client, lookout),
            client: Arc::clone(client),
        }
    }

    fn look_again(&mut self, lookout: &Lookout<'_>) {
        self.oldest_secret = lookout.oldest_secret;
        for entry in &mut self.entries {
            entry.standing = Standing::of(&entry.client, lookout);
        }
    }

    fn rank(&mut self) {
        self.owners.rank();
        self.access.rank();
    }

    /// What the server knows, as the directory has it.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// What is known of usage, as the directory has it.
    pub fn overview(&self) -> &Arc<Overview> {
        &self.overview
    }

    /// The places of all clients, and of those that have every word of `text` in their name, id, owner, description,
    /// scopes or APIs, or that such a secret or address belongs to.
    pub fn matching(&self, text: &str) -> Vec<usize> {
        search::matching(self, text)
    }

    /// The name that is nearly `text`: of a client, or a word of it.
    pub fn nearest(&self, text: &str) -> Option<String> {
        search::nearest(self, text)
    }

    /// The client at this place.
    pub fn at(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    /// All clients, by name.
    pub fn clients(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.entries.iter().map(|entry| &entry.client)
    }

    /// The clients of this kind, by name.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Arc<Client>> {
        let found = self.entries.iter();
        let found = found.filter(move |entry| entry.standing.is(kind));
        found.map(|entry| &entry.client)
    }

    /// The places of the clients of this kind.
    pub fn places(&self, kind: Kind) -> Vec<usize> {
        let places = 0..self.entries.len();
        places
            .filter(|at| self.entries[*at].standing.is(kind))
            .collect()
    }

    /// The clients that have grants of which `is_meant` is true, by name.
    pub fn granted(
        &self,
        is_meant: impl Fn(&Client) -> bool,
    ) -> impl Iterator<Item = &Arc<Client>> {
        let meant = self.access.each(&is_meant);
        let found = self.entries.iter().filter(move |it| meant[it.access]);
        found.map(|entry| &entry.client)
    }

    /// The clients that may call `api`, or all, whose name or id has `text` in it; by name.
    pub fn named<'d>(
        &'d self,
        text: &str,
        api: Option<&ApiIdentifier>,
    ) -> impl Iterator<Item = &'d Arc<Client>> {
        let wanted = search::Part::new(text);
        let holds = |client: &Client| api.is_none_or(|api| client.grants.contains_key(api));
        let meant = self.access.each(&holds);
        let found = self.entries.iter().filter(move |entry| {
            let mut lines = entry.text.split('\n').take(2);
            meant[entry.access] && lines.any(|line| wanted.is_in(line))
        });
        found.map(|entry| &entry.client)
    }

    /// Of the clients at the places `found`, those that come from `first` on when they are sorted: at most `most`.
    pub fn sorted(
        &self,
        found: &[usize],
        (by, is_turned): (By, bool),
        (first, most): (usize, usize),
    ) -> Vec<&Entry> {
        let until = found.len().saturating_sub(first);
        let most = most.min(until);
        let from = if is_turned { until - most } else { first };
        let mut shown: Vec<&Entry> = if by == By::Name {
            let places = found.iter().skip(from).take(most);
            places.map(|place| &self.entries[*place]).collect()
        } else {
            let keys = found.iter().map(|place| self.key(*place, by));
            let mut keys: Vec<u128> = keys.collect();
            let shown = order::window(&mut keys, from, most).iter();
            let places = shown.map(|key| (key & u128::from(u32::MAX)) as usize);
            places.map(|place| &self.entries[place]).collect()
        };
        if is_turned {
            shown.reverse();
        }
        shown
    }

    /// What the client at `place` is sorted by, and its place among equals.
    fn key(&self, place: usize, by: By) -> u128 {
        let entry = &self.entries[place];
        let key = match by {
            By::Name => 0,
            By::Owner => self.owners.rank_of(entry.owner) as u128,
            By::Access => self.access.rank_of(entry.access) as u128,
            By::Attention | By::End | By::Last | By::Week => entry.standing.key(by),
        };
        key << 32 | place as u128
    }
}

impl Entry {
    fn place(&self) -> Place {
        Place::of(self.client.name.as_str())
    }
}

fn owner(client: &Client) -> (Vec<Place>, String) {
    let owner = Some(client.owner.as_str()).filter(|owner| !owner.is_empty());
    (owner.into_iter().map(Place::of).collect(), String::new())
}

/// Where what a client can call stands among others, and all that is said of it, in lower case.
fn access(client: &Client, registry: &Registry) -> (Vec<Place>, String) {
    let mut text = String::new();
    let mut places = Vec::new();
    for (api, scopes) in &client.grants {
        let found = registry.find_api(api);
        let name = found.map_or_else(|| api.as_str(), |api| api.name.as_str());
        places.push(Place::of(name));
        for part in ["\n", api.as_str(), "\n", name] {
            text.push_str(part);
        }
        for scope in scopes {
            text.push('\n');
            text.push_str(scope.as_str());
        }
    }
    order::by_key(&mut places, Place::clone);
    (places, text.to_lowercase())
}

#[cfg(test)]
mod tests;
