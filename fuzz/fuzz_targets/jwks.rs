//! F5: public keys. Whichever is kept can be read again and is the same, has no private member, is one for another
//! library too, and has the thumbprint there that it has here.

#![no_main]

use jeton::{crypto::jwk, domain::credential::PublicKey};
use jeton_fuzz::json::{PRIVATE, has_member};
use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, ThumbprintHash},
};
use serde_json::Value;

jeton_fuzz::target!(|data| {
    jeton::crypto::install_provider();
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let keys = value.get("keys").and_then(Value::as_array);
    let keys = keys.map_or(std::slice::from_ref(&value), Vec::as_slice);
    for key in keys {
        check(key);
    }
});

fn check(value: &Value) {
    let Ok(key) = PublicKey::from_jwk(value) else {
        return;
    };
    assert!(!has_member(key.jwk(), &PRIVATE), "{}", key.jwk());
    let written = key.jwk().to_string();
    let read: Value = serde_json::from_str(&written).expect("a JWK is JSON");
    let again = PublicKey::from_jwk(&read).expect("what was kept can be read");
    assert!(again == key && again.thumbprint() == key.thumbprint());
    assert_eq!(jwk::thumbprint(value).as_deref(), Some(key.thumbprint()));
    // Nothing but what the key is: what it is for, and by which algorithm, others call by more names.
    let mut bare = read;
    if let Some(members) = bare.as_object_mut() {
        members.retain(|name, _| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str()));
    }
    let other: Jwk = serde_json::from_value(bare).expect("a public key is one for everybody");
    assert!(DecodingKey::from_jwk(&other).is_ok(), "{written}");
    let thumbprint = other.thumbprint(ThumbprintHash::SHA256);
    assert_eq!(
        thumbprint.ok().as_deref(),
        Some(key.thumbprint()),
        "{written}"
    );
}
