//! Everything the server knows, at one revision: immutable, cheap to share, cheap to follow up.

mod chunks;
mod clients;
mod holders;
mod keys;
mod offers;
mod recent;
mod registrations;
mod secrets;
mod trusts;

use std::{fmt, sync::Arc};

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use zeroize::Zeroizing;

use self::{
    chunks::Chunks, clients::Clients, holders::Holders, offers::Offers, recent::Recent,
    secrets::Named,
};
use super::{
    api::Api,
    audit::Object,
    change::{Commit, Effect},
    client::Client,
    handover::Handover,
    id::{
        ApiIdentifier, ClientId, HandoverId, KeyId, OperatorId, RegistrationTokenId, Revision,
        SecretId,
    },
    key::SigningKey,
    link::{LinkToken, LinkUse},
    name::Email,
    operator::Operator,
    policy::Policy,
    registration::RegistrationToken,
};
use crate::crypto::{mac::MacKey, sealed::SealingKey};

/// Clients, APIs, signing keys, operators, hand-overs, registration tokens and the policy at one [`Revision`].
///
/// Never mutated once published: [`Registry::apply`] makes the next one, which shares with it all
/// that stayed the same, so that a change among a million clients costs microseconds.
#[derive(Clone)]
pub struct Registry {
    revision: Revision,
    pepper: MacKey,
    /// What opaque tokens are sealed with: derived from `pepper`.
    token_seal: Arc<SealingKey>,
    clients: Clients,
    removed_clients: RedBlackTreeSetSync<ClientId>,
    apis: RedBlackTreeMapSync<ApiIdentifier, Arc<Api>>,
    keys: RedBlackTreeMapSync<KeyId, Arc<SigningKey>>,
    operators: RedBlackTreeMapSync<OperatorId, Arc<Operator>>,
    handovers: RedBlackTreeMapSync<HandoverId, Arc<Handover>>,
    registration_tokens: RedBlackTreeMapSync<RegistrationTokenId, Arc<RegistrationToken>>,
    policy: Arc<Policy>,
    /// Whose each secret is: derived from `clients`.
    secrets: Chunks<Named>,
    /// Who manages its registration by which token: derived from `clients`.
    managed: RedBlackTreeMapSync<RegistrationTokenId, ClientId>,
    /// Who trusts each other issuer: derived from `clients`.
    trusts: RedBlackTreeMapSync<String, RedBlackTreeSetSync<ClientId>>,
    /// What some clients do that metadata tell of: derived from `clients`.
    offers: Offers,
    /// How many clients have each grant: derived from `clients`.
    holders: Holders,
    /// Which of the clients changed lately.
    recent: Recent,
    /// The keys that exist, by algorithm, the one that signs latest first: derived from `keys`.
    signing: Arc<Vec<Arc<SigningKey>>>,
}

impl Registry {
    /// A registry that knows nothing yet; `pepper` is what client secrets are hashed under.
    pub fn empty(pepper: MacKey) -> Self {
        let key = Zeroizing::new(pepper.derive("jeton opaque access tokens"));
        Self {
            revision: Revision::default(),
            token_seal: Arc::new(SealingKey::new(&key)),
            pepper,
            clients: Clients::new(),
            removed_clients: RedBlackTreeSetSync::new_sync(),
            apis: RedBlackTreeMapSync::new_sync(),
            keys: RedBlackTreeMapSync::new_sync(),
            operators: RedBlackTreeMapSync::new_sync(),
            handovers: RedBlackTreeMapSync::new_sync(),
            registration_tokens: RedBlackTreeMapSync::new_sync(),
            policy: Arc::default(),
            secrets: Chunks::new(),
            managed: RedBlackTreeMapSync::new_sync(),
            trusts: RedBlackTreeMapSync::new_sync(),
            offers: Offers::default(),
            holders: Holders::default(),
            recent: Recent::after(Revision::default()),
            signing: Arc::default(),
        }
    }

    /// A registry from stored records.
    pub fn from_records(
        pepper: MacKey,
        revision: Revision,
        records: impl IntoIterator<Item = Effect>,
        removed: impl IntoIterator<Item = ClientId>,
    ) -> Self {
        let mut registry = Self {
            revision,
            recent: Recent::after(revision),
            ..Self::empty(pepper)
        };
        for id in removed {
            registry.removed_clients.insert_mut(id);
        }
        let mut clients = Vec::new();
        for record in records {
            if let Effect::Client(id, client) = record {
                if client.is_none() {
                    clients.retain(|it: &Arc<Client>| it.id != id);
                }
                clients.extend(client);
            } else {
                registry.put(&record);
            }
        }
        registry.clients = Clients::of(clients);
        registry.secrets = Named::all_of(&registry.clients);
        for client in registry.clients.clone().iter() {
            registry.count_new_grants(client);
            registry.remember_trust_of(client);
            registry.remember_access_of(client);
            registry.remember_offers_of(client);
        }
        registry
    }

    /// The registry after `commit`.
    ///
    /// # Panics
    /// If the commit was decided on another revision: the executor runs one at a time.
    #[must_use]
    pub fn apply(&self, commit: &Commit) -> Self {
        assert_eq!(
            self.revision, commit.base,
            "a commit applies to the revision it was decided on"
        );
        let mut next = self.clone();
        next.revision = commit.revision();
        for change in &commit.changes {
            next.put(&change.effect);
        }
        next.recent.note(commit);
        next
    }

    pub(super) fn put(&mut self, effect: &Effect) {
        match effect {
            Effect::Client(id, Some(client)) => {
                self.count_grants(id, Some(client));
                self.forget_secrets_of(id);
                for named in Named::of(client) {
                    self.secrets.insert(named);
                }
                self.remember_trust_of(client);
                self.remember_access_of(client);
                self.remember_offers_of(client);
                self.clients.insert(client);
            }
            Effect::Client(id, None) => {
                self.count_grants(id, None);
                self.forget_secrets_of(id);
                self.clients.remove(id.as_str());
                self.removed_clients.insert_mut(id.clone());
            }
            Effect::Api(id, Some(api)) => self.apis.insert_mut(id.clone(), Arc::clone(api)),
            Effect::Api(id, None) => {
                self.apis.remove_mut(id);
            }
            Effect::Key(id, Some(key)) => {
                self.keys.insert_mut(id.clone(), Arc::clone(key));
                self.sort_signing_keys();
            }
            Effect::Key(id, None) => {
                self.keys.remove_mut(id);
                self.sort_signing_keys();
            }
            Effect::Operator(id, Some(operator)) => {
                self.operators.insert_mut(id.clone(), Arc::clone(operator));
            }
            Effect::Operator(id, None) => {
                self.operators.remove_mut(id);
            }
            Effect::Handover(id, _, Some(handover)) => {
                self.handovers.insert_mut(id.clone(), Arc::clone(handover));
            }
            Effect::Handover(id, _, None) => {
                self.handovers.remove_mut(id);
            }
            Effect::RegistrationToken(id, Some(token)) => {
                self.registration_tokens
                    .insert_mut(id.clone(), Arc::clone(token));
            }
            Effect::RegistrationToken(id, None) => {
                self.registration_tokens.remove_mut(id);
            }
            Effect::Policy(policy) => self.policy = Arc::clone(policy),
            Effect::Told(..) | Effect::MasterKey(_) | Effect::Nothing => {}
        }
    }

    fn forget_secrets_of(&mut self, id: &ClientId) {
        self.forget_trust_of(id);
        self.forget_access_of(id);
        self.forget_offers_of(id);
        let client = self.clients.get(id.as_str()).cloned();
        for secret in client.iter().flat_map(|it| &it.secrets) {
            self.secrets.remove(secret.id.as_str());
        }
    }

    /// How many commits led here.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The revision that last changed a record, if it exists.
    pub fn revision_of(&self, object: &Object) -> Option<Revision> {
        match object {
            Object::Server => Some(self.revision),
            Object::Client(id) => self.find_client(id).map(|it| it.revision),
            Object::Api(id) => self.find_api(id).map(|it| it.revision),
            Object::Key(id) => self.find_key(id).map(|it| it.revision),
            Object::Operator(id) => self.find_operator(id).map(|it| it.revision),
            Object::RegistrationToken(id) => self.find_registration_token(id).map(|it| it.revision),
            Object::Settings => Some(self.policy.revision),
        }
    }

    /// What opaque tokens are sealed with.
    pub fn token_seal(&self) -> &SealingKey {
        &self.token_seal
    }

    /// What client secrets are hashed under.
    pub fn pepper(&self) -> &MacKey {
        &self.pepper
    }

    /// The client a request claims to come from. Says nothing about whether it proved it.
    pub fn find_client(&self, id: &ClientId) -> Option<&Arc<Client>> {
        self.clients.get(id.as_str())
    }

    /// The client with this id, if any has it.
    pub fn find_client_by_text(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(id)
    }

    /// The client that has, or had, this secret.
    pub fn find_client_by_secret(&self, id: &SecretId) -> Option<&Arc<Client>> {
        self.secrets.get(id.as_str()).map(|it| &it.client)
    }

    /// The clients that have, or had, a secret whose id begins so.
    pub fn clients_by_secret(&self, prefix: &str) -> Vec<&Arc<Client>> {
        let from = self.secrets.from(prefix, true);
        let found = from.take_while(|it| it.id.as_str().starts_with(prefix));
        found.map(|it| &it.client).collect()
    }

    /// Whether a client had this id once. It is never given to another.
    pub fn was_removed(&self, id: &ClientId) -> bool {
        self.removed_clients.contains(id)
    }

    /// All clients, by id.
    pub fn clients(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.iter()
    }

    /// The clients after `id`, in order of their ids.
    pub fn clients_after<'a>(&'a self, id: &'a ClientId) -> impl Iterator<Item = &'a Arc<Client>> {
        self.clients.after(id.as_str())
    }

    /// How many clients there are.
    pub fn client_count(&self) -> usize {
        self.clients.len()
    }

    /// Ids of the clients that were removed.
    pub fn removed_clients(&self) -> impl Iterator<Item = &ClientId> {
        self.removed_clients.iter()
    }

    /// The API with this identifier.
    pub fn find_api(&self, identifier: &ApiIdentifier) -> Option<&Arc<Api>> {
        self.apis.get(identifier)
    }

    /// All APIs, by identifier.
    pub fn apis(&self) -> impl Iterator<Item = &Arc<Api>> {
        self.apis.values()
    }

    /// The signing key with this id, whatever its age.
    pub fn find_key(&self, id: &KeyId) -> Option<&Arc<SigningKey>> {
        self.keys.get(id)
    }

    /// All signing keys, by id.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<SigningKey>> {
        self.keys.values()
    }

    /// The operator with this id.
    pub fn find_operator(&self, id: &OperatorId) -> Option<&Arc<Operator>> {
        self.operators.get(id)
    }

    /// The operator who signs in with this address.
    pub fn find_operator_by_email(&self, email: &Email) -> Option<&Arc<Operator>> {
        self.operators
            .values()
            .find(|operator| operator.email == *email)
    }

    /// The operator whose one-time link has this token, open or not.
    pub fn find_operator_by_link(&self, token: &LinkToken) -> Option<&Arc<Operator>> {
        let token = token.digest(LinkUse::Account, &self.pepper);
        self.operators
            .values()
            .find(|operator| operator.link.as_ref().is_some_and(|it| it.token == token))
    }

    /// All operators, by id.
    pub fn operators(&self) -> impl Iterator<Item = &Arc<Operator>> {
        self.operators.values()
    }

    /// The policy.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The hand-over with this id.
    pub fn find_handover(&self, id: &HandoverId) -> Option<&Arc<Handover>> {
        self.handovers.get(id)
    }

    /// The hand-over whose link has this token, open or not.
    pub fn find_handover_by_token(&self, token: &LinkToken) -> Option<&Arc<Handover>> {
        let token = token.digest(LinkUse::Handover, &self.pepper);
        self.handovers().find(|handover| handover.token == token)
    }

    /// All hand-overs that are remembered, by id.
    pub fn handovers(&self) -> impl Iterator<Item = &Arc<Handover>> {
        self.handovers.values()
    }
}

/// Two registries are equal when they know the same at the same revision.
impl PartialEq for Registry {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision
            && self.clients == other.clients
            && self.removed_clients == other.removed_clients
            && self.apis == other.apis
            && self.keys == other.keys
            && self.operators == other.operators
            && self.handovers == other.handovers
            && self.registration_tokens == other.registration_tokens
            && self.policy == other.policy
            && self.signing == other.signing
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("revision", &self.revision)
            .field("clients", &self.clients.iter().collect::<Vec<_>>())
            .field("removed_clients", &self.removed_clients)
            .field("apis", &self.apis.values().collect::<Vec<_>>())
            .field("keys", &self.keys.values().collect::<Vec<_>>())
            .field("operators", &self.operators.values().collect::<Vec<_>>())
            .field("handovers", &self.handovers.values().collect::<Vec<_>>())
            .field(
                "registration_tokens",
                &self.registration_tokens.values().collect::<Vec<_>>(),
            )
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
