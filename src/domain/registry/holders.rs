//! How many clients may call each API, and have each scope: counted, so that nobody looks through all clients for it.

use std::{collections::BTreeMap, sync::Arc};

use super::Registry;
use crate::domain::{
    client::{Client, Grants},
    id::{ApiIdentifier, ClientId},
    scope::Scope,
};

/// The counts of each API that is granted to anybody.
pub(super) type Holders = Arc<BTreeMap<ApiIdentifier, OfApi>>;

/// How many clients an API has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct OfApi {
    clients: usize,
    scopes: BTreeMap<Scope, usize>,
}

impl Registry {
    /// How many clients have a grant on `api`.
    pub fn count_clients_of(&self, api: &ApiIdentifier) -> usize {
        self.holders.get(api).map_or(0, |it| it.clients)
    }

    /// How many clients have `scope` of `api`.
    pub fn count_holders(&self, api: &ApiIdentifier, scope: &str) -> usize {
        let count = self.holders.get(api).and_then(|it| it.scopes.get(scope));
        count.copied().unwrap_or_default()
    }

    /// Counts the grants of `client`, which nobody knew.
    pub(super) fn count_new_grants(&mut self, client: &Client) {
        remember(Arc::make_mut(&mut self.holders), &client.grants);
    }

    /// Counts the grants of `client`, and no longer those that it had.
    pub(super) fn count_grants(&mut self, id: &ClientId, client: Option<&Client>) {
        let before = self.clients.get(id.as_str()).map(|it| it.grants.clone());
        if before.as_ref() == client.map(|client| &client.grants) {
            return;
        }
        let holders = Arc::make_mut(&mut self.holders);
        if let Some(before) = before {
            forget(holders, &before);
        }
        if let Some(client) = client {
            remember(holders, &client.grants);
        }
    }
}

fn remember(holders: &mut BTreeMap<ApiIdentifier, OfApi>, grants: &Grants) {
    for (api, scopes) in grants {
        if !holders.contains_key(api) {
            holders.insert(api.clone(), OfApi::default());
        }
        let Some(of_api) = holders.get_mut(api) else {
            continue;
        };
        of_api.clients += 1;
        for scope in scopes {
            if let Some(count) = of_api.scopes.get_mut(scope) {
                *count += 1;
            } else {
                of_api.scopes.insert(scope.clone(), 1);
            }
        }
    }
}

fn forget(holders: &mut BTreeMap<ApiIdentifier, OfApi>, grants: &Grants) {
    for (api, scopes) in grants {
        let Some(of_api) = holders.get_mut(api) else {
            continue;
        };
        of_api.clients -= 1;
        for scope in scopes {
            if let Some(count) = of_api.scopes.get_mut(scope) {
                *count -= 1;
            }
        }
        of_api.scopes.retain(|_, count| *count > 0);
        if of_api.clients == 0 {
            holders.remove(api);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{crypto::mac::MacKey, domain::arbitrary};

    proptest! {
        #[test]
        fn the_counts_are_those_of_the_clients_that_are_there(
            commits in proptest::collection::vec(arbitrary::changes(), 1..8),
        ) {
            let mut registry = Registry::empty(MacKey::new(&[7; 32]));
            for change in commits.into_iter().flatten() {
                registry.put(&change.effect);
                let mut found = BTreeMap::new();
                for client in registry.clients() {
                    remember(&mut found, &client.grants);
                }
                prop_assert_eq!(&*registry.holders, &found);
            }
        }
    }
}
