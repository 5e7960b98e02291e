//! What was put into the file of format 1, and into that of format 2 as well.

use crate::{
    crypto::{
        mac::MacKey,
        password::PasswordHash,
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        api::{Api, ApiScope, ApiStatus, Offer, Sensitivity, Signing},
        audit::Action,
        change::{Change, Effect},
        client::{Client, ClientStatus},
        id::Revision,
        key::{Material, SigningKey},
        operator::{Operator, OperatorStatus},
        permission::Role,
        secret::{IfUsed, PlainSecret, Proof, Retiring, Secret, SecretState},
        time::Timestamp,
        usage::{Asked, Observation, Outcome, Seen, Tally},
    },
};

/// When it all happened.
pub(super) const NOW: Timestamp = Timestamp(1_790_000_000);

/// One of everything, in every state, commit by commit.
pub(super) fn history(pepper: &MacKey) -> Vec<Vec<Change>> {
    let put_client = |it: Client| Change {
        action: Action::ClientEdit,
        effect: Effect::Client(it.id.clone(), Some(it.into())),
    };
    let put_api = |it: Api| Change {
        action: Action::ApiCreate,
        effect: Effect::Api(it.identifier.clone(), Some(it.into())),
    };
    let put_key = |it: SigningKey| Change {
        action: Action::KeyGenerate,
        effect: Effect::Key(it.id.clone(), Some(it.into())),
    };
    let put_operator = |it: Operator| Change {
        action: Action::OperatorCreate,
        effect: Effect::Operator(it.id.clone(), Some(it.into())),
    };
    let gone = "old-importer-2f4k7x".parse().unwrap();
    let remove = Change {
        action: Action::ClientRemove,
        effect: Effect::Client(gone, None),
    };
    vec![
        vec![
            put_api(sales_api()),
            put_api(till_api()),
            put_api(Api::admin(NOW)),
        ],
        some_keys().into_iter().map(put_key).collect(),
        some_operators().into_iter().map(put_operator).collect(),
        vec![
            put_client(report_service(pepper)),
            put_client(old_importer()),
        ],
        vec![remove],
    ]
}

/// The API of the story, as it was.
pub(super) fn sales_api() -> Api {
    let scope = |description: &str, sensitivity, offer| ApiScope {
        description: description.parse().unwrap(),
        sensitivity,
        offer,
    };
    let scopes = [
        (
            "read:analytics",
            scope("Read the figures", Sensitivity::Ordinary, Offer::Open),
        ),
        (
            "write:targets",
            scope("Set targets", Sensitivity::Sensitive, Offer::Open),
        ),
        (
            "read:raw",
            scope("Read raw rows", Sensitivity::Ordinary, Offer::Deprecated),
        ),
    ];
    Api {
        identifier: "https://sales.example.com".parse().unwrap(),
        name: "Sales Analytics API".parse().unwrap(),
        description: "Figures by day – and région".parse().unwrap(),
        token_lifetime: 1800.try_into().unwrap(),
        longest_lifetime: 86_400.try_into().unwrap(),
        rules: crate::domain::api::ApiRules::default(),
        scopes: scopes
            .map(|(name, scope)| (name.parse().unwrap(), scope))
            .into(),
        ..Api::admin(NOW)
    }
}

fn till_api() -> Api {
    let (signer, key) = Signer::generate(Algorithm::Hs256, &Entropy::os());
    Api {
        identifier: "urn:example:tills".parse().unwrap(),
        name: "Tills".parse().unwrap(),
        status: ApiStatus::Disabled(NOW),
        signing: Signing::Shared {
            signer: signer.into(),
            key: key.into(),
        },
        ..Api::admin(NOW)
    }
}

fn some_keys() -> Vec<SigningKey> {
    let algorithms = [
        Algorithm::Es256,
        Algorithm::EdDsa,
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
    ];
    let mut keys: Vec<SigningKey> = algorithms
        .map(|algorithm| SigningKey::new(Signer::generate(algorithm, &Entropy::os()), NOW, NOW))
        .into();
    keys[3].material = Material::Destroyed { at: NOW };
    keys[4].material = Material::Revoked { at: NOW };
    keys
}

fn some_operators() -> [Operator; 2] {
    let operator = |id: &str, email: &str, role| Operator {
        epoch: 3,
        ..Operator::new(
            id.parse().unwrap(),
            (email.parse().unwrap(), "Ana Núñez".parse().unwrap()),
            (role, NOW),
        )
    };
    let mut ana = operator("op_aaaaaaaaaaaaaaaa", "ana@example.com", Role::Owner);
    ana.password = Some(PasswordHash::of("correct horse battery", &Entropy::os()));
    let mut bo = operator("op_bbbbbbbbbbbbbbbb", "bo@example.com", Role::Viewer);
    bo.status = OperatorStatus::Disabled(NOW);
    [ana, bo]
}

pub(super) fn report_service(pepper: &MacKey) -> Client {
    let entropy = Entropy::os();
    let secret = |state| {
        let plain = PlainSecret::generate(&entropy);
        Secret {
            id: plain.id().clone(),
            proof: Proof::of_generated(&plain, pepper),
            created: NOW,
            created_by: "operator:ana@example.com".into(),
            expires: Some(Timestamp(NOW.0 + 86_400)),
            note: "vault: report/secret".parse().unwrap(),
            leaked: None,
            state,
        }
    };
    let retiring = |if_used| {
        SecretState::Retiring(Retiring {
            since: NOW,
            deadline: Timestamp(NOW.0 + 3600),
            if_used,
            held: 2,
        })
    };
    let mut secrets: Vec<Secret> = [
        SecretState::Cancelled { at: NOW },
        SecretState::Revoked { at: NOW },
        SecretState::Retired { at: NOW },
        retiring(IfUsed::Hold),
        retiring(IfUsed::Stop),
        SecretState::Active,
    ]
    .map(secret)
    .into();
    let chosen = PlainSecret::chosen("an old one".to_owned().into(), &entropy).unwrap();
    secrets[5].proof = Proof::of_chosen(&chosen, &entropy);
    secrets[5].expires = None;
    let granted = "read:analytics write:targets".parse().unwrap();
    Client {
        id: "report-service-7kq2d4".parse().unwrap(),
        name: "Report Service".parse().unwrap(),
        description: "Builds the monthly report".parse().unwrap(),
        owner: "data@example.com".parse().unwrap(),
        status: ClientStatus::Active,
        created: NOW,
        token_lifetime: Some(600.try_into().unwrap()),
        grants: [("https://sales.example.com".parse().unwrap(), granted)].into(),
        default_scopes: "read:analytics".parse().unwrap(),
        secrets,
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: Revision::default(),
    }
}

fn old_importer() -> Client {
    Client {
        id: "old-importer-2f4k7x".parse().unwrap(),
        name: "Old importer".parse().unwrap(),
        description: "".parse().unwrap(),
        owner: "".parse().unwrap(),
        status: ClientStatus::Disabled(NOW),
        created: NOW,
        token_lifetime: None,
        grants: [].into(),
        default_scopes: "".parse().unwrap(),
        secrets: Vec::new(),
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: Revision::default(),
    }
}

/// Some of every kind of usage.
pub(super) fn usage() -> Tally {
    let seen = |at: i64, address: &str| Seen {
        at: Timestamp(NOW.0 + at),
        address: address.parse().unwrap(),
        agent: Some("curl/8.7".into()),
        request: None,
    };
    let issued = |at, address, asked| Observation::Issued {
        client: "report-service-7kq2d4".parse().unwrap(),
        secret: "ABCDEFGH".parse().unwrap(),
        api: "https://sales.example.com".parse().unwrap(),
        scopes: "read:analytics write:targets".parse().unwrap(),
        asked,
        seen: seen(at, address),
    };
    let mut tally = Tally::default();
    tally.add(issued(0, "192.0.2.1", Asked::ByName));
    tally.add(issued(7200, "192.0.2.1", Asked::ByDefault));
    tally.add(issued(90_000, "2001:db8::1", Asked::ByName));
    for outcome in Outcome::ALL.into_iter().skip(1) {
        tally.add(Observation::Refused {
            client: None,
            secret: None,
            outcome,
            hint: None,
            seen: seen(60, "198.51.100.7"),
        });
    }
    tally.add(Observation::KeysFetched {
        newest: "key-1".parse().unwrap(),
        seen: seen(5, "192.0.2.9"),
    });
    tally
}
