//! Who trusts which other issuer: an index of the clients.

use std::sync::Arc;

use rpds::RedBlackTreeSetSync;

use super::Registry;
use crate::domain::{client::Client, id::ClientId};

impl Registry {
    /// Whether any client trusts tokens of `issuer`.
    pub fn is_trusted_issuer(&self, issuer: &str) -> bool {
        self.trusts.contains_key(issuer)
    }

    /// The clients that trust, or trusted, tokens of `issuer`.
    pub fn clients_that_trust(&self, issuer: &str) -> impl Iterator<Item = &Arc<Client>> {
        let clients = self.trusts.get(issuer).into_iter().flatten();
        clients.filter_map(|id| self.clients.get(id.as_str()))
    }

    pub(super) fn remember_trust_of(&mut self, client: &Client) {
        for issuer in issuers(client) {
            let trusting = self.trusts.get(issuer).cloned();
            let mut trusting = trusting.unwrap_or_else(RedBlackTreeSetSync::new_sync);
            trusting.insert_mut(client.id.clone());
            self.trusts.insert_mut(issuer.to_owned(), trusting);
        }
    }

    /// Forgets that of a client as it is now.
    pub(super) fn forget_trust_of(&mut self, id: &ClientId) {
        let Some(client) = self.clients.get(id.as_str()).cloned() else {
            return;
        };
        for issuer in issuers(&client) {
            let Some(mut trusting) = self.trusts.get(issuer).cloned() else {
                continue;
            };
            trusting.remove_mut(id);
            if trusting.is_empty() {
                self.trusts.remove_mut(issuer);
            } else {
                self.trusts.insert_mut(issuer.to_owned(), trusting);
            }
        }
    }
}

fn issuers(client: &Client) -> impl Iterator<Item = &str> {
    client
        .secrets
        .iter()
        .filter_map(|secret| secret.proof.trust())
        .map(|trust| trust.issuer.as_str())
}
