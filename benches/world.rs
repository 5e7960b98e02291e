//! The API and the clients that benchmarks have to do with, as records.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use jeton::{
    crypto::{
        mac::MacKey,
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        api::{Api, ApiScope, ApiStatus, Signing},
        change::Effect,
        client::{Client, ClientStatus},
        id::Revision,
        issuer::Issuer,
        key::SigningKey,
        profile::Profile,
        scope::ScopeSet,
        secret::{PlainSecret, Proof, Secret, SecretState},
        shared::Shared,
        time::{Lifetime, Timestamp},
    },
    oauth::{Context, SlowHashes, access_token::Anew, dpop},
};

/// When everything happens.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);

/// What tokens are for.
pub(crate) const API: &str = "https://sales.example/";

/// The API's scopes; every client has all of them.
pub(crate) const SCOPES: &str = "read:analytics read:orders write:orders";

/// What decisions need beside the registry and the request.
pub(crate) fn context<'a>(issuer: &'a Issuer, entropy: &'a Entropy) -> Context<'a> {
    Context {
        now: NOW,
        issuer,
        profile: Profile::default(),
        mutual: None,
        entropy,
        remembers: &|_, _| false,
        keys: &|_| None,
        slow_hashes: SlowHashes::Ask,
        proofs: &dpop::Nowhere,
        verified: &Anew,
        is_revoked: &|_| false,
        address: Ipv4Addr::LOCALHOST.into(),
        take: &|_, _| Ok(()),
        restored: None,
    }
}

/// How the API's tokens are signed, and the key that does, if it is one of the server's.
pub(crate) fn signing(algorithm: Algorithm, entropy: &Entropy) -> (Signing, Option<Effect>) {
    let (signer, private) = Signer::generate(algorithm, entropy);
    if algorithm.is_symmetric() {
        let (signer, key) = (Arc::new(signer), Arc::new(private));
        return (Signing::Shared { signer, key }, None);
    }
    let key = SigningKey::new((signer, private), NOW, NOW);
    let key = Effect::Key(key.id.clone(), Some(Arc::new(key)));
    (Signing::Published(algorithm), Some(key))
}

/// The API.
pub(crate) fn api(signing: Signing) -> Effect {
    let scopes: ScopeSet = SCOPES.parse().unwrap();
    let api = Api {
        identifier: API.parse().unwrap(),
        name: "Sales Analytics API".parse().unwrap(),
        description: "".parse().unwrap(),
        status: ApiStatus::Active,
        signing,
        token_lifetime: Lifetime::DEFAULT,
        longest_lifetime: Lifetime::DEFAULT,
        rules: jeton::domain::api::ApiRules::default(),
        scopes: scopes
            .iter()
            .map(|scope| (scope.clone(), ApiScope::default()))
            .collect(),
        created: NOW,
        revision: Revision(1),
    };
    Effect::Api(api.identifier.clone(), Some(Arc::new(api)))
}

/// A client with one secret and one grant, called as its id says.
pub(crate) fn client(id: &str, secret: &PlainSecret, pepper: &MacKey) -> Effect {
    let grant = (API.parse().unwrap(), SCOPES.parse().unwrap());
    let secret = Secret {
        id: secret.id().clone(),
        proof: Proof::of_generated(secret, pepper),
        created: NOW,
        created_by: "local:0".into(),
        expires: None,
        note: "".parse().unwrap(),
        leaked: None,
        state: SecretState::Active,
    };
    let client = Client {
        id: id.parse().unwrap(),
        name: id.replace('-', " ").parse().unwrap(),
        description: "".parse().unwrap(),
        owner: format!("Team {}", id.len() % 7).parse().unwrap(),
        status: ClientStatus::Active,
        created: NOW,
        token_lifetime: None,
        grants: BTreeMap::from([grant]).into(),
        default_scopes: ScopeSet::default(),
        secrets: vec![secret],
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: Shared::default(),
        marks: Shared::default(),
        registration: None,
        revision: Revision(1),
    };
    Effect::Client(client.id.clone(), Some(Arc::new(client)))
}
