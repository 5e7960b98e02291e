//! F4: assertions of clients (RFC 7523). Header and claims are made up and then signed for good; whichever is
//! accepted, a slow verifier on another library accepts as well.

#![no_main]

use std::sync::LazyLock;

use jeton::{
    crypto::signer::Algorithm,
    oauth::{
        assertion::{Assertion, Kind, prove},
        params::Presented,
    },
};
use jeton_fuzz::{
    bytes::Bytes,
    jwt::{Key, change},
    world::{Fresh, ISSUER, NOW, World, key},
};
use serde_json::{Value, json};

const CLIENTS: [&str; 3] = ["es256", "eddsa", "hs256"];
const SECRET: &str = "a secret of thirty-two characters";
const HEADERS: [&str; 8] = ["alg", "typ", "kid", "crit", "b64", "zip", "jwk", "x"];
const CLAIMS: [&str; 9] = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "cnf", "x"];

/// The world, and the keys of its clients.
static SCENE: LazyLock<(World, [Key; 3])> = LazyLock::new(|| {
    let mut world = World::new();
    let mut asymmetric = |n: usize, algorithm| {
        let (signer, private) = key(algorithm, 7 + n as u64);
        let public = signer.public_jwk().expect("it has a public half").clone();
        world.client(CLIENTS[n], &json!({ "credential": { "key": public } }));
        Key::new(algorithm, &private, &public)
    };
    let (one, two) = (
        asymmetric(0, Algorithm::Es256),
        asymmetric(1, Algorithm::EdDsa),
    );
    world.client(
        CLIENTS[2],
        &json!({ "secret": { "value": SECRET, "signs": true } }),
    );
    (world, [one, two, Key::shared(SECRET.as_bytes())])
});

jeton_fuzz::target!(|data| {
    let (world, keys) = &*SCENE;
    let mut bytes = Bytes::new(data);
    let who = bytes.below(CLIENTS.len());
    let signer = if bytes.below(8) == 7 {
        &keys[(who + 1) % 3]
    } else {
        &keys[who]
    };
    let client_id = match bytes.below(8) {
        6 => Some(CLIENTS[(who + 1) % 3].to_owned()),
        7 => Some(bytes.text()),
        n if n % 2 == 0 => None,
        _ => Some(CLIENTS[who].to_owned()),
    };
    let is_raw = bytes.below(16) == 15;
    let token = if is_raw {
        String::from_utf8_lossy(bytes.rest()).into_owned()
    } else {
        made_up(who, signer, &mut bytes)
    };
    let assertion = Assertion {
        kind: Kind::Jwt,
        text: Presented::new(token.as_str().into()),
        client_id: client_id.as_deref().map(Into::into),
    };
    let proven = prove(&world.registry, &assertion, &world.context(&Fresh));
    let proven = proven.ok().map(|who| who.client.id.to_string());
    let believed = slow(keys, &token, client_id.as_deref());
    if proven.is_some() {
        assert_eq!(proven, believed, "{token}");
    }
    if data.len() < 2 {
        assert_eq!(
            believed.as_deref(),
            Some(CLIENTS[who]),
            "what was not changed is good"
        );
    }
});

fn made_up(who: usize, signer: &Key, bytes: &mut Bytes<'_>) -> String {
    let algorithm = ["ES256", "EdDSA", "HS256"][who];
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let mut header = object(json!({ "alg": algorithm, "typ": "JWT" }));
    let mut claims = object(json!({
        "iss": CLIENTS[who],
        "sub": CLIENTS[who],
        "aud": ISSUER,
        "exp": NOW.0 + 60,
        "iat": NOW.0,
        "jti": "one",
    }));
    let (header, claims) = (
        change(&mut header, &HEADERS, bytes),
        change(&mut claims, &CLAIMS, bytes),
    );
    signer.sign(&header, &claims)
}

/// The client that a token proves, read with patience.
fn slow(keys: &[Key], token: &str, client_id: Option<&str>) -> Option<String> {
    let mut all = CLIENTS.iter().zip(keys);
    let (who, it) = all.find_map(|(who, key)| Some((*who, key.verified(token)?)))?;
    let types = [
        "jwt",
        "jose",
        "client-authentication+jwt",
        "application/client-authentication+jwt",
    ];
    let audience = match it.claims.get("aud")? {
        Value::Array(one) if one.len() == 1 => one[0].as_str()?,
        other => other.as_str()?,
    };
    let now = seconds(NOW.0);
    let expires = it.moment("exp")??.ceil();
    let has_begun = |name: &&str| {
        let at = it.claims.get(*name).map(Value::as_f64);
        at.is_none_or(|at| at.is_some_and(|at| at >= 0.0 && at.ceil() <= now + 30.0))
    };
    let is_good = it.twins.is_empty()
        && (!it.header.contains_key("typ") || it.is_of_type(&types))
        && it.is_plain(&["crit", "b64", "zip"])
        && it.text("iss") == Some(who)
        && it.text("sub") == Some(who)
        && client_id.is_none_or(|id| id == who)
        && audience == ISSUER
        && expires > now
        && expires <= now + 3600.0
        && ["iat", "nbf"].iter().all(has_begun)
        && it
            .text("jti")
            .is_some_and(|id| (1..=256).contains(&id.len()));
    is_good.then(|| who.to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "dates of men are exact")]
fn seconds(at: i64) -> f64 {
    at as f64
}
