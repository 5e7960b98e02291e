//! Who gets no token because of the profile.

use crate::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        api::{ApiStatus, Signing, TokenFormat},
        client::{Client, ClientStatus},
        credential::PublicKey,
        id::{ApiIdentifier, ClientId},
        profile::Profile,
        secret::{PlainSecret, Proof, SecretState},
    },
    oauth::fixtures::{NOW, World, api, client},
};

fn with_key(world: &World, id: &str) -> Client {
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(5));
    let key = PublicKey::from_jwk(signer.public_jwk().unwrap()).unwrap();
    let mut client = client(id, &[]);
    let mut credential = world.secret(&PlainSecret::generate(&world.entropy), SecretState::Active);
    credential.proof = Proof::Key(key);
    client.secrets.push(credential);
    client
}

/// FP-02
#[test]
fn a_profile_shuts_out_clients_that_prove_themselves_in_no_allowed_way() {
    let mut world = World::new();
    world.put_client(client("a-secret", &[]));
    world.put_client(Client {
        status: ClientStatus::Disabled(NOW),
        ..client("disabled", &[])
    });
    world.replace_client(client("nothing", &[]));
    let key = with_key(&world, "key");
    world.replace_client(key);
    let both = with_key(&world, "key-and-secret");
    world.put_client(both);
    world.put_client(client("retired", &[]));
    let mut retired = world.client("retired");
    retired.secrets[0].state = SecretState::Revoked { at: NOW };
    world.replace_client(retired);

    let shut_out = Profile::Fapi2.shuts_out(&world.registry, NOW);

    let clients = shut_out.clients.iter().map(ClientId::as_str);
    assert_eq!(clients.collect::<Vec<_>>(), ["a-secret"]);
    assert!(shut_out.apis.is_empty() && !shut_out.is_empty());
    assert!(Profile::Standard.shuts_out(&world.registry, NOW).is_empty());
}

/// FP-01
#[test]
fn a_profile_shuts_out_apis_whose_tokens_are_signed_in_another_way() {
    let mut world = World::new();
    world.put_api(api("urn:es256", "read"));
    let rs256 = |identifier: &str| {
        let mut api = api(identifier, "read");
        api.signing = Signing::Published(Algorithm::Rs256);
        api
    };
    world.put_api(rs256("urn:rs256"));
    let mut opaque = rs256("urn:opaque");
    opaque.rules.format = TokenFormat::Opaque;
    world.put_api(opaque);
    let mut disabled = rs256("urn:disabled");
    disabled.status = ApiStatus::Disabled(NOW);
    world.put_api(disabled);

    let shut_out = Profile::Fapi2.shuts_out(&world.registry, NOW);

    let apis = shut_out.apis.iter().map(ApiIdentifier::as_str);
    assert_eq!(apis.collect::<Vec<_>>(), ["urn:rs256"]);
    assert!(shut_out.clients.is_empty() && !shut_out.is_empty());
    assert!(Profile::Standard.shuts_out(&world.registry, NOW).is_empty());
}
