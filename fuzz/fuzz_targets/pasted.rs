//! F7: what operators paste: secrets of their own, hashes, keys, certificates, whole descriptions. What is taken keeps
//! to its bounds, found by hand, and has no private part of a key in it.

#![no_main]

use jeton::{
    admin::clients::RegisterWithoutSecret,
    admin::input::{
        ApiInput, ClientInput, CredentialInput, DetailTypeInput, HandoverInput, PolicyInput,
        PublicKeyInput, Registration, RegistrationTokenInput, RotateInput, scopes_from_lines,
    },
    crypto::{password::PasswordHash, pem::public_jwk, random::Entropy},
    domain::{
        claims::Claims,
        credential::{FederationKeys, PublicKey},
        policy::Policy,
        secret::{PlainSecret, Proof},
    },
};
use jeton_fuzz::{
    bytes::Bytes,
    json::{PRIVATE, has_member, nearly},
    world::{API, parsed},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let kind = bytes.below(10);
    let Ok(text) = std::str::from_utf8(bytes.rest()) else {
        return;
    };
    match kind {
        0 => secret(text),
        1 => hash(text),
        2 => key(text),
        3 => certificate(text),
        4 => credential(text),
        5 => claims(text),
        6 => drop(scopes_from_lines(text)),
        7 => client(text),
        8 => rotation(text),
        _ => server(text),
    }
});

fn secret(text: &str) {
    let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_right = is_printable && (32..=1024).contains(&text.len());
    assert_eq!(PlainSecret::check(text).is_ok(), is_right);
    if is_right {
        let kept = PlainSecret::chosen(text.to_owned().into(), &Entropy::seeded(1));
        assert!(kept.is_ok_and(|it| it.reveal() == text));
    }
}

/// `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, with costs that a check can afford.
fn hash(text: &str) {
    let Ok(hash) = PasswordHash::parse(text) else {
        return;
    };
    assert_eq!(hash.as_str(), text);
    let parts: Vec<&str> = text.split('$').collect();
    let ["", "argon2id", "v=19", costs, _, _] = parts.as_slice() else {
        panic!("{text}");
    };
    let costs: Vec<u32> = costs
        .split(',')
        .zip(["m=", "t=", "p="])
        .map(|(cost, name)| {
            cost.strip_prefix(name)
                .and_then(|it| it.parse().ok())
                .expect(text)
        })
        .collect();
    assert!(
        costs[0] <= 64 * 1024 && costs[1] <= 5 && costs[2] <= 4,
        "{text}"
    );
    assert!(hash.needs_rehash() || costs == [19 * 1024, 2, 1], "{text}");
    assert!(!format!("{hash:?}").contains(parts[5]));
}

fn key(text: &str) {
    if let Ok(jwk) = public_jwk(text) {
        assert!(!has_member(&jwk, &PRIVATE));
    }
    let input = CredentialInput {
        key: Some(PublicKeyInput::Text(text.to_owned())),
        ..CredentialInput::default()
    };
    if let Ok(new) = input.read() {
        assert!(!text.contains("PRIVATE KEY-----"));
        public(&new.proof);
    }
}

fn certificate(text: &str) {
    let input = CredentialInput {
        certificate: Some(text.to_owned()),
        ..CredentialInput::default()
    };
    if let Ok(new) = input.read() {
        assert!(!text.contains("PRIVATE KEY-----"));
        assert!(matches!(&new.proof, Proof::Certificate(it) if it.thumbprint.len() == 43));
    }
}

fn credential(text: &str) {
    if let Some(input) = described::<CredentialInput>(text)
        && let Ok(new) = input.read()
    {
        public(&new.proof);
    }
}

/// That nothing of what is kept is a secret.
fn public(proof: &Proof) {
    let check = |key: &PublicKey| assert!(!has_member(key.jwk(), &PRIVATE), "{}", key.jwk());
    match proof {
        Proof::Key(key) | Proof::CertificateKey(key) => check(key),
        Proof::Federated(trust) => {
            if let FederationKeys::Given(keys) = &trust.keys {
                keys.iter().for_each(check);
            }
        }
        Proof::KeySet(uri) | Proof::CertificateKeySet(uri) => {
            assert!(uri.starts_with("https://") && uri.is_ascii() && uri.len() <= 512);
        }
        Proof::Certificate(_) | Proof::Subject(_) => {}
        Proof::Mac(_) | Proof::Password(_) | Proof::Shared(_) => {
            panic!("a credential is no secret")
        }
    }
}

fn claims(text: &str) {
    let Ok(claims) = Claims::parse(text) else {
        return;
    };
    if text.trim().is_empty() {
        return assert!(claims.is_empty());
    }
    let said: Value = serde_json::from_str(text).expect("claims are JSON");
    for (name, value) in claims.iter() {
        assert_eq!(said.get(name), Some(value));
        let own = [
            "iss",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "client_id",
            "scope",
            "cnf",
            "act",
        ];
        assert!(!own.contains(&name), "{name} is for the server to say");
    }
}

fn client(text: &str) {
    let Some(Ok(registration)) = described::<ClientInput>(text).map(ClientInput::read) else {
        return;
    };
    match registration {
        Registration::Credential(it) => public(&it.credential.proof),
        Registration::Secret(client) | Registration::Nothing(RegisterWithoutSecret(client)) => {
            let chosen = client.secret.value.as_deref().map(String::as_str);
            assert!(chosen.is_none_or(|it| PlainSecret::check(it).is_ok()));
        }
    }
}

fn rotation(text: &str) {
    let policy = Policy::default();
    if let Some(input) = described::<RotateInput>(text) {
        drop(input.read(parsed("client"), &policy));
    }
    if let Some(input) = described::<HandoverInput>(text) {
        drop(input.parse(parsed("client"), &policy));
    }
}

fn server(text: &str) {
    let policy = Policy::default();
    if let Some(input) = described::<ApiInput>(text) {
        drop(input.parse(&policy));
    }
    if let Some(input) = described::<DetailTypeInput>(text) {
        drop(input.parse(parsed(API)));
    }
    if let Some(input) = described::<RegistrationTokenInput>(text)
        && let Ok(command) = input.parse()
    {
        assert!((1..=10_000).contains(&command.limit));
    }
    if let Some(input) = described::<PolicyInput>(text) {
        drop(input.parse());
    }
}

/// A description as the admin API takes it. Written, it is one again, and says the same.
fn described<T: DeserializeOwned + Serialize>(text: &str) -> Option<T> {
    let input: T = serde_json::from_str(text).ok()?;
    let written = serde_json::to_string(&input).expect("a description is JSON");
    let again: T = serde_json::from_str(&written).expect("what was written is read");
    let [first, second] = [&input, &again].map(|it| serde_json::to_value(it).unwrap_or_default());
    assert!(nearly(&first, &second), "{first} {second}");
    Some(input)
}
