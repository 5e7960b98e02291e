use super::*;
use crate::{
    admin::{
        secrets::{NewSecret, RotateSecret},
        tests::{World, key, register},
    },
    domain::secret::Life,
};

fn rotate(client: &ClientId, credential: NewCredential, overlap: Overlap) -> RotateToCredential {
    RotateToCredential {
        client: client.clone(),
        credential,
        overlap,
        if_used: IfUsed::Hold,
    }
}

const DAY: Overlap = Overlap::For(Span::hours(24));

#[test]
fn a_client_moves_from_a_secret_to_a_key_with_overlap() {
    let mut world = World::new();
    let made = world.run(register("svc", &[])).unwrap();

    let moved = world.run(rotate(&made.client.id, key(1), DAY)).unwrap();

    let client = world.registry.find_client(&made.client.id).unwrap().clone();
    let old = &made.client.secrets[0].id;
    assert_eq!(moved.retiring.unwrap().0, *old);
    let methods = client.methods(world.now);
    assert_eq!(
        methods.into_iter().collect::<Vec<_>>(),
        [Method::ClientSecret, Method::PrivateKeyJwt]
    );
    let again = world.run(rotate(&made.client.id, key(2), DAY));
    assert!(again.is_err(), "two are live already");
    assert_eq!(
        client.find_secret(old).unwrap().life(world.now),
        Life::Retiring
    );
}

#[test]
fn a_client_registered_with_a_key_has_no_secret() {
    let mut world = World::new();
    let command = RegisterWithCredential {
        client: register("svc", &[]),
        credential: key(1),
    };
    let client = world.run(command).unwrap();
    assert_eq!(client.secrets.len(), 1);
    assert_eq!(client.secrets[0].proof.method(), Method::PrivateKeyJwt);
}

/// CJ-19
#[test]
fn a_shared_secret_and_a_private_key_never_work_side_by_side() {
    let mut world = World::new();
    let command = RegisterWithCredential {
        client: register("svc", &[]),
        credential: key(1),
    };
    let client = world.run(command).unwrap().id.clone();
    let signing = |overlap| RotateSecret {
        client: client.clone(),
        new: NewSecret {
            signs: Some(true),
            ..NewSecret::default()
        },
        overlap,
        if_used: IfUsed::Hold,
    };

    assert!(matches!(world.run(signing(DAY)), Err(Refusal::Conflict(_))));
    world.run(signing(Overlap::None)).unwrap();

    let now = world.registry.find_client(&client).unwrap();
    let methods = now.methods(world.now).into_iter().collect::<Vec<_>>();
    assert_eq!(methods, [Method::ClientSecretJwt]);
    assert!(world.run(rotate(&client, key(2), DAY)).is_err());
}
