//! F4: DPoP proofs (RFC 9449). Header and claims are made up and then signed for good; whichever is accepted, a slow
//! verifier on another library accepts as well, and finds the same key.

#![no_main]

use std::sync::LazyLock;

use jeton::{
    crypto::{mac::sha256, signer::Algorithm, text::base64url},
    domain::profile::Profile,
    oauth::{
        credentials::Header,
        dpop::{Address, Expected, Proof, ProofError},
    },
};
use jeton_fuzz::{
    bytes::Bytes,
    json::PRIVATE,
    jwt::{Key, change},
    world::{Fresh, NOW, key},
};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::{Value, json};

const ENDPOINT: &str = "https://as.test/oauth2/token";
const HEADERS: [&str; 7] = ["alg", "typ", "jwk", "kid", "crit", "b64", "x"];
const CLAIMS: [&str; 9] = [
    "jti", "htm", "htu", "iat", "exp", "nbf", "ath", "nonce", "x",
];
const MEMBERS: [&str; 9] = ["kty", "crv", "x", "y", "alg", "use", "key_ops", "d", "kid"];
const TOKEN: &str = "a token";

/// Keys, and their public halves.
static KEYS: LazyLock<[(Key, Value); 2]> = LazyLock::new(|| {
    [Algorithm::Es256, Algorithm::EdDsa].map(|algorithm| {
        let (signer, private) = key(algorithm, 21);
        let public = signer.public_jwk().expect("it has a public half").clone();
        (Key::new(algorithm, &private, &public), public)
    })
});

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let which = bytes.below(2);
    let has_token = bytes.below(2) == 1;
    let (key, public) = &KEYS[which];
    let is_raw = bytes.below(16) == 15;
    let proof = if is_raw {
        String::from_utf8_lossy(bytes.rest()).into_owned()
    } else {
        made_up(which, has_token, &mut bytes)
    };
    let accepted = accept(&proof, has_token);
    let believed = slow(key, public, &proof, has_token);
    if let Ok(thumbprint) = &accepted {
        assert_eq!(believed.as_ref(), Some(thumbprint), "{proof}");
    }
    if data.len() < 3 {
        assert_eq!(accepted.ok(), believed, "what was not changed is good");
        assert!(believed.is_some(), "what was not changed is good");
    }
});

fn accept(proof: &str, has_token: bool) -> Result<String, ProofError> {
    let read = Proof::read(Header::One(proof.as_bytes()), Profile::default())?;
    let addresses = [Address::parse(ENDPOINT).expect("it is an address")];
    let expected = Expected {
        now: NOW,
        method: "POST",
        addresses: &addresses,
        token: has_token.then_some(TOKEN),
    };
    read.expect("there is a header").check(&expected, &Fresh)
}

fn made_up(which: usize, has_token: bool, bytes: &mut Bytes<'_>) -> String {
    let (key, public) = &KEYS[which];
    let mut jwk = public.as_object().cloned().unwrap_or_default();
    if bytes.below(4) == 3 {
        let changed = change(&mut jwk, &MEMBERS, bytes);
        jwk = serde_json::from_str(&changed).unwrap_or_default();
    }
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let algorithm = ["ES256", "EdDSA"][which];
    let mut header = object(json!({ "alg": algorithm, "typ": "dpop+jwt", "jwk": jwk }));
    let mut claims = object(json!({
        "jti": "one", "htm": "POST", "htu": ENDPOINT, "iat": NOW.0,
    }));
    if has_token {
        let hash = base64url(sha256(TOKEN.as_bytes()));
        claims.insert("ath".to_owned(), hash.into());
    }
    let (header, claims) = (
        change(&mut header, &HEADERS, bytes),
        change(&mut claims, &CLAIMS, bytes),
    );
    key.sign(&header, &claims)
}

/// The thumbprint of the key that a proof proves, read with patience.
fn slow(key: &Key, public: &Value, proof: &str, has_token: bool) -> Option<String> {
    let it = key.verified(proof)?;
    let jwk = it.header.get("jwk")?;
    let is_the_key = ["kty", "crv", "x", "y"]
        .iter()
        .all(|name| public.get(name).is_none_or(|it| jwk.get(name) == Some(it)));
    let url = it.text("htu")?;
    let now = seconds(NOW.0);
    let nonce = it.claims.get("nonce").filter(|nonce| !nonce.is_null());
    let issued = it.moment("iat")??.floor();
    let is_recent = issued >= now - 60.0 && issued <= now + 15.0;
    let holds = |name: &str, is_right: &dyn Fn(f64) -> bool| {
        let at = it.moment(name);
        at.is_none_or(|at| at.is_some_and(|at| is_right(at.floor())))
    };
    let hash = base64url(sha256(TOKEN.as_bytes()));
    let is_good = !it.twins.iter().any(|twin| KNOWN.contains(&twin.as_str()))
        && it.is_of_type(&["dpop+jwt", "application/dpop+jwt"])
        && it.is_plain(&["crit", "b64"])
        && PRIVATE.iter().all(|name| jwk.get(name).is_none())
        && is_the_key
        && it
            .text("jti")
            .is_some_and(|id| (1..=256).contains(&id.len()))
        && it.text("htm") == Some("POST")
        && (url == ENDPOINT || Address::parse(url) == Address::parse(ENDPOINT))
        && (is_recent || nonce.is_some())
        && holds("exp", &|at| at > now)
        && holds("nbf", &|at| at <= now + 15.0)
        && nonce.is_none_or(|nonce| nonce == "ours")
        && (!has_token || it.text("ath") == Some(hash.as_str()));
    let jwk: Jwk = serde_json::from_value(public.clone()).ok()?;
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
    is_good.then_some(thumbprint)
}

/// What must not stand twice: all that means something.
const KNOWN: [&str; 13] = [
    "alg", "typ", "jwk", "crit", "b64", "jti", "htm", "htu", "iat", "exp", "nbf", "ath", "nonce",
];

#[expect(clippy::cast_precision_loss, reason = "dates of men are exact")]
fn seconds(at: i64) -> f64 {
    at as f64
}
