//! What a thief finds in a stolen file: ids and numbers.

use std::{fs, net::IpAddr};

use redb::ReadableDatabase;

use super::*;
use crate::{
    crypto::{
        password::PasswordHash,
        signer::{Algorithm, Signer},
        text,
    },
    domain::{
        actor::Actor,
        api::{Api, Signing},
        audit::Action,
        change::{Change, Commit, Effect, OnceRecord},
        client::{Client, ClientStatus},
        id::Revision,
        key::SigningKey,
        operator::{Operator, SecondFactor},
        permission::Role,
        secret::{PlainSecret, Proof, Secret, SecretState},
        time::Timestamp,
        usage::{Asked, Observation, Seen},
    },
    store::redb::{open::builder, tables::AUDIT},
};

const APP_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

const ADDRESS: [u8; 4] = [203, 0, 113, 77];

/// ST-02, ST-03
#[tokio::test]
async fn a_stolen_file_reveals_nothing() {
    let bench = Bench::new();
    let store = bench.create().unwrap();
    let registry = store.load().await.unwrap();
    let mut canaries: Vec<(&str, Vec<u8>)> = [
        "Quarterly Ledger",
        "Sums it all up",
        "treasury-team",
        "kept in vault seven",
        "ana@example.com",
        "Ana Lopes",
        "203.0.113.77",
        "canary-agent",
        "invoices:export",
        "order-4711",
        "what-was-sent",
        "Ledger API",
        APP_SECRET,
        "12345678901234567890",
    ]
    .map(|canary| (canary, canary.as_bytes().to_vec()))
    .into();
    canaries.push(("the address", ADDRESS.to_vec()));
    let commit = revealing_commit(&registry, &bench.entropy, &mut canaries);

    store.commit(Arc::new(commit)).await.unwrap();
    store.add_usage(revealing_usage()).await.unwrap();
    store.close().await.unwrap();

    let bytes = fs::read(bench.path()).unwrap();
    for (name, canary) in canaries {
        let found = bytes.windows(canary.len()).any(|window| window == canary);
        assert!(!found, "{name} stands in the file");
    }
    let name_of_a_table = b"removed_clients";
    let mut windows = bytes.windows(name_of_a_table.len());
    assert!(
        windows.any(|window| window == name_of_a_table),
        "the file was looked through"
    );
}

fn revealing_commit(
    registry: &Registry,
    entropy: &Entropy,
    canaries: &mut Vec<(&'static str, Vec<u8>)>,
) -> Commit {
    let now = Timestamp(1_000_000);
    let secret = PlainSecret::generate(entropy);
    let proof = Proof::of_generated(&secret, registry.pepper());
    canaries.push(("the secret", secret.reveal().as_bytes().to_vec()));
    let digest = registry.pepper().digest(secret.reveal().as_bytes());
    canaries.push(("the secret's digest", digest.to_vec()));
    canaries.push(("its text", text::base64url(digest).into_bytes()));
    let (signer, private) = Signer::generate(Algorithm::Es256, entropy);
    canaries.push(("the signing key", private.as_bytes()[35..67].to_vec()));
    let whole = text::base64url(private.as_bytes()).into_bytes();
    canaries.push(("the signing key's text", whole[48..88].to_vec()));
    let (shared, shared_key) = Signer::generate(Algorithm::Hs256, entropy);
    canaries.push(("the shared key", shared_key.as_bytes().to_vec()));
    canaries.push((
        "its text",
        text::base64url(shared_key.as_bytes()).into_bytes(),
    ));
    let password = PasswordHash::of("correct horse", entropy);
    let hash = password.as_str().rsplit('$').next().unwrap();
    canaries.push(("the password's hash", hash.as_bytes().to_vec()));
    let api = api(
        now,
        Signing::Shared {
            signer: shared.into(),
            key: shared_key.into(),
        },
    );
    let key = SigningKey::new((signer, private), now, now);
    let (client, operator) = (client(now, proof, &secret), operator(now, password));
    let put = |action, effect| Change { action, effect };
    let changes = vec![
        put(
            Action::ClientCreate,
            Effect::Client(client.id.clone(), Some(client.into())),
        ),
        put(
            Action::ApiCreate,
            Effect::Api(api.identifier.clone(), Some(api.into())),
        ),
        put(
            Action::KeyGenerate,
            Effect::Key(key.id.clone(), Some(key.into())),
        ),
        put(
            Action::OperatorCreate,
            Effect::Operator(operator.id.clone(), Some(operator.into())),
        ),
    ];
    let id = "op_aaaaaaaaaaaaaaaa".parse().unwrap();
    let mut actor = Actor::operator(id, "ana@example.com".parse().unwrap(), Role::Owner);
    actor.address = Some(IpAddr::from(ADDRESS));
    let mut commit = Commit::new(registry, now, &actor, changes);
    commit.once = Some(OnceRecord {
        actor: actor.to_string(),
        key: "order-4711".to_owned(),
        request: "what-was-sent".to_owned(),
        object: commit.changes[0].effect.object(),
        at: now,
    });
    commit
}

fn client(now: Timestamp, proof: Proof, secret: &PlainSecret) -> Client {
    Client {
        id: "a-client".parse().unwrap(),
        name: "Quarterly Ledger".parse().unwrap(),
        description: "Sums it all up".parse().unwrap(),
        owner: "treasury-team".parse().unwrap(),
        status: ClientStatus::Active,
        created: now,
        token_lifetime: None,
        grants: [(
            "urn:x:y".parse().unwrap(),
            "invoices:export".parse().unwrap(),
        )]
        .into(),
        default_scopes: "invoices:export".parse().unwrap(),
        secrets: vec![Secret {
            id: secret.id().clone(),
            proof,
            created: now,
            created_by: "operator:ana@example.com".into(),
            expires: None,
            note: "kept in vault seven".parse().unwrap(),
            leaked: None,
            state: SecretState::Active,
        }],
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: Revision::default(),
    }
}

fn api(now: Timestamp, signing: Signing) -> Api {
    Api {
        identifier: "urn:x:y".parse().unwrap(),
        name: "Ledger API".parse().unwrap(),
        signing,
        ..Api::admin(now)
    }
}

fn operator(now: Timestamp, password: PasswordHash) -> Operator {
    let email = "ana@example.com".parse().unwrap();
    Operator {
        password: Some(password),
        second_factor: Some(SecondFactor {
            secret: APP_SECRET.parse().unwrap(),
            since: now,
            last_step: 0,
        }),
        ..Operator::new(
            "op_aaaaaaaaaaaaaaaa".parse().unwrap(),
            (email, "Ana Lopes".parse().unwrap()),
            (Role::Owner, now),
        )
    }
}

fn revealing_usage() -> Tally {
    let seen = Seen {
        at: Timestamp(1_000_000),
        address: IpAddr::from(ADDRESS),
        agent: Some("canary-agent/1.0".into()),
        request: None,
    };
    let mut tally = Tally::default();
    tally.add(Observation::Issued {
        client: "a-client".parse().unwrap(),
        secret: "AAAAAAAA".parse().unwrap(),
        api: "urn:x:y".parse().unwrap(),
        scopes: "invoices:export".parse().unwrap(),
        asked: Asked::ByName,
        seen: seen.clone(),
    });
    tally.add(Observation::KeysFetched {
        newest: "key".parse().unwrap(),
        seen,
    });
    tally
}

/// AD-09
#[tokio::test]
async fn a_hole_in_the_audit_log_is_found_wherever_it_is() {
    for (hole, named) in [
        (1_u64, "audit/1"),
        (3, "audit/3"),
        (u64::MAX, "the end of the log"),
    ] {
        let (bench, content) = Bench::filled(6).await;
        let hole = hole.min(content.verified);
        let database = builder().open(bench.path()).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(AUDIT).unwrap().remove(hole).unwrap();
        transaction.commit().unwrap();
        database.close().unwrap();

        let error = bench
            .open()
            .unwrap()
            .verify_audit(crate::store::AuditScope::All)
            .await
            .unwrap_err();

        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn an_older_audit_record_cannot_take_the_place_of_another() {
    let (bench, _) = Bench::filled(6).await;
    let database = builder().open(bench.path()).unwrap();
    let first = {
        let table = database.begin_read().unwrap().open_table(AUDIT).unwrap();
        table.get(1).unwrap().unwrap().value().to_vec()
    };
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(AUDIT)
        .unwrap()
        .insert(2, first.as_slice())
        .unwrap();
    transaction.commit().unwrap();
    database.close().unwrap();
    let store = bench.open().unwrap();

    let error = store
        .verify_audit(crate::store::AuditScope::All)
        .await
        .unwrap_err();

    assert!(error.to_string().contains("audit/2"), "{error}");
}
