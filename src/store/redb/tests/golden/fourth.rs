//! What was put into the file of format 4 beside all that was in the file of format 3.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use crate::{
    crypto::{mac::MacKey, random::Entropy, signer::PrivateKey},
    domain::{
        acme::{AcmeState, AcmeWish, Chance, IssuedCertificate},
        api::{ApiRules, TokenFormat},
        assertion::UsedAssertion,
        audit::Action,
        change::{Change, Effect},
        claims::Claims,
        client::{Binding, ClientRules},
        credential::{
            CertificateSubject, Federation, FederationKeys, PinnedCertificate, PublicKey,
        },
        details::{Schema, TypeDetail},
        id::Revision,
        registration::{
            About, Access, AuthMethod, PlainToken, Registration, RegistrationToken, Template,
            TokenUse,
        },
        secret::{PlainSecret, Proof, Secret, SecretState, SharedSecret},
        time::Span,
        usage::{Observation, Tally},
    },
};

use super::{
    first::{self, NOW},
    third,
};

/// A certificate that could not be renewed the last time.
pub(super) fn acme() -> AcmeState {
    let private = |text: &str| Arc::new(PrivateKey::from_bytes(text.as_bytes().to_vec()));
    let mut state = AcmeState::new(AcmeWish {
        directory: "https://ca.example.com/directory".to_owned(),
        domains: vec!["auth.example.com".to_owned()],
    });
    state.account = Some(private("the account"));
    let certificate = IssuedCertificate {
        chain: "the chain".to_owned(),
        key: private("the key"),
        not_before: NOW,
        not_after: NOW.plus(Span::hours(24 * 90)),
    };
    state.succeed(certificate, Chance(0));
    state.fail("no route".to_owned(), NOW, Chance(0));
    state
}

/// One of everything that format 4 added, after the history of format 3.
pub(super) fn history(pepper: &MacKey) -> Vec<Vec<Change>> {
    let mut history = third::history(pepper);
    let mut client = first::report_service(pepper);
    client.id = "deploy-service".parse().unwrap();
    client.secrets = credentials();
    *client.rules = ClientRules {
        binding: Binding::Dpop,
        claims: claims(),
        legacy_assertion_audience: true,
        token_exchange: true,
        limits: crate::domain::limits::ClientLimits::default(),
        details: [(
            "https://sales.example.com".parse().unwrap(),
            ["payment".parse().unwrap()].into(),
        )]
        .into(),
    };
    let mut bound = client.clone();
    bound.id = "bound-service".parse().unwrap();
    bound.secrets = Vec::new();
    bound.rules.binding = Binding::Certificate;
    let mut api = first::sales_api();
    api.rules = ApiRules {
        halt: None,
        format: TokenFormat::Opaque,
        claims: claims(),
        details: [("payment".parse().unwrap(), payment())].into(),
    };
    let token = registration_token(pepper);
    let mut registered = bound.clone();
    registered.id = "registered-service".parse().unwrap();
    registered.registration = Some(Arc::new(registration(&token, pepper)));
    history.push(vec![
        Change {
            action: Action::RegistrationTokenCreate,
            effect: Effect::RegistrationToken(token.id.clone(), Some(token.into())),
        },
        Change {
            action: Action::ClientCreate,
            effect: Effect::Client(registered.id.clone(), Some(registered.into())),
        },
        Change {
            action: Action::ClientCreate,
            effect: Effect::Client(client.id.clone(), Some(client.into())),
        },
        Change {
            action: Action::ClientCreate,
            effect: Effect::Client(bound.id.clone(), Some(bound.into())),
        },
        Change {
            action: Action::ApiEdit,
            effect: Effect::Api(api.identifier.clone(), Some(api.into())),
        },
    ]);
    history
}

fn payment() -> TypeDetail {
    TypeDetail {
        description: "Pay an invoice".parse().unwrap(),
        schema: Schema::parse(r#"{"properties":{"amount":{"type":"integer","minimum":1}}}"#)
            .unwrap(),
    }
}

/// A token by which clients register themselves.
fn registration_token(pepper: &MacKey) -> RegistrationToken {
    let plain = PlainToken::generate(TokenUse::Register, &Entropy::seeded(5));
    RegistrationToken {
        id: plain.id().clone(),
        digest: plain.digest(pepper),
        note: "for the build farm".parse().unwrap(),
        template: Template {
            grants: [(
                "https://sales.example.com".parse().unwrap(),
                "read:analytics".parse().unwrap(),
            )]
            .into(),
            methods: Template::METHODS.into(),
            binding: Binding::Certificate,
            secret_lifetime: Some(Span::days(30)),
            name_prefix: Some("ci".parse().unwrap()),
            owner: "Build team".parse().unwrap(),
        },
        limit: 3,
        used: 1,
        last_used: Some(NOW),
        created: NOW,
        created_by: "operator:ana@example.com".into(),
        expires: NOW.plus(Span::days(7)),
        revoked: Some(NOW.plus(Span::days(1))),
        revision: Revision::default(),
    }
}

/// What a client said of itself that came with it.
fn registration(token: &RegistrationToken, pepper: &MacKey) -> Registration {
    let access = PlainToken::generate(TokenUse::Manage, &Entropy::seeded(6));
    let page = (
        "client_uri".to_owned(),
        "https://build.example.com".to_owned(),
    );
    Registration {
        token: token.id.clone(),
        note: token.note.clone(),
        template: token.template.clone(),
        access: Some(Access {
            id: access.id().clone(),
            digest: access.digest(pepper),
        }),
        auth_method: AuthMethod::SelfSignedTls,
        binding: Binding::Certificate,
        about: About {
            pages: [page].into(),
            contacts: vec!["build@example.com".parse().unwrap()],
            software_id: Some("runner".parse().unwrap()),
            software_version: Some("1.2".parse().unwrap()),
            certificate: Some(json!({ "keys": [{ "kty": "EC", "x5c": ["AAAA"] }] })),
        },
    }
}

fn claims() -> Claims {
    Claims::parse(r#"{"tenant":"acme","tiers":[1,{"deep":null}]}"#).unwrap()
}

/// A credential of each kind that is new.
fn credentials() -> Vec<Secret> {
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "one", "alg": "EdDSA",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    let trust = |keys| {
        Proof::Federated(Arc::new(Federation {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            subject: "repo:acme/shop:ref:refs/heads/*".to_owned(),
            audience: "https://auth.example.com".to_owned(),
            claims: BTreeMap::from([("repository_id".to_owned(), "74".to_owned())]),
            max_age: Span::minutes(10),
            algorithms: std::collections::BTreeSet::new(),
            keys,
        }))
    };
    let proofs = [
        Proof::Shared(SharedSecret::new(
            "a secret that its client signs with, 4711"
                .to_owned()
                .into(),
        )),
        Proof::Key(key.clone()),
        Proof::KeySet("https://deploy.example.com/jwks".to_owned()),
        Proof::Certificate(PinnedCertificate {
            thumbprint: "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0".to_owned(),
            subject: "CN=deploy".to_owned(),
            not_after: NOW.plus(Span::days(90)),
        }),
        Proof::CertificateKey(key.clone()),
        Proof::CertificateKeySet("https://deploy.example.com/certificates".to_owned()),
        Proof::Subject(CertificateSubject::Dn("CN=deploy,O=Example".to_owned())),
        Proof::Subject(CertificateSubject::SanDns("deploy.example.com".to_owned())),
        Proof::Subject(CertificateSubject::SanUri(
            "spiffe://example.com/deploy".to_owned(),
        )),
        Proof::Subject(CertificateSubject::SanIp("2001:db8::1".parse().unwrap())),
        Proof::Subject(CertificateSubject::SanEmail(
            "deploy@example.com".to_owned(),
        )),
        trust(FederationKeys::Discovered),
        trust(FederationKeys::At(
            "https://issuer.example.com/jwks".to_owned(),
        )),
        trust(FederationKeys::Given(vec![key])),
    ];
    let entropy = Entropy::seeded(4);
    let made = proofs.into_iter().map(|proof| Secret {
        id: PlainSecret::generate(&entropy).id().clone(),
        proof,
        created: NOW,
        created_by: "operator:ana@example.com".into(),
        expires: None,
        note: "1Password / Ops".parse().unwrap(),
        leaked: None,
        state: SecretState::Active,
    });
    made.collect()
}

/// An assertion that was used.
pub(super) fn assertion() -> UsedAssertion {
    UsedAssertion {
        client: "deploy-service".parse().unwrap(),
        id: "one".to_owned(),
        expires: NOW.plus(Span::hours(1)),
    }
}

/// What format 3 could not count.
pub(super) fn usage() -> Tally {
    let mut tally = third::usage();
    tally.add(Observation::Exercised {
        client: "report-service".parse().unwrap(),
        api: "https://sales.example.com".parse().unwrap(),
        scopes: "read:analytics".parse().unwrap(),
        at: NOW,
    });
    tally
}
