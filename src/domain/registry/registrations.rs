//! Tokens by which clients register themselves, and who manages itself by which: an index of the
//! clients.

use std::sync::Arc;

use super::Registry;
use crate::domain::{
    client::Client,
    id::{ClientId, RegistrationTokenId},
    registration::{PlainToken, RegistrationToken},
};

impl Registry {
    /// The registration token with this public part.
    pub fn find_registration_token(
        &self,
        id: &RegistrationTokenId,
    ) -> Option<&Arc<RegistrationToken>> {
        self.registration_tokens.get(id)
    }

    /// All registration tokens that are remembered, by their public parts.
    pub fn registration_tokens(&self) -> impl Iterator<Item = &Arc<RegistrationToken>> {
        self.registration_tokens.values()
    }

    /// The registration token that somebody showed, open or not.
    pub fn recognise_registration_token(
        &self,
        shown: &PlainToken,
    ) -> Option<&Arc<RegistrationToken>> {
        let token = self.registration_tokens.get(shown.id())?;
        (token.digest == shown.digest(&self.pepper)).then_some(token)
    }

    /// The client that manages its registration by the token that somebody showed.
    pub fn find_client_by_access(&self, shown: &PlainToken) -> Option<&Arc<Client>> {
        let client = self.clients.get(self.managed.get(shown.id())?.as_str())?;
        let access = client.registration.as_ref()?.access.as_ref()?;
        (access.digest == shown.digest(&self.pepper)).then_some(client)
    }

    /// Whether a token of either kind has this public part.
    pub fn knows_registration_token(&self, id: &RegistrationTokenId) -> bool {
        self.registration_tokens.contains_key(id) || self.managed.contains_key(id)
    }

    pub(super) fn remember_access_of(&mut self, client: &Client) {
        if let Some(id) = access_id(client) {
            self.managed.insert_mut(id.clone(), client.id.clone());
        }
    }

    /// Forgets that of a client as it is now.
    pub(super) fn forget_access_of(&mut self, id: &ClientId) {
        if let Some(client) = self.clients.get(id.as_str()).cloned()
            && let Some(id) = access_id(&client)
        {
            self.managed.remove_mut(id);
        }
    }
}

fn access_id(client: &Client) -> Option<&RegistrationTokenId> {
    let access = client.registration.as_ref()?.access.as_ref()?;
    Some(&access.id)
}
