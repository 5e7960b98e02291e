//! F4: access tokens (RFC 9068). Header and claims are made up and then signed with the server's own key; whichever
//! is believed, a slow verifier on another library believes as well. And sealed tokens, damaged: none is believed.

#![no_main]

use std::sync::{Arc, LazyLock};

use jeton::{
    crypto::{
        jws,
        signer::{Algorithm, PrivateKey},
    },
    domain::{
        change::{Change, Effect},
        key::SigningKey,
    },
    oauth::{
        access_token::{Anew, Expected, VerifiedToken, verify},
        inspection::{FoundSecret, Inspection},
    },
};
use jeton_fuzz::{
    bytes::Bytes,
    jwt::{Key, change},
    world::{API, ISSUER, NOW, World, key, parsed},
};
use serde_json::{Map, Value, json};

const HEADERS: [&str; 7] = ["alg", "typ", "kid", "crit", "b64", "zip", "x"];
const CLAIMS: [&str; 14] = [
    "iss",
    "sub",
    "client_id",
    "aud",
    "scope",
    "iat",
    "exp",
    "jti",
    "cnf",
    "act",
    "authorization_details",
    "nbf",
    "x",
    "roles",
];

struct Scene {
    world: World,
    key: Key,
    key_id: String,
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let mut world = World::new();
    world.client("reports", &json!({}));
    let (signer, private) = key(Algorithm::Es256, 42);
    let public = signer.public_jwk().expect("it has a public half").clone();
    let jwt = Key::new(Algorithm::Es256, &private, &public);
    let kept = SigningKey::new(
        (signer, PrivateKey::from_bytes(private.as_bytes().to_vec())),
        NOW,
        NOW,
    );
    let key_id = kept.id.to_string();
    let effect = Effect::Key(kept.id.clone(), Some(Arc::new(kept)));
    world.put(Change {
        action: jeton::domain::audit::Action::KeyGenerate,
        effect,
    });
    Scene {
        world,
        key: jwt,
        key_id,
    }
});

jeton_fuzz::target!(|data| {
    let Scene { world, key, key_id } = &*SCENE;
    let mut bytes = Bytes::new(data);
    let token = match bytes.below(16) {
        14 => format!("jta_{}", String::from_utf8_lossy(bytes.rest())),
        15 => String::from_utf8_lossy(bytes.rest()).into_owned(),
        _ => made_up(key, key_id, &mut bytes),
    };
    let audience = parsed(API);
    let expected = Expected {
        issuer: &world.issuer,
        now: NOW,
        verified: &Anew,
    };
    let believed = verify(&world.registry, (&token, &audience), &expected).ok();
    let slow = slow(key, key_id, &token);
    if let Some(found) = &believed {
        let Some(claims) = &slow else {
            panic!("{token}");
        };
        agree(found, claims);
    }
    if data.is_empty() {
        assert!(
            believed.is_some() && slow.is_some(),
            "what was not changed is good"
        );
    }
    look(world, &token);
});

/// What shows a token to people takes any text.
fn look(world: &World, token: &str) {
    if let Some(inspection) = Inspection::of(&world.registry, token, NOW) {
        let shown = jws::decode_unverified(token).expect("what is inspected can be taken apart");
        assert_eq!((inspection.header, inspection.claims), shown);
    }
    drop(FoundSecret::of(&world.registry, token));
}

fn made_up(key: &Key, key_id: &str, bytes: &mut Bytes<'_>) -> String {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let mut header = object(json!({ "alg": "ES256", "typ": "at+jwt", "kid": key_id }));
    let mut claims = object(json!({
        "iss": ISSUER,
        "sub": "reports",
        "client_id": "reports",
        "aud": API,
        "scope": "read:orders",
        "iat": NOW.0,
        "exp": NOW.0 + 60,
        "jti": "one",
    }));
    let (header, claims) = (
        change(&mut header, &HEADERS, bytes),
        change(&mut claims, &CLAIMS, bytes),
    );
    key.sign(&header, &claims)
}

/// The claims of a token that is to be believed, read with patience.
fn slow(key: &Key, key_id: &str, token: &str) -> Option<Map<String, Value>> {
    let it = key.verified(token)?;
    let number = |name: &str| it.claims.get(name).and_then(Value::as_i64);
    let acts = it.claims.get("act").is_some_and(Value::is_object);
    let is_good = !it.twins.iter().any(|twin| KNOWN.contains(&twin.as_str()))
        && it.is_of_type(&["at+jwt", "application/at+jwt"])
        && it.is_plain(&["crit", "b64"])
        && it.header.get("kid")? == key_id
        && it.text("iss")? == ISSUER
        && it.text("aud")? == API
        && number("exp")? > NOW.0
        && number("iat")? <= NOW.0 + 60
        && (it.text("sub")? == it.text("client_id")? || acts)
        && it.text("jti").is_some();
    is_good.then_some(it.claims)
}

/// What must not stand twice: all that means something.
const KNOWN: [&str; 16] = [
    "alg",
    "typ",
    "kid",
    "crit",
    "b64",
    "iss",
    "sub",
    "client_id",
    "aud",
    "scope",
    "iat",
    "exp",
    "jti",
    "cnf",
    "act",
    "authorization_details",
];

/// That what was found is what the claims say.
fn agree(found: &VerifiedToken, claims: &Map<String, Value>) {
    assert_eq!(claims["client_id"], found.client.as_str());
    assert_eq!(claims["sub"], found.subject.as_str());
    assert_eq!(claims["jti"], found.id.as_str());
    assert_eq!(claims["exp"], found.expires.0);
    assert_eq!(claims["iat"], found.issued.0);
    let said = claims["scope"].as_str().unwrap_or_default();
    for scope in &found.scopes {
        assert!(said.split(' ').any(|it| it == scope.as_str()));
    }
    let cnf = claims.get("cnf").filter(|it| !it.is_null());
    assert_eq!(cnf.is_some(), found.confirmation.is_some());
    if let (Some(cnf), Some(confirmation)) = (cnf, &found.confirmation) {
        assert_eq!(cnf[confirmation.member()], confirmation.thumbprint());
    }
}
