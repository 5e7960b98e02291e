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

/// CJ-11, CJ-12, CJ-13, JW-05
#[test]
fn a_token_for_something_else_is_no_assertion() {
    let signed = Signed::with(Algorithm::Es256);
    let with = |header: Value| signed.present(&sign(&signed.signer, header, &claims()));
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("client-authentication+jwt"),
        Value::Null,
    ] {
        assert!(with(json!({ "typ": typ })).is_ok(), "{typ}");
    }
    for typ in [
        "at+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
        "oauth-client-attestation+jwt",
        "",
    ] {
        assert_eq!(refusal(with(json!({ "typ": typ }))), AssertionError::Typ);
    }
    for extension in [json!([]), json!(["exp"]), json!(["x"])] {
        assert!(with(json!({ "crit": extension })).is_err());
    }
    assert!(with(json!({ "b64": false })).is_err());
    assert!(with(json!({ "zip": "DEF" })).is_err());
    let (mallory, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(10));
    let own = mallory.public_jwk().unwrap();
    for header in [
        json!({ "jwk": own }),
        json!({ "kid": signed.signer.key_id(), "jwk": own }),
        json!({ "jku": "https://mallory.test/jwks" }),
        json!({ "kid": "../../etc/passwd" }),
        json!({ "kid": null }),
    ] {
        let forged = sign(&mallory, header, &claims());
        assert_eq!(refusal(signed.present(&forged)), AssertionError::Key);
    }
    let access = signed
        .signer
        .sign(Typ::AccessToken, claims().to_string().as_bytes());
    assert_eq!(
        refusal(signed.present(&access.unwrap())),
        AssertionError::Typ
    );
}

/// CJ-10, JW-01
#[test]
fn the_key_decides_the_algorithm() {
    let signed = Signed::with(Algorithm::Rs256);
    for alg in [
        json!("none"),
        json!("None"),
        json!(""),
        json!(7),
        json!(["RS256"]),
        json!("PS256"),
        json!("HS256"),
        json!("ES256"),
        json!("RS512"),
    ] {
        let header = json!({ "alg": alg });
        let forged = sign(&signed.signer, header, &claims());
        assert!(signed.present(&forged).is_err(), "{alg}");
    }
    // The public key as the secret of an HMAC: the classic.
    let jwk = signed.signer.public_jwk().unwrap().to_string();
    let confused = sign(
        &shared(&jwk[..62]),
        json!({ "kid": signed.signer.key_id() }),
        &claims(),
    );
    assert_eq!(refusal(signed.present(&confused)), AssertionError::Key);
    let unsecured = format!(
        "{}.{}.",
        base64url("{\"alg\":\"none\"}"),
        base64url(claims().to_string())
    );
    assert!(signed.present(&unsecured).is_err());
}

/// CJ-17, CJ-18, JW-03, JW-04, JW-06, JW-09
#[test]
#[expect(clippy::too_many_lines, reason = "a list is as long as it is")]
fn two_hundred_bad_forms_are_refused_alike() {
    let signed = Signed::with(Algorithm::Es256);
    let good = sign(&signed.signer, json!({"typ": "JWT"}), &claims());
    assert!(signed.present(&good).is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    let text = claims().to_string();
    let mut bad = vec![
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        parts[0].to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{good}.{}.{}", parts[1], parts[2]),
        json!({"payload": parts[1], "protected": parts[0], "signature": parts[2]}).to_string(),
        "x".repeat(20_000),
        format!("{good}.{}.{}", parts[0], parts[2]),
    ];
    for cut in 1..100 {
        bad.push(good[..good.len() - cut].to_owned());
    }
    for n in 0..60 {
        let at = n * (good.len() - 1) / 60;
        let other = if good.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut changed = good.clone();
        changed.replace_range(at..=at, other);
        bad.push(changed);
    }
    let twice = |name: &str| text.replacen('{', &format!("{{\"{name}\":\"x\","), 1);
    let odd = [
        "[]",
        "7",
        "null",
        "\"x\"",
        "{",
        "{}x",
        "\u{feff}{}",
        "{\"exp\":1e400}",
        "{\"exp\":NaN}",
    ];
    let odd = odd.into_iter().map(str::to_owned);
    for claims in odd.chain(["iss", "sub", "aud", "exp", "jti", "iat"].map(twice)) {
        bad.push(sign_text(&signed.signer, json!({}), &claims));
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    bad.push(sign_text(&signed.signer, json!({}), &deep));
    for claims in [
        "\u{0}",
        "// x\n{}",
        "{'iss':'svc'}",
        "{\"iss\":\"\\ud800\"}",
    ] {
        bad.push(sign_text(&signed.signer, json!({}), claims));
    }
    let header = base64url("{\"alg\":\"ES256\",\"alg\":\"ES256\"}");
    bad.push(format!("{header}.{}.{}", parts[1], parts[2]));
    bad.extend((0..20).map(|n| good.replace('.', &".".repeat(n + 2))));
    assert!(bad.len() >= 200, "{}", bad.len());
    for text in bad {
        let refused = signed.present(&text).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidClient, "{text}");
        assert_eq!(
            refused.description(),
            "client authentication failed",
            "{text}"
        );
    }
}

/// JW-09
#[test]
fn nothing_is_decrypted_or_unpacked_to_be_refused() {
    let signed = Signed::with(Algorithm::Es256);
    let form = |text: &str| {
        let AssertionError::Form(error) = refusal(signed.present(text)) else {
            panic!("{text}")
        };
        error
    };
    let encrypted = json!({
        "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2s": "AAAAAAAAAAA", "p2c": u32::MAX, "zip": "DEF",
        "kid": signed.signer.key_id(), "typ": "JWT", "cty": "JWT",
    });
    let header = base64url(encrypted.to_string());
    assert_eq!(
        form(&format!("{header}.AAAA.AAAA.AAAA.AAAA")),
        VerifyError::Parts
    );
    let in_three = sign(
        &signed.signer,
        json!({ "alg": "PBES2-HS512+A256KW", "p2c": u32::MAX }),
        &claims(),
    );
    assert_eq!(form(&in_three), VerifyError::Algorithm);
    for algorithm in ["dir", "RSA-OAEP", "ECDH-ES", "A256KW"] {
        let text = sign(
            &signed.signer,
            json!({ "alg": algorithm, "enc": "A256GCM" }),
            &claims(),
        );
        assert_eq!(form(&text), VerifyError::Algorithm, "{algorithm}");
    }
    let packed = sign(&signed.signer, json!({ "zip": "DEF" }), &claims());
    assert_eq!(form(&packed), VerifyError::Extension("zip"));
}

/// CJ-14
#[test]
fn of_keys_that_are_called_alike_the_one_that_fits_is_found() {
    let keys: Vec<_> = [
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::EdDsa,
        Algorithm::Es256,
    ]
    .into_iter()
    .zip(1..)
    .map(|(algorithm, seed)| Signer::generate(algorithm, &Entropy::seeded(seed)).0)
    .collect();
    let published: Vec<_> = keys.iter().map(|key| called(key, Some("same"))).collect();
    for (key, meant) in keys.iter().zip(&published) {
        let text = sign(key, json!({ "kid": "same" }), &claims());
        let parsed = Parsed::of(&text).unwrap();
        assert_eq!(parsed.find_signer(published.iter()), Some(meant));
        let other = sign(key, json!({ "kid": "other" }), &claims());
        let parsed = Parsed::of(&other).unwrap();
        assert_eq!(parsed.find_signer(published.iter()), None);
    }
}

/// CJ-14
#[test]
fn no_more_than_ten_keys_are_tried() {
    let signer = |seed| Signer::generate(Algorithm::Es256, &Entropy::seeded(seed)).0;
    let ours = signer(1);
    let text = sign(&ours, json!({ "kid": null }), &claims());
    let parsed = Parsed::of(&text).unwrap();
    let others = |n: u64| (0..n).map(|seed| called(&signer(100 + seed), None));
    for (before, is_found) in [(0, true), (9, true), (10, false), (30, false)] {
        let mut keys: Vec<_> = others(before).collect();
        keys.push(called(&ours, None));
        assert_eq!(
            parsed.find_signer(keys.iter()).is_some(),
            is_found,
            "{before}"
        );
    }
    // Keys that cannot be meant do not count.
    let rsa = Signer::generate(Algorithm::Ps256, &Entropy::seeded(2)).0;
    let mut keys = vec![called(&rsa, None); 30];
    keys.push(called(&ours, None));
    assert!(parsed.find_signer(keys.iter()).is_some());
}

/// The public half under another name, or under none.
fn called(signer: &Signer, name: Option<&str>) -> PublicKey {
    let mut jwk = signer.public_jwk().unwrap().clone();
    jwk["kid"] = json!(name);
    jwk.as_object_mut().unwrap().retain(|_, it| !it.is_null());
    PublicKey::from_jwk(&jwk).unwrap()
}

/// CJ-14
#[test]
fn an_assertion_that_names_no_key_is_tried_on_those_that_could_be_meant() {
    let signed = Signed::with(Algorithm::Es256);
    let unnamed = sign(&signed.signer, json!({ "kid": null }), &claims());
    assert!(signed.present(&unnamed).is_ok());
    let by_thumbprint = signed.world.client("svc").secrets[0].clone();
    let Proof::Key(key) = &by_thumbprint.proof else {
        panic!()
    };
    let named = sign(
        &signed.signer,
        json!({ "kid": key.thumbprint() }),
        &claims(),
    );
    assert!(signed.present(&named).is_ok());
}

#[test]
fn a_retired_key_is_recognised_and_refused() {
    let mut signed = Signed::with(Algorithm::Es256);
    let mut client = signed.world.client("svc");
    client.secrets[0].state = SecretState::Retired { at: NOW };
    signed.world.replace_client(client);
    let refused = signed.claiming(|_| {}).unwrap_err();
    assert!(matches!(refused, Reason::DeadSecret(..)), "{refused}");
}

/// CJ-19
#[test]
fn a_secret_signs_only_where_it_is_kept_for_signing() {
    let mut world = World::new();
    let text = "a secret of at least thirty-two characters";
    let kept = SharedSecret::new(text.to_owned().into());
    let mut able = client("svc", &[]);
    able.secrets.push(world.credential(Proof::Shared(kept)));
    world.replace_client(able);
    let plain = world.put_client(client("other", &[]));
    let signed = Signed {
        world,
        signer: shared(text),
    };
    assert!(signed.claiming(|_| {}).is_ok());
    let other = Signed {
        signer: shared(&plain),
        ..signed
    };
    let refused = other.claiming(|it| {
        it["iss"] = "other".into();
        it["sub"] = "other".into();
    });
    assert_eq!(refusal(refused), AssertionError::Key);
}

/// CJ-15
#[test]
fn keys_elsewhere_are_asked_for_once_and_then_left_alone_for_a_while() {
    let mut world = World::new();
    let (key, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(9));
    let mut able = client("svc", &[]);
    able.secrets
        .push(world.credential(Proof::KeySet(PUBLISHED.to_owned())));
    world.replace_client(able);
    let signed = Signed { world, signer: key };
    let text = sign(&signed.signer, json!({}), &claims());
    let present = |keys| signed.present_where(&text, keys).map(drop);
    let key = PublicKey::from_jwk(signed.signer.public_jwk().unwrap()).unwrap();
    let wanted = Err(Reason::NeedsKeys(KeySource::Set(PUBLISHED.to_owned())));

    assert_eq!(present(None), wanted);
    assert_eq!(present(Some(set(vec![key], NOW.minus(Span(7200))))), Ok(()));
    assert_eq!(present(Some(set(Vec::new(), NOW.minus(COOL_DOWN)))), wanted);
    let lately = set(Vec::new(), NOW.minus(Span(59)));
    assert_eq!(present(Some(lately)), Err(AssertionError::Key.into()));
}

/// CJ-15
#[test]
fn a_key_that_is_dead_here_is_asked_for_where_keys_are_published() {
    let mut signed = Signed::with(Algorithm::Es256);
    let mut client = signed.world.client("svc");
    client.secrets[0].state = SecretState::Revoked { at: NOW };
    let published = signed.world.credential(Proof::KeySet(PUBLISHED.to_owned()));
    client.secrets.push(published);
    signed.world.replace_client(client);
    let text = sign(&signed.signer, json!({}), &claims());
    let key = PublicKey::from_jwk(signed.signer.public_jwk().unwrap()).unwrap();

    let unasked = signed.present(&text).unwrap_err();
    let wanted = Reason::NeedsKeys(KeySource::Set(PUBLISHED.to_owned()));
    assert_eq!(unasked, wanted);
    let found = signed.present_where(&text, Some(set(vec![key], NOW)));
    assert!(found.is_ok(), "{found:?}");
    let dead = signed.present_where(&text, Some(set(Vec::new(), NOW)));
    let dead = dead.unwrap_err();
    assert!(matches!(dead, Reason::DeadSecret(..)), "{dead}");
}
