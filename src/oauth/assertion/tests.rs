mod forms;
mod keys;

use serde_json::{Value, json};

use super::*;
use crate::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, PrivateKey, Signer, Typ},
        text::base64url,
        verifier::strangers::Stranger,
    },
    domain::{
        profile::Profile,
        secret::{SecretState, SharedSecret},
    },
    oauth::{
        authenticate::authenticate,
        credentials::Credentials,
        fixtures::{NOW, SALES, World, api, client, kept},
        params::Presented,
        reason::ErrorCode,
    },
};

/// A world with a client that has a key, and what signs for it.
struct Signed {
    world: World,
    signer: Signer,
}

impl Signed {
    fn with(algorithm: Algorithm) -> Self {
        let mut world = World::new();
        let (signer, _) = Signer::generate(algorithm, &Entropy::seeded(9));
        world.put_api(api(SALES, "read"));
        let mut client = client("svc", &[(SALES, "read")]);
        client.secrets.push(world.key(&signer));
        world.replace_client(client);
        Self { world, signer }
    }

    fn present(&self, assertion: &str) -> Result<Option<UsedAssertion>, Reason> {
        self.present_where(assertion, None)
    }

    /// Presents it where these keys, if any, were fetched from wherever keys are published.
    fn present_where(
        &self,
        assertion: &str,
        keys: Option<FetchedKeys>,
    ) -> Result<Option<UsedAssertion>, Reason> {
        let credentials = Credentials::Assertion(Assertion {
            kind: Kind::Jwt,
            text: Presented::new(assertion.into()),
            client_id: None,
        });
        let keys = keys.map(std::sync::Arc::new);
        let context = Context {
            keys: &|source| {
                assert_eq!(*source, KeySource::Set(PUBLISHED.to_owned()));
                keys.clone()
            },
            ..self.world.context()
        };
        let proven = authenticate(&self.world.registry, &credentials, &context);
        proven.map(|who| who.used).map_err(|refused| refused.reason)
    }

    fn claiming(&self, change: impl FnOnce(&mut Value)) -> Result<Option<UsedAssertion>, Reason> {
        let mut all = claims();
        change(&mut all);
        self.present(&sign(&self.signer, json!({"typ": "JWT"}), &all))
    }
}

/// Where a client of these tests publishes its keys.
const PUBLISHED: &str = "https://svc.test/jwks";

/// Keys that were fetched then.
fn set(keys: Vec<PublicKey>, asked: Timestamp) -> FetchedKeys {
    FetchedKeys {
        keys,
        asked,
        ..FetchedKeys::default()
    }
}

/// The claims that are as they should be.
fn claims() -> Value {
    json!({
        "iss": "svc", "sub": "svc", "aud": "https://as.test", "jti": "one",
        "iat": NOW.0, "exp": NOW.0 + 60,
    })
}

impl World {
    /// A credential that is the public half of `signer`.
    fn key(&self, signer: &Signer) -> Secret {
        let jwk = signer.public_jwk().unwrap();
        self.credential(Proof::Key(PublicKey::from_jwk(jwk).unwrap()))
    }

    fn credential(&self, proof: Proof) -> Secret {
        let plain = crate::domain::secret::PlainSecret::generate(&self.entropy);
        kept(&plain, proof, SecretState::Active)
    }
}

fn shared(secret: &str) -> Signer {
    let key = PrivateKey::from_bytes(secret.as_bytes().to_vec());
    Signer::from_private(Algorithm::Hs256, &key).unwrap()
}

/// A JWT with exactly this header, but for `alg` and `kid`, which are the signer's unless it has others.
fn sign(signer: &Signer, header: Value, claims: &Value) -> String {
    sign_text(signer, header, &claims.to_string())
}

fn sign_text(signer: &Signer, mut header: Value, claims: &str) -> String {
    let members = header.as_object_mut().unwrap();
    let alg = signer.algorithm().as_str();
    members.entry("alg").or_insert_with(|| alg.into());
    members
        .entry("kid")
        .or_insert_with(|| signer.key_id().into());
    members.retain(|_, value| !value.is_null());
    signer.sign_any(&header.to_string(), claims)
}

fn refusal(result: Result<Option<UsedAssertion>, Reason>) -> AssertionError {
    let reason = result.unwrap_err();
    let Reason::Assertion(error) = reason else {
        panic!("{reason}")
    };
    error
}

/// CJ-03, CJ-08, CJ-10
#[test]
fn a_client_proves_itself_with_its_key_of_every_algorithm() {
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::EdDsa,
    ] {
        let signed = Signed::with(algorithm);
        let used = signed.claiming(|_| {}).unwrap().unwrap();
        assert_eq!((used.client.as_str(), used.id.as_str()), ("svc", "one"));
        assert!(used.expires > NOW.plus(Span(60)), "{algorithm}");
    }
}

/// CJ-10, CJ-16, FP-02
#[test]
fn a_clients_key_may_be_of_an_algorithm_that_this_server_signs_nothing_with() {
    for stranger in Stranger::all() {
        let mut signed = Signed::with(Algorithm::Es256);
        let mut client = signed.world.client("svc");
        let key = PublicKey::from_jwk(&stranger.jwk()).unwrap();
        client.secrets = vec![signed.world.credential(Proof::Key(key))];
        signed.world.replace_client(client);
        let algorithm = stranger.algorithm;
        let header = json!({ "alg": algorithm.as_str(), "typ": "JWT" });
        let assertion = stranger.sign(&header, &claims());

        assert!(signed.present(&assertion).is_ok(), "{algorithm}");

        let credentials = Credentials::Assertion(Assertion {
            kind: Kind::Jwt,
            text: Presented::new(assertion.as_str().into()),
            client_id: None,
        });
        let strict = Context {
            profile: Profile::Fapi2,
            ..signed.world.context()
        };
        let proven = authenticate(&signed.world.registry, &credentials, &strict);
        let is_strong = matches!(algorithm.as_str(), "ES256" | "PS256" | "EdDSA");
        assert_eq!(proven.is_ok(), is_strong, "{algorithm}");
    }
}

/// CJ-04, CJ-05
#[test]
fn an_assertion_is_for_this_server_alone() {
    let mut signed = Signed::with(Algorithm::Es256);
    assert!(
        signed
            .claiming(|it| it["aud"] = json!(["https://as.test"]))
            .is_ok()
    );
    let endpoint = "https://as.test/oauth2/token";
    for audience in [
        json!(endpoint),
        json!("https://as.test/"),
        json!("https://AS.test"),
        json!(["https://as.test", "https://other.test"]),
        json!(["https://as.test", 1]),
        json!([]),
        json!(""),
        json!(7),
        json!({}),
        Value::Null,
    ] {
        let refused = refusal(signed.claiming(|it| it["aud"] = audience.clone()));
        let expected = [AssertionError::Audience, AssertionError::Claim("aud")];
        assert!(expected.contains(&refused), "{audience}: {refused}");
    }
    let mut legacy = signed.world.client("svc");
    legacy.rules.legacy_assertion_audience = true;
    signed.world.replace_client(legacy);
    assert!(signed.claiming(|it| it["aud"] = endpoint.into()).is_ok());
    assert!(
        signed
            .claiming(|it| it["aud"] = json!([endpoint, "https://as.test"]))
            .is_err()
    );
}

/// ST-07
#[test]
fn an_assertion_that_may_have_been_used_before_a_restore_proves_nobody() {
    let signed = Signed::with(Algorithm::Es256);
    let after = |restored: i64, change: &dyn Fn(&mut Value)| {
        let mut all = claims();
        change(&mut all);
        let assertion = sign(&signed.signer, json!({"typ": "JWT"}), &all);
        let credentials = Credentials::Assertion(Assertion {
            kind: Kind::Jwt,
            text: Presented::new(assertion.as_str().into()),
            client_id: None,
        });
        let context = Context {
            restored: Some(Timestamp(NOW.0.saturating_add(restored))),
            ..signed.world.context()
        };
        let proven = authenticate(&signed.world.registry, &credentials, &context);
        proven.map(|_| ()).map_err(|refused| refused.reason)
    };
    let refused = || Err(Reason::from(AssertionError::BeforeRestore));
    let dated = |_: &mut Value| {};
    let undated = |it: &mut Value| drop(it.as_object_mut().unwrap().remove("iat"));

    assert_eq!(after(0, &dated), refused());
    assert_eq!(after(-30, &dated), refused());
    assert_eq!(after(-31, &dated), Ok(()));
    assert_eq!(after(-31, &undated), refused());
    assert_eq!(after(-3600 + 60 - 30, &undated), refused());
    assert_eq!(after(-3600 + 60 - 31, &undated), Ok(()));
    assert_eq!(after(i64::MIN, &dated), Ok(()));
    assert_eq!(after(i64::MAX, &dated), refused());
}

/// CJ-06, CJ-07, JW-08
#[test]
fn an_assertion_lives_briefly_and_now() {
    let signed = Signed::with(Algorithm::Es256);
    let at = |name: &'static str, value: Value| signed.claiming(|it| it[name] = value);
    assert_eq!(refusal(at("exp", json!(NOW.0))), AssertionError::Expired);
    assert_eq!(
        refusal(at("exp", json!(NOW.0 - 300))),
        AssertionError::Expired
    );
    assert!(at("exp", json!(NOW.0 + 1)).is_ok());
    assert!(at("exp", json!(NOW.0 + 3600)).is_ok());
    assert_eq!(
        refusal(at("exp", json!(NOW.0 + 3601))),
        AssertionError::LivesLong
    );
    for odd in [json!("60"), json!(-5), Value::Null, json!(true), json!([1])] {
        assert_eq!(refusal(at("exp", odd)), AssertionError::Claim("exp"));
    }
    for name in ["iat", "nbf"] {
        assert!(at(name, json!(NOW.0 + 10)).is_ok());
        assert!(at(name, json!(1_799_999_999.5)).is_ok());
        assert_eq!(refusal(at(name, json!(NOW.0 + 61))), AssertionError::NotYet);
        assert!(
            signed
                .claiming(|it| drop(it.as_object_mut().unwrap().remove(name)))
                .is_ok()
        );
    }
}

/// CJ-03, CJ-08
#[test]
fn every_claim_must_be_there_and_be_what_it_should() {
    let signed = Signed::with(Algorithm::Es256);
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        for odd in [Value::Null, json!(["svc"]), json!({})] {
            let without = odd.is_null();
            let refused = signed.claiming(|it| {
                it[name] = odd;
                if without {
                    it.as_object_mut().unwrap().remove(name);
                }
            });
            assert_eq!(
                refused.unwrap_err().code(),
                ErrorCode::InvalidClient,
                "{name}"
            );
        }
    }
    let id = |text: String| signed.claiming(|it| it["jti"] = text.into());
    assert!(id("x".repeat(256)).is_ok());
    assert_eq!(refusal(id("x".repeat(257))), AssertionError::Claim("jti"));
    assert_eq!(refusal(id(String::new())), AssertionError::Claim("jti"));
    let other = refusal(signed.claiming(|it| it["sub"] = "other".into()));
    assert_eq!(other, AssertionError::Subject);
}

/// CJ-07
#[test]
fn clocks_may_differ_by_as_much_as_is_tolerated() {
    let signed = Signed::with(Algorithm::Es256);
    for name in ["iat", "nbf"] {
        let ahead = |seconds: i64| signed.claiming(|it| it[name] = json!(NOW.0 + seconds));
        let tolerated = i64::try_from(SKEW.seconds()).unwrap();
        assert!(ahead(tolerated).is_ok(), "{name}");
        assert_eq!(refusal(ahead(tolerated + 1)), AssertionError::NotYet);
    }
}

#[test]
fn a_claim_is_found_without_believing_it() {
    let signed = Signed::with(Algorithm::Es256);
    let text = sign(&signed.signer, json!({"typ": "JWT"}), &claims());

    assert_eq!(claimed(&text, "sub").as_deref(), Some("svc"));
    assert_eq!(claimed(&text, "iat"), None, "it is a number");
    assert_eq!(claimed(&text, "name"), None);
    assert_eq!(claimed("a.b.c", "sub"), None);
}

/// CJ-07
#[test]
fn a_moment_that_is_none_is_refused() {
    let signed = Signed::with(Algorithm::Es256);
    for odd in [
        json!(-0.5),
        json!(-1),
        json!(9.1e15),
        json!(1e300),
        json!("1"),
    ] {
        let refused = refusal(signed.claiming(|it| it["iat"] = odd.clone()));
        assert_eq!(refused, AssertionError::Claim("iat"), "{odd}");
    }
    for fine in [json!(0), json!(0.5), json!(NOW.0)] {
        assert!(
            signed.claiming(|it| it["iat"] = fine.clone()).is_ok(),
            "{fine}"
        );
    }
}

#[test]
fn where_keys_are_published_is_said_as_it_is_configured() {
    assert_eq!(KeySource::Set(PUBLISHED.to_owned()).to_string(), PUBLISHED);
    let issuer = KeySource::Issuer("https://idp.test".to_owned());
    assert_eq!(issuer.to_string(), "the issuer https://idp.test");
}
