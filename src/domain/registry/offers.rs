//! What some clients do that metadata tell of: counted, so that nobody looks through all clients for it.

use super::Registry;
use crate::domain::{client::Client, credential::Method, id::ClientId};

/// How many clients do so.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Offers {
    sign_with_secrets: usize,
    exchange_tokens: usize,
}

impl Registry {
    /// Whether any client signs with its secret (`client_secret_jwt`), or did so.
    pub fn has_client_that_signs_with_secrets(&self) -> bool {
        self.offers.sign_with_secrets > 0
    }

    /// Whether any client that gets tokens may exchange some (RFC 8693).
    pub fn has_client_that_exchanges_tokens(&self) -> bool {
        self.offers.exchange_tokens > 0
    }

    pub(super) fn remember_offers_of(&mut self, client: &Client) {
        let its = Offers::of(client);
        self.offers.sign_with_secrets += its.sign_with_secrets;
        self.offers.exchange_tokens += its.exchange_tokens;
    }

    /// Forgets those of a client as it is now.
    pub(super) fn forget_offers_of(&mut self, id: &ClientId) {
        let its = self
            .clients
            .get(id.as_str())
            .map(|client| Offers::of(client));
        let its = its.unwrap_or_default();
        self.offers.sign_with_secrets -= its.sign_with_secrets;
        self.offers.exchange_tokens -= its.exchange_tokens;
    }
}

impl Offers {
    fn of(client: &Client) -> Self {
        let mut secrets = client.secrets.iter();
        let signs = secrets.any(|it| it.proof.method() == Method::ClientSecretJwt);
        let exchanges = client.rules.token_exchange && client.is_active();
        Self {
            sign_with_secrets: usize::from(signs),
            exchange_tokens: usize::from(exchanges),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{crypto::mac::MacKey, domain::arbitrary};

    proptest! {
        /// Clients come, change and go: the counts are what a look at all of them would find.
        #[test]
        fn the_counts_are_those_of_the_clients_that_are_there(
            commits in proptest::collection::vec(arbitrary::changes(), 1..8),
        ) {
            let mut registry = Registry::empty(MacKey::new(&[7; 32]));
            for change in commits.into_iter().flatten() {
                registry.put(&change.effect);
                let mut found = Offers::default();
                for client in registry.clients() {
                    let its = Offers::of(client);
                    found.sign_with_secrets += its.sign_with_secrets;
                    found.exchange_tokens += its.exchange_tokens;
                }
                prop_assert_eq!(registry.offers, found);
            }
        }
    }
}
