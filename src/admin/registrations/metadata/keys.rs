//! What a client might prove itself with, as its metadata have it.

use serde_json::{Map, Value, json};

use crate::{
    admin::{
        input::{CredentialInput, PublicKeyInput},
        refusal::FieldErrors,
    },
    domain::{registration::AuthMethod, secret::Proof},
};

/// The names that certificates of an authority may be known by (RFC 8705 §2.1.2).
pub(super) const SUBJECTS: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];

/// Members of a JWK that belong to nobody but its owner (RFC 7518 §6).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// How many keys a JWK set may have.
const MOST_KEYS: usize = 20;

/// What it might prove itself with.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) jwks: Option<Vec<Map<String, Value>>>,
    pub(super) jwks_uri: Option<String>,
    pub(super) subjects: Vec<(&'static str, String)>,
    pub(super) algorithm: Option<String>,
}

/// The keys of a JWK set, none of them with a private part.
pub(super) fn read_jwks(value: &Value) -> Result<Vec<Map<String, Value>>, String> {
    let keys = value.get("keys").and_then(Value::as_array);
    let keys = keys.and_then(|keys| {
        let keys = keys.iter().map(|key| key.as_object().cloned());
        keys.collect::<Option<Vec<_>>>()
    });
    let keys = keys.ok_or("a JWK set has a list of keys")?;
    if keys.is_empty() || keys.len() > MOST_KEYS {
        return Err(format!("give 1 to {MOST_KEYS} keys"));
    }
    let has_private = |key: &Map<String, Value>| PRIVATE.iter().any(|it| key.contains_key(*it));
    if keys.iter().any(has_private) {
        return Err(
            "a private or shared key was sent: make another pair, and send its public half"
                .to_owned(),
        );
    }
    Ok(keys)
}

impl Keys {
    /// What a client that authenticates by `method` proves itself with; nothing if a secret is to
    /// be made for it.
    pub(super) fn proof(&self, method: AuthMethod, errors: &mut FieldErrors) -> Option<Proof> {
        let input = match method {
            AuthMethod::Basic | AuthMethod::Post | AuthMethod::SecretJwt => return None,
            AuthMethod::KeyJwt => self.key(),
            AuthMethod::SelfSignedTls => self.certificate_or_key(),
            AuthMethod::Tls => self.subject(),
        };
        let input = match input {
            Ok(input) => input,
            Err((field, message)) => {
                errors.add(field, message);
                return None;
            }
        };
        let mut found = FieldErrors::default();
        let credential = input.parse("", &mut found);
        for (field, message) in found.iter() {
            let field = match field {
                "key" | "certificate" => "jwks",
                other => other,
            };
            errors.add(field, message);
        }
        let proof = credential?.proof;
        if let (Proof::Key(key), Some(algorithm)) = (&proof, &self.algorithm)
            && key.verifier().algorithm().as_str() != algorithm
        {
            errors.add(
                "token_endpoint_auth_signing_alg",
                "the key that was given signs with another one",
            );
        }
        Some(proof)
    }

    fn key(&self) -> Result<CredentialInput, (&'static str, &'static str)> {
        if let Some(uri) = &self.jwks_uri {
            return Ok(CredentialInput {
                jwks_uri: Some(uri.clone()),
                ..CredentialInput::default()
            });
        }
        let key = self.signing_key()?.clone().into_iter().collect();
        Ok(CredentialInput {
            key: Some(PublicKeyInput::Object(key)),
            ..CredentialInput::default()
        })
    }

    /// The only key that is not for encryption.
    fn signing_key(&self) -> Result<&Map<String, Value>, (&'static str, &'static str)> {
        let keys = self.jwks.as_ref();
        let keys = keys.ok_or(("jwks", "this way of authentication needs a key"))?;
        let mut signing = keys
            .iter()
            .filter(|key| key.get("use").and_then(Value::as_str) != Some("enc"));
        match (signing.next(), signing.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(("jwks", "none of the keys is for signatures")),
            (Some(_), Some(_)) => Err((
                "jwks",
                "give one key for signatures; publish several, and give their address as jwks_uri",
            )),
        }
    }

    /// The certificate in a JWK, or the key alone, of which it makes certificates (RFC 8705 §2.2.2).
    fn certificate_or_key(&self) -> Result<CredentialInput, (&'static str, &'static str)> {
        let method = AuthMethod::SelfSignedTls.as_str().to_owned();
        let of_its_key = CredentialInput {
            auth_method: Some(method),
            ..self.key()?
        };
        let x5c = self.signing_key().ok().and_then(|key| key.get("x5c"));
        let Some(x5c) = x5c else {
            return Ok(of_its_key);
        };
        let der = x5c.get(0).and_then(Value::as_str);
        let der = der.ok_or(("jwks", "x5c is a list that begins with the certificate"))?;
        let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
        Ok(CredentialInput {
            certificate: Some(pem),
            ..CredentialInput::default()
        })
    }

    fn subject(&self) -> Result<CredentialInput, (&'static str, &'static str)> {
        match self.subjects.as_slice() {
            [(name, value)] => {
                let mut input = CredentialInput::default();
                input.set_subject(name, value.clone());
                Ok(input)
            }
            _ => Err((
                "token_endpoint_auth_method",
                "tls_client_auth needs exactly one of the tls_client_auth_ names",
            )),
        }
    }

    /// The key that is kept to be shown, with its certificate.
    pub(super) fn public_set(&self) -> Option<Value> {
        let key = self.signing_key().ok()?.iter();
        let key: Map<String, Value> = key
            .filter_map(|(name, value)| Some((name.clone(), shown(name, value)?)))
            .collect();
        Some(json!({ "keys": [key] }))
    }
}

/// What is shown of a member of a key: text, and nothing that could hide in anything else.
fn shown(name: &str, value: &Value) -> Option<Value> {
    const TEXTS: [&str; 8] = ["kty", "crv", "x", "y", "n", "e", "alg", "kid"];
    if name == "x5c" {
        let texts = value.as_array()?.iter().filter(|it| it.is_string());
        return Some(texts.cloned().collect());
    }
    (TEXTS.contains(&name) && value.is_string()).then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told again is text, so that nothing can hide in it.
    #[test]
    fn a_key_is_told_without_what_hides_in_it() {
        let hidden = json!({ "d": "hidden" });
        let key = json!({
            "kty": "EC", "crv": "P-256", "kid": hidden, "x5c": ["MIIB", hidden], "other": "x",
        });
        let keys = Keys {
            jwks: Some(vec![key.as_object().unwrap().clone()]),
            ..Keys::default()
        };

        let told = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x5c": ["MIIB"] }] });
        assert_eq!(keys.public_set(), Some(told));
    }
}
