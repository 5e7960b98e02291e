//! A small world for the tests of this floor: built from records, as a store would hand them over.

use std::{fmt::Write, sync::Arc};

use super::{
    Context, Request, SlowHashes,
    access_token::{Anew, Expected},
    assertion::{FetchedKeys, KeySource},
    credentials::Header,
};
use crate::{
    crypto::{
        mac::MacKey,
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        api::{Api, ApiScope, ApiStatus, Signing},
        change::Effect,
        client::{Client, ClientStatus, Grants},
        id::{ApiIdentifier, Revision, SecretId},
        issuer::Issuer,
        key::SigningKey,
        name::{Description, DisplayName, Note, Owner},
        policy::Policy,
        registry::Registry,
        scope::ScopeSet,
        secret::{PlainSecret, Proof, Secret, SecretState},
        time::{Lifetime, Timestamp},
    },
};

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000);
pub(super) const SALES: &str = "https://sales.example/";

/// What is known, and what decisions are made with.
pub(super) struct World {
    pub(super) registry: Registry,
    pub(super) entropy: Entropy,
    pub(super) issuer: Issuer,
}

impl World {
    /// A registry with an ES256 key and nothing else.
    pub(super) fn new() -> Self {
        let entropy = Entropy::seeded(1);
        let mut world = Self {
            registry: Registry::empty(MacKey::new(&entropy.bytes())),
            issuer: "https://as.test".parse().unwrap(),
            entropy,
        };
        world.add_key(Algorithm::Es256);
        world
    }

    /// The API of the story and its client, whose secret comes back.
    pub(super) fn with_report_service() -> (Self, String) {
        let mut world = Self::new();
        world.put_api(api(SALES, "read:analytics write:analytics"));
        let secret = world.put_client(client(
            "report-service",
            &[(SALES, "read:analytics write:analytics")],
        ));
        (world, secret)
    }

    pub(super) fn add_key(&mut self, algorithm: Algorithm) {
        let key = Signer::generate(algorithm, &self.entropy);
        self.put_key(SigningKey::new(key, NOW, NOW));
    }

    pub(super) fn put_key(&mut self, key: SigningKey) {
        self.put(Effect::Key(key.id.clone(), Some(Arc::new(key))));
    }

    pub(super) fn put_api(&mut self, api: Api) {
        self.put(Effect::Api(api.identifier.clone(), Some(Arc::new(api))));
    }

    /// Registers a client with a secret of its own, and gives the secret.
    pub(super) fn put_client(&mut self, mut client: Client) -> String {
        let plain = PlainSecret::generate(&self.entropy);
        client
            .secrets
            .push(self.secret(&plain, SecretState::Active));
        self.replace_client(client);
        plain.reveal().to_owned()
    }

    pub(super) fn replace_client(&mut self, client: Client) {
        self.put(Effect::Client(client.id.clone(), Some(Arc::new(client))));
    }

    pub(super) fn remove_client(&mut self, id: &str) {
        self.put(Effect::Client(id.parse().unwrap(), None));
    }

    pub(super) fn remove_api(&mut self, identifier: &str) {
        self.put(Effect::Api(identifier.parse().unwrap(), None));
    }

    pub(super) fn put_policy(&mut self, policy: Policy) {
        self.put(Effect::Policy(Arc::new(policy)));
    }

    pub(super) fn secret(&self, plain: &PlainSecret, state: SecretState) -> Secret {
        kept(
            plain,
            Proof::of_generated(plain, self.registry.pepper()),
            state,
        )
    }

    pub(super) fn client(&self, id: &str) -> Client {
        Client::clone(self.registry.find_client_by_text(id).unwrap())
    }

    fn put(&mut self, effect: Effect) {
        let records = all(&self.registry).chain([effect]).collect::<Vec<_>>();
        let pepper = self.registry.pepper().clone();
        self.registry = Registry::from_records(pepper, Revision(1), records, []);
    }

    pub(super) fn expected(&self) -> Expected<'_> {
        self.context().expected()
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            now: NOW,
            issuer: &self.issuer,
            profile: crate::domain::profile::Profile::default(),
            mutual: None,
            entropy: &self.entropy,
            remembers: &nothing,
            keys: &no_keys,
            slow_hashes: SlowHashes::Ask,
            proofs: &super::dpop::Nowhere,
            verified: &Anew,
            is_revoked: &|_| false,
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            take: &|_, _| Ok(()),
            restored: None,
        }
    }
}

fn no_keys(_: &KeySource) -> Option<Arc<FetchedKeys>> {
    None
}

fn nothing(_: &SecretId, _: &str) -> bool {
    false
}

fn all(registry: &Registry) -> impl Iterator<Item = Effect> + '_ {
    let clients = registry
        .clients()
        .map(|it| Effect::Client(it.id.clone(), Some(it.clone())));
    let apis = registry
        .apis()
        .map(|it| Effect::Api(it.identifier.clone(), Some(it.clone())));
    let keys = registry
        .keys()
        .map(|it| Effect::Key(it.id.clone(), Some(it.clone())));
    clients.chain(apis).chain(keys)
}

pub(super) fn kept(plain: &PlainSecret, proof: Proof, state: SecretState) -> Secret {
    Secret {
        id: plain.id().clone(),
        proof,
        created: NOW,
        created_by: "system:test".into(),
        expires: None,
        note: Note::default(),
        leaked: None,
        state,
    }
}

pub(super) fn api(identifier: &str, scopes: &str) -> Api {
    Api {
        identifier: identifier.parse().unwrap(),
        name: name(identifier),
        description: Description::default(),
        status: ApiStatus::Active,
        signing: Signing::Published(Algorithm::Es256),
        token_lifetime: Lifetime::DEFAULT,
        longest_lifetime: Lifetime::DEFAULT,
        rules: crate::domain::api::ApiRules::default(),
        scopes: set(scopes)
            .iter()
            .map(|scope| (scope.clone(), ApiScope::default()))
            .collect(),
        created: NOW,
        revision: Revision::default(),
    }
}

pub(super) fn client(id: &str, grants: &[(&str, &str)]) -> Client {
    let grant = |(api, scopes): &(&str, &str)| -> (ApiIdentifier, ScopeSet) {
        (api.parse().unwrap(), set(scopes))
    };
    Client {
        id: id.parse().unwrap(),
        name: name("A client"),
        description: Description::default(),
        owner: Owner::default(),
        status: ClientStatus::Active,
        created: NOW,
        token_lifetime: None,
        grants: grants.iter().map(grant).collect::<Grants>().into(),
        default_scopes: ScopeSet::default(),
        secrets: Vec::new(),
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: Revision::default(),
    }
}

pub(super) fn set(scopes: &str) -> ScopeSet {
    scopes.parse().unwrap()
}

fn name(text: &str) -> DisplayName {
    text.parse().unwrap()
}

/// A request without an `Authorization` header.
pub(super) fn body(body: &str) -> Request<'_> {
    Request::new(Header::Absent, body.as_bytes())
}

/// `text` with every byte escaped, as no client does and each may.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        write!(escaped, "%{byte:02X}").unwrap();
    }
    escaped
}
