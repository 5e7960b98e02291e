//! When each secret was last used, and how often: exact, in memory, without a lock.
//!
//! The detail of usage may be dropped under load or lost with a crash's last flush interval; these
//! two numbers are not, while the process lives. They are what deadlines are judged by.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use crate::domain::{
    change::{Commit, Effect},
    client::Client,
    id::SecretId,
    registry::Registry,
    time::Timestamp,
    usage::LastUse,
};
use arc_swap::ArcSwap;

/// One mark for each secret, in parts by the numbers of the secrets. Those who hold a part as it was, and as it is,
/// hold the same marks.
#[derive(Debug)]
pub(super) struct LastUses(Box<[ArcSwap<Part>]>);

/// Into how many parts the marks are parted.
const PARTS: usize = 4096;

/// The marks of some secrets, in order of the secrets' numbers.
type Part = Vec<(u64, Arc<Mark>)>;

#[derive(Debug, Default)]
struct Mark {
    at: AtomicI64,
    count: AtomicU64,
}

impl LastUses {
    /// Marks for every secret in `registry`, beginning with what is on record.
    pub(super) fn new(registry: &Registry, recorded: Vec<(SecretId, LastUse)>) -> Self {
        let mut parts = vec![Part::new(); PARTS];
        for (id, last) in recorded {
            let mark = Mark {
                at: last.at.0.into(),
                count: last.count.into(),
            };
            parts[part_of(&id)].push((id.number(), mark.into()));
        }
        for secret in registry.clients().flat_map(|client| &client.secrets) {
            parts[part_of(&secret.id)].push((secret.id.number(), Arc::default()));
        }
        let empty = Arc::new(Part::new());
        let parts = parts.into_iter().map(|mut part| {
            if part.is_empty() {
                return ArcSwap::new(Arc::clone(&empty));
            }
            // What is on record comes before what is only known, and the first counts.
            part.sort_by_key(|(number, _)| *number);
            part.dedup_by_key(|(number, _)| *number);
            part.shrink_to_fit();
            ArcSwap::from_pointee(part)
        });
        Self(parts.collect())
    }

    /// Marks for the secrets that `commit` brings. Called by the executor only.
    pub(super) fn follow(&self, commit: &Commit) {
        self.add(
            commit
                .changes
                .iter()
                .filter_map(|change| match &change.effect {
                    Effect::Client(_, client) => client.as_deref(),
                    Effect::Api(..)
                    | Effect::Key(..)
                    | Effect::Operator(..)
                    | Effect::Told(..)
                    | Effect::Handover(..)
                    | Effect::RegistrationToken(..)
                    | Effect::Policy(_)
                    | Effect::MasterKey(_)
                    | Effect::Nothing => None,
                }),
        );
    }

    /// Marks for all secrets of `registry`. Called by the executor only.
    pub(super) fn follow_registry(&self, registry: &Registry) {
        self.add(registry.clients().map(Arc::as_ref));
    }

    fn add<'a>(&self, clients: impl Iterator<Item = &'a Client>) {
        for secret in clients.flat_map(|client| &client.secrets) {
            let part = &self.0[part_of(&secret.id)];
            let known = part.load();
            if let Err(at) = find(&known, &secret.id) {
                let mut marks = Part::clone(&known);
                marks.insert(at, (secret.id.number(), Arc::default()));
                part.store(Arc::new(marks));
            }
        }
    }

    /// Notes a use.
    pub(super) fn mark(&self, secret: &SecretId, at: Timestamp) {
        let part = self.0[part_of(secret)].load();
        if let Ok(place) = find(&part, secret) {
            let mark = &part[place].1;
            mark.at.fetch_max(at.0, Ordering::Relaxed);
            mark.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The latest use, and the number of uses.
    pub(super) fn of(&self, secret: &SecretId) -> Option<(Timestamp, u64)> {
        let part = self.0[part_of(secret)].load();
        let mark = &part[find(&part, secret).ok()?].1;
        let count = mark.count.load(Ordering::Relaxed);
        (count > 0).then(|| (Timestamp(mark.at.load(Ordering::Relaxed)), count))
    }
}

/// The part that `secret` is in. Its number is that of a random text: what differs is spread over all bits.
const fn part_of(secret: &SecretId) -> usize {
    (secret.number().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
}

/// Where the mark of `secret` is, or would be.
fn find(part: &Part, secret: &SecretId) -> Result<usize, usize> {
    part.binary_search_by_key(&secret.number(), |(number, _)| *number)
}
