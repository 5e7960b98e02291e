//! Arbitrary values of the domain, for properties.
//!
//! Identifiers come from small pools, so that records are made, changed, removed and met again.

mod people;
mod proofs;
mod registrations;
mod rules;
mod usage;

use std::{net::IpAddr, sync::Arc};

pub(crate) use self::usage::observation;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use proptest::{collection, option, prelude::*, sample::select};

use super::{
    actor::Actor,
    api::{Api, ApiScope, ApiStatus, Offer, Sensitivity, Signing},
    audit::{Action, Object, facts},
    change::{Change, Commit, Effect},
    client::{Client, ClientStatus},
    id::{ApiIdentifier, ClientId, HandoverId, OperatorId, Revision, SecretId},
    key::{Material, SigningKey},
    marks::{Marks, Postponed},
    name::{Description, DisplayName, Note, Owner},
    registry::Registry,
    scope::{Scope, ScopeSet},
    secret::{IfUsed, Retiring, Secret, SecretState},
    time::{Lifetime, Span, Timestamp},
};
use crate::crypto::{
    mac::SecretDigest,
    password::PasswordHash,
    random::Entropy,
    signer::{Algorithm, Signer},
};

/// Some changes, for the next commit.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    collection::vec(change(), 1..4)
}

/// The commit of `changes` on `base`.
pub(crate) fn commit(base: &Registry, at: i64, changes: Vec<Change>) -> Commit {
    let mut actor = Actor::local(0);
    actor.address = Some(IpAddr::from([192, 0, 2, 1]));
    actor.request_id = Some("request-1".into());
    Commit::new(base, Timestamp(at), &actor, changes)
}

fn change() -> impl Strategy<Value = Change> {
    let put = |action, effect| Change { action, effect };
    prop_oneof![
        6 => client().prop_map(move |it| put(
            Action::ClientEdit,
            Effect::Client(it.id.clone(), Some(it.into()))
        )),
        2 => client_id().prop_map(move |id| put(Action::ClientRemove, Effect::Client(id, None))),
        3 => api().prop_map(move |it| put(
            Action::ApiEdit,
            Effect::Api(it.identifier.clone(), Some(it.into()))
        )),
        1 => api_identifier().prop_map(move |id| put(Action::ApiRemove, Effect::Api(id, None))),
        3 => key().prop_map(move |it| put(
            Action::KeyGenerate,
            Effect::Key(it.id.clone(), Some(it.into()))
        )),
        1 => key().prop_map(move |it| put(Action::KeyRetire, Effect::Key(it.id, None))),
        2 => people::operator().prop_map(move |it| put(
            Action::OperatorEdit,
            Effect::Operator(it.id.clone(), Some(it.into()))
        )),
        1 => operator_id().prop_map(move |id| put(
            Action::OperatorRemove,
            Effect::Operator(id, None)
        )),
        1 => client_id().prop_map(move |id| put(
            Action::SecretShow,
            Effect::Told(Object::Client(id), facts([("secret", "AAAAAAAA".to_owned())]))
        )),
        2 => people::handover().prop_map(move |it| put(
            Action::HandoverOffer,
            Effect::Handover(it.id.clone(), it.client.clone(), Some(it.into()))
        )),
        1 => (handover_id(), client_id()).prop_map(move |(id, client)| put(
            Action::HandoverForget,
            Effect::Handover(id, client, None)
        )),
        2 => registrations::token().prop_map(move |it| put(
            Action::RegistrationTokenCreate,
            Effect::RegistrationToken(it.id.clone(), Some(it.into()))
        )),
        1 => registrations::token_id().prop_map(move |id| put(
            Action::RegistrationTokenForget,
            Effect::RegistrationToken(id, None)
        )),
        1 => people::policy().prop_map(move |it| put(Action::SettingsEdit, Effect::Policy(it.into()))),
        1 => Just(put(Action::ServerBackup, Effect::Nothing)),
    ]
}

pub(crate) fn client_id() -> impl Strategy<Value = ClientId> {
    select(vec![
        "report-service-7kq2d4",
        "a",
        "a b",
        "https://c.example/x?y=%2B",
        "~",
    ])
    .prop_map(|id| id.parse().unwrap())
}

pub(crate) fn api_identifier() -> impl Strategy<Value = ApiIdentifier> {
    select(vec![
        "https://api.example.com",
        "urn:x:y",
        "spiffe://prod/billing",
    ])
    .prop_map(|id| id.parse().unwrap())
}

pub(crate) fn secret_id() -> impl Strategy<Value = SecretId> {
    select(vec!["AAAAAAAA", "BBBBBBBB", "C2345672", "DDDDDDDD"]).prop_map(|id| id.parse().unwrap())
}

fn operator_id() -> impl Strategy<Value = OperatorId> {
    select(vec!["op_aaaaaaaaaaaaaaaa", "op_bbbbbbbbbbbbbbb2"]).prop_map(|id| id.parse().unwrap())
}

fn scope() -> impl Strategy<Value = Scope> {
    "[!#-\\[\\]-~]{1,12}".prop_map(|scope| scope.parse().unwrap())
}

fn scopes() -> impl Strategy<Value = ScopeSet> {
    collection::vec(scope(), 0..4).prop_map(Into::into)
}

fn display_name() -> impl Strategy<Value = DisplayName> {
    "\\PC{1,40}".prop_filter_map("it is not a name", |name| name.parse().ok())
}

fn description() -> impl Strategy<Value = Description> {
    "\\PC{0,60}".prop_filter_map("it is not a description", |text| text.parse().ok())
}

fn note() -> impl Strategy<Value = Note> {
    "\\PC{0,60}".prop_filter_map("it is not a note", |text| text.parse().ok())
}

fn owner() -> impl Strategy<Value = Owner> {
    "\\PC{0,40}".prop_filter_map("it is not an owner", |text| text.parse().ok())
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => (0_i64..4_000_000_000).prop_map(Timestamp),
        1 => any::<i64>().prop_map(Timestamp),
    ]
}

fn lifetime() -> impl Strategy<Value = Lifetime> {
    (60_u32..=86_400).prop_map(|seconds| seconds.try_into().unwrap())
}

pub(crate) fn client() -> impl Strategy<Value = Client> {
    let status = option::of(time()).prop_map(|since| match since {
        None => ClientStatus::Active,
        Some(since) => ClientStatus::Disabled(since),
    });
    let words = (client_id(), display_name(), description(), owner(), status);
    let grants = collection::btree_map(api_identifier(), scopes(), 0..3);
    let secrets = collection::vec(secret(), 0..4);
    let rest = (
        time(),
        option::of(lifetime()),
        grants,
        scopes(),
        secrets,
        (
            marks(),
            collection::btree_set(api_identifier(), 0..3),
            option::of(time()),
            rules::client_rules(),
            option::of(registrations::registration()),
        ),
    );
    (words, rest).prop_map(|(words, rest)| {
        let (id, name, description, owner, status) = words;
        let (created, token_lifetime, grants, default_scopes, secrets, rest) = rest;
        let (marks, introspects, tokens_void_until, rules, registration) = rest;
        Client {
            id,
            name,
            description,
            owner,
            status,
            created,
            token_lifetime,
            grants: grants.into(),
            default_scopes,
            secrets,
            introspects,
            tokens_void_until,
            rules: rules.into(),
            marks: marks.into(),
            registration: registration.map(Into::into),
            revision: Revision::default(),
        }
    })
}

fn marks() -> impl Strategy<Value = Marks> {
    let of = || (api_identifier(), scope());
    let scopes = move || collection::btree_map(of(), time(), 0..3);
    let rule = select(vec!["expiring", "unused", "rule_3"]).prop_map(|it| it.parse().unwrap());
    let postponed = (
        option::of(time()),
        any::<u8>(),
        note(),
        "[ -~]{0,20}",
        time(),
    );
    let postponed = postponed.prop_map(|(until, level, note, by, at)| Postponed {
        until,
        level,
        note,
        by,
        at,
    });
    let postponed = collection::btree_map(rule, postponed, 0..3);
    (postponed, scopes(), scopes()).prop_map(|(postponed, watched, kept)| Marks {
        postponed,
        watched,
        kept,
    })
}

fn handover_id() -> impl Strategy<Value = HandoverId> {
    select(vec!["ho_aaaaaaaaaaaaaaaa", "ho_bbbbbbbbbbbbbbb2"]).prop_map(|id| id.parse().unwrap())
}

fn span() -> impl Strategy<Value = Span> {
    any::<u32>().prop_map(|seconds| Span(seconds.into()))
}

fn secret() -> impl Strategy<Value = Secret> {
    let id = "[A-Z2-7]{8}".prop_map(|id| id.parse().unwrap());
    let leaked = option::of(time());
    let made = (time(), "[ -~]{0,40}", option::of(time()), note(), leaked);
    (id, proofs::proof(), made, secret_state()).prop_map(|(id, proof, made, state)| {
        let (created, created_by, expires, note, leaked) = made;
        Secret {
            id,
            proof,
            created,
            created_by: created_by.into(),
            expires,
            note,
            leaked,
            state,
        }
    })
}

fn password_hash() -> impl Strategy<Value = PasswordHash> {
    any::<([u8; 16], [u8; 32])>().prop_map(|(salt, hash)| {
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        PasswordHash::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}")).unwrap()
    })
}

fn secret_state() -> impl Strategy<Value = SecretState> {
    let retiring = (
        time(),
        time(),
        select(vec![IfUsed::Hold, IfUsed::Stop]),
        any::<u8>(),
    );
    prop_oneof![
        Just(SecretState::Active),
        retiring.prop_map(|(since, deadline, if_used, held)| {
            SecretState::Retiring(Retiring {
                since,
                deadline,
                if_used,
                held,
            })
        }),
        time().prop_map(|at| SecretState::Retired { at }),
        time().prop_map(|at| SecretState::Revoked { at }),
        time().prop_map(|at| SecretState::Cancelled { at }),
    ]
}

fn api() -> impl Strategy<Value = Api> {
    let status = option::of(time()).prop_map(|since| match since {
        None => ApiStatus::Active,
        Some(since) => ApiStatus::Disabled(since),
    });
    let scopes = collection::btree_map(scope(), api_scope(), 0..4);
    let words = (api_identifier(), display_name(), description(), status);
    let made = (time(), rules::api_rules());
    let rest = (signing(), lifetime(), lifetime(), scopes, made);
    (words, rest).prop_map(|(words, rest)| {
        let (identifier, name, description, status) = words;
        let (signing, token_lifetime, longest_lifetime, scopes, (created, rules)) = rest;
        Api {
            identifier,
            name,
            description,
            status,
            signing,
            token_lifetime,
            longest_lifetime,
            rules,
            scopes,
            created,
            revision: Revision::default(),
        }
    })
}

fn api_scope() -> impl Strategy<Value = ApiScope> {
    let sensitivity = select(vec![Sensitivity::Ordinary, Sensitivity::Sensitive]);
    let offer = select(vec![Offer::Open, Offer::Deprecated]);
    (description(), sensitivity, offer).prop_map(|(description, sensitivity, offer)| ApiScope {
        description,
        sensitivity,
        offer,
    })
}

fn signing() -> impl Strategy<Value = Signing> {
    prop_oneof![
        2 => select(Algorithm::ALL.to_vec()).prop_map(Signing::Published),
        1 => any::<u64>().prop_map(|seed| {
            let (signer, key) = Signer::generate(Algorithm::Hs256, &Entropy::seeded(seed));
            Signing::Shared {
                signer: Arc::new(signer),
                key: Arc::new(key),
            }
        }),
    ]
}

fn key() -> impl Strategy<Value = SigningKey> {
    let algorithm = select(vec![Algorithm::Es256, Algorithm::EdDsa]);
    let gone = option::of(prop_oneof![
        time().prop_map(|at| Material::Destroyed { at }),
        time().prop_map(|at| Material::Revoked { at }),
    ]);
    (algorithm, 0_u64..4, time(), time(), gone).prop_map(
        |(algorithm, seed, published, active_from, gone)| {
            let made = Signer::generate(algorithm, &Entropy::seeded(seed));
            let mut key = SigningKey::new(made, published, active_from);
            if let Some(gone) = gone {
                key.material = gone;
            }
            key
        },
    )
}

fn digest() -> impl Strategy<Value = SecretDigest> {
    any::<[u8; 32]>().prop_map(SecretDigest::new)
}
