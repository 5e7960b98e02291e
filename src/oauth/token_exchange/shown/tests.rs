use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use crate::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        api::Api,
        client::ClientStatus,
        credential::{Federation, FederationKeys, PublicKey},
        permission::ADMIN_API,
        profile::Profile,
        secret::{PlainSecret, Proof, SecretState},
        time::{Lifetime, Span},
    },
    oauth::{
        Context,
        assertion::AssertionError,
        confirmation::Confirmation,
        fixtures::{NOW, body, client, escaped, kept},
        reason::{ErrorCode, Reason},
        token,
        token_exchange::{
            ACCESS_TOKEN, ExchangeError, GRANT_TYPE, ID_TOKEN, JWT, OnBehalf,
            tests::{BACK, Chain, FRONT, chain, to},
        },
    },
};

const CLUSTER: &str = "https://cluster.example";
const SUBJECT: &str = "system:serviceaccount:shop:orders";

fn platform() -> Signer {
    Signer::generate(Algorithm::Es256, &Entropy::seeded(3)).0
}

fn trust() -> Federation {
    let key = PublicKey::from_jwk(platform().public_jwk().unwrap()).unwrap();
    Federation {
        issuer: CLUSTER.to_owned(),
        subject: SUBJECT.to_owned(),
        audience: "https://as.test".to_owned(),
        claims: BTreeMap::new(),
        max_age: Span::hours(1),
        algorithms: std::collections::BTreeSet::new(),
        keys: FederationKeys::Given(vec![key]),
    }
}

/// The world of the chain, in which `orders` proves itself with what its cluster gives it.
fn with_workload() -> Chain {
    let mut chain = chain();
    let mut orders = client("orders", &[(BACK, "look touch")]);
    let plain = PlainSecret::generate(&chain.world.entropy);
    let proof = Proof::Federated(Arc::new(trust()));
    orders
        .secrets
        .push(kept(&plain, proof, SecretState::Active));
    orders.rules.token_exchange = true;
    chain.world.replace_client(orders);
    chain
}

fn claims() -> Value {
    json!({
        "iss": CLUSTER, "sub": SUBJECT, "aud": ["https://as.test"], "iat": NOW.0 - 5, "exp": NOW.0 + 600,
    })
}

fn jwt(claims: &Value) -> String {
    let header = json!({"alg": "ES256", "kid": platform().key_id()});
    platform().sign_any(&header.to_string(), &claims.to_string())
}

/// An exchange of which nothing but `subject` says who asks for it.
fn alone(subject: &str, kind: &str, rest: &str) -> String {
    let (grant, subject, kind) = (escaped(GRANT_TYPE), escaped(subject), escaped(kind));
    format!("grant_type={grant}&subject_token={subject}&subject_token_type={kind}{rest}")
}

/// TX-04, CF-02, CF-03
#[test]
fn a_workload_exchanges_what_its_platform_gave_it_for_a_token_of_the_client_that_it_is() {
    let chain = with_workload();
    for kind in [JWT, ID_TOKEN] {
        for named in ["", "&client_id=orders"] {
            let rest = format!("{}&scope=look{named}", to(BACK));

            let issued = chain.ask(&alone(&jwt(&claims()), kind, &rest)).unwrap();

            let answer: Value = serde_json::from_str(&issued.to_json()).unwrap();
            assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
            assert_eq!(answer["expires_in"], 600, "it does not outlive the other");
            let said = chain.said(&issued);
            assert_eq!(said.client.as_str(), "orders");
            assert_eq!((said.subject.as_str(), said.act), ("orders", None));
            assert_eq!(said.scopes.as_str(), "look");
            assert_eq!(
                issued.used, None,
                "platforms give the same one more than once"
            );
        }
    }
    let all = chain.ask(&alone(&jwt(&claims()), JWT, "")).unwrap();
    assert_eq!(all.scopes.as_str(), "look touch");
}

/// TX-04, CF-01, CF-03, CF-04: as an assertion of it would be.
#[test]
fn a_workloads_token_is_held_to_what_the_trust_says() {
    let mut chain = with_workload();
    let error = |chain: &Chain, change: &dyn Fn(&mut Value)| {
        let mut claims = claims();
        change(&mut claims);
        chain
            .ask(&alone(&jwt(&claims), JWT, &to(BACK)))
            .unwrap_err()
    };
    let mut expected = vec![
        (AssertionError::FederatedAudience, "aud", json!(FRONT)),
        (AssertionError::Expired, "exp", json!(NOW.0)),
        (AssertionError::Old, "iat", json!(NOW.0 - 3601)),
    ];
    let issuer = CLUSTER.to_owned();
    let untrusted = AssertionError::Untrusted { issuer };
    expected.push((untrusted, "sub", json!("system:serviceaccount:shop:other")));
    let issuer = "https://other.example".to_owned();
    let unknown = AssertionError::Untrusted { issuer };
    expected.push((unknown, "iss", json!("https://other.example")));
    for (fault, name, value) in expected {
        let reason = error(&chain, &|claims| claims[name] = value.clone());
        assert_eq!(reason, Reason::Assertion(fault));
        assert_eq!(reason.code(), ErrorCode::InvalidClient);
        assert_eq!(reason.description(), "client authentication failed");
    }
    let mut forged = jwt(&claims());
    forged.replace_range(forged.len() - 4.., "AAAA");
    let forged = chain.ask(&alone(&forged, JWT, "")).unwrap_err();
    assert_eq!(forged, Reason::Assertion(AssertionError::Key));
    let another = chain.ask(&alone(&jwt(&claims()), JWT, "&client_id=service"));
    assert_eq!(another.unwrap_err().code(), ErrorCode::InvalidClient);

    let profile = Profile::Fapi2;
    let strict = Context {
        profile,
        ..chain.world.context()
    };
    let form = alone(&jwt(&claims()), JWT, "");
    let refused = token(&chain.world.registry, &body(&form), &strict).unwrap_err();
    assert_eq!(refused.reason.code(), ErrorCode::InvalidClient);
    chain.edit("orders", |it| it.status = ClientStatus::Disabled(NOW));
    assert_eq!(error(&chain, &|_| {}), Reason::ClientDisabled);
}

/// TX-05
#[test]
fn a_workloads_token_is_not_exchanged_until_an_operator_says_so() {
    let mut chain = with_workload();
    chain.edit("orders", |orders| orders.rules.token_exchange = false);

    let refused = chain.ask(&alone(&jwt(&claims()), JWT, "")).unwrap_err();

    assert_eq!(refused, Reason::ExchangeNotAllowed);
}

/// TX-04: it is what the client proves itself with, and nobody else has any business with it.
#[test]
fn no_service_exchanges_what_a_workload_proves_itself_with() {
    let chain = with_workload();
    let service = escaped(&chain.service);
    let login = format!("&client_id=service&client_secret={service}{}", to(BACK));
    for kind in [JWT, ID_TOKEN, ACCESS_TOKEN] {
        let refused = chain
            .ask(&alone(&jwt(&claims()), kind, &login))
            .unwrap_err();
        assert_eq!(refused, Reason::Exchange(ExchangeError::Subject), "{kind}");
    }
}

/// TX-05: no client is public.
#[test]
fn a_token_of_this_server_proves_nobody() {
    let chain = with_workload();
    let first = chain.first("read");
    for kind in [ACCESS_TOKEN, JWT, ID_TOKEN] {
        for named in ["", "&client_id=caller"] {
            let refused = chain.ask(&alone(&first, kind, named)).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::InvalidClient, "{kind} {named}");
        }
    }
    let own = json!({
        "iss": "orders", "sub": "orders", "aud": "https://as.test", "exp": NOW.0 + 60, "jti": "one",
    });
    let refused = chain.ask(&alone(&jwt(&own), JWT, "")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidClient);
}

fn with_actor(token: &str, kind: &str) -> String {
    let (token, kind) = (escaped(token), escaped(kind));
    format!("{}&actor_token={token}&actor_token_type={kind}", to(BACK))
}

impl Chain {
    /// A token that the service has of its own.
    fn own(&self) -> String {
        let (secret, api) = (escaped(&self.service), to(BACK));
        let form = format!(
            "grant_type=client_credentials&client_id=service&client_secret={secret}{api}&scope=look"
        );
        self.ask(&form).unwrap().access_token
    }
}

/// TX-01, TX-04
#[test]
fn who_acts_may_be_told_by_a_token_of_its_own() {
    let chain = chain();
    let (first, own) = (chain.first("read"), chain.own());
    for kind in [ACCESS_TOKEN, JWT] {
        let issued = chain.exchange(&first, &with_actor(&own, kind)).unwrap();

        let said = chain.said(&issued);
        assert_eq!(said.subject.as_str(), "caller");
        assert_eq!(said.client.as_str(), "service");
        assert_eq!(
            serde_json::to_value(said.act).unwrap(),
            json!({"sub": "service"})
        );
    }
}

/// TX-03
#[test]
fn who_acts_is_nobody_but_the_client_that_asks() {
    let mut chain = chain();
    let first = chain.first("read");
    let actor = Reason::Exchange(ExchangeError::Actor);
    let error = |chain: &Chain, token: &str, kind: &str| {
        chain
            .exchange(&first, &with_actor(token, kind))
            .unwrap_err()
    };
    assert_eq!(error(&chain, "x", ACCESS_TOKEN), actor);
    assert_eq!(actor.code(), ErrorCode::InvalidRequest);
    assert_eq!(error(&chain, &first, ACCESS_TOKEN), actor, "the caller's");
    let exchanged = chain.exchange(&first, &to(BACK)).unwrap().access_token;
    let behalf = error(&chain, &exchanged, ACCESS_TOKEN);
    assert_eq!(behalf, actor, "in the caller's name");
    let kind = Reason::Exchange(ExchangeError::ActorType);
    assert_eq!(error(&chain, &chain.own(), ID_TOKEN), kind);
    let own = chain.own();
    chain.edit("service", |it| it.tokens_void_until = Some(NOW));
    assert_eq!(error(&chain, &own, ACCESS_TOKEN), actor, "revoked");

    let mut chain = self::chain();
    chain.world.put_api(Api::admin(NOW));
    chain.edit("service", |it| {
        it.grants
            .insert(ADMIN_API.parse().unwrap(), "clients:read".parse().unwrap());
    });
    let secret = escaped(&chain.service);
    let form = format!(
        "grant_type=client_credentials&client_id=service&client_secret={secret}{}",
        to(ADMIN_API)
    );
    let managing = chain.ask(&form).unwrap().access_token;
    assert_eq!(error(&chain, &managing, ACCESS_TOKEN), actor);
}

#[test]
fn a_new_token_does_not_outlive_the_one_that_says_who_acts() {
    let mut chain = chain();
    let lifetime = |seconds: u32| Lifetime::try_from(seconds).unwrap();
    chain.edit("service", |it| it.token_lifetime = Some(lifetime(300)));
    let own = chain.own();
    chain.edit("service", |it| it.token_lifetime = None);

    let first = chain.first("read");
    let issued = chain.exchange(&first, &with_actor(&own, ACCESS_TOKEN));

    assert_eq!(issued.unwrap().expires_in, Span(300));
}

#[test]
fn a_new_token_is_bound_as_the_one_that_says_who_acts() {
    let bound = |thumbprint: &str| Confirmation::X5t(thumbprint.to_owned());
    let on_behalf = OnBehalf {
        subject: "caller".parse().unwrap(),
        act: None,
        bound: Some(bound("callers")),
        is_own: false,
        actor: Some(bound("own")),
    };
    assert_eq!(on_behalf.check_binding(Some(&bound("own"))), Ok(()));
    let refused = Err(Reason::Exchange(ExchangeError::Binding));
    for other in [None, Some(bound("other"))] {
        assert_eq!(on_behalf.check_binding(other.as_ref()), refused);
    }
}
