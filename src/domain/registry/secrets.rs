//! Whose each secret is.

use std::{borrow::Borrow, sync::Arc};

use super::{chunks::Chunks, clients::Clients};
use crate::domain::{client::Client, id::SecretId};

/// A secret, by its name, and the client that has or had it.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) id: SecretId,
    pub(super) client: Arc<Client>,
}

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        self.id.as_str()
    }
}

impl Named {
    /// The secrets of `client`.
    pub(super) fn of(client: &Arc<Client>) -> impl Iterator<Item = Self> {
        client.secrets.iter().map(|secret| Self {
            id: secret.id.clone(),
            client: Arc::clone(client),
        })
    }

    /// The secrets of all `clients`.
    pub(super) fn all_of(clients: &Clients) -> Chunks<Self> {
        let mut all: Vec<Self> = clients.iter().flat_map(Self::of).collect();
        // Numbers are in the order of the texts.
        all.sort_by_key(|secret| secret.id.number());
        all.dedup_by(|later, earlier| {
            let is_again = later.id == earlier.id;
            if is_again {
                std::mem::swap(later, earlier);
            }
            is_again
        });
        Chunks::of(all)
    }
}
