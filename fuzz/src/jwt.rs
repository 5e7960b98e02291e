//! JWTs that are made up and then signed for good, and a slow verifier of them by another library.

use jeton::crypto::{
    signer::{Algorithm, PrivateKey},
    text::base64url,
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Map, Value, json};

use crate::{bytes::Bytes, json::twins};

/// A key, as the library has it that signs and verifies for the other side.
pub struct Key {
    algorithm: jsonwebtoken::Algorithm,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl Key {
    /// An asymmetric key; `public` is its JWK.
    pub fn new(algorithm: Algorithm, private: &PrivateKey, public: &Value) -> Self {
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(public.clone()).expect("a public JWK is one for everybody");
        let (algorithm, signing) = match algorithm {
            Algorithm::EdDsa => (
                jsonwebtoken::Algorithm::EdDSA,
                EncodingKey::from_ed_der(private.as_bytes()),
            ),
            _ => (
                jsonwebtoken::Algorithm::ES256,
                EncodingKey::from_ec_der(private.as_bytes()),
            ),
        };
        Self {
            algorithm,
            signing,
            verifying: DecodingKey::from_jwk(&jwk).expect("the key is of a usual kind"),
        }
    }

    /// A secret.
    pub fn shared(secret: &[u8]) -> Self {
        Self {
            algorithm: jsonwebtoken::Algorithm::HS256,
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
        }
    }

    /// A token of this header and these claims, whatever they are, signed.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64url(header), base64url(claims));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.signing, self.algorithm);
        format!("{signed}.{}", signature.expect("any text can be signed"))
    }

    /// What stands in a token that this key signed. Nothing if it is none, or names another algorithm.
    pub fn verified(&self, token: &str) -> Option<Verified> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let (header, claims) = (from_base64url(header)?, from_base64url(claims)?);
        from_base64url(signature)?;
        let verified = Verified {
            header: serde_json::from_slice(&header).ok()?,
            claims: serde_json::from_slice(&claims).ok()?,
            twins: [twins(&header)?, twins(&claims)?].concat(),
        };
        let named = verified.header.get("alg")?.as_str()?;
        if !self.names().contains(&named) {
            return None;
        }
        let message = signed.as_bytes();
        let is_signed =
            jsonwebtoken::crypto::verify(signature, message, &self.verifying, self.algorithm);
        is_signed.ok()?.then_some(verified)
    }

    /// The names of its algorithm (RFC 7518 §3.1, RFC 9864 §2.2).
    fn names(&self) -> &'static [&'static str] {
        match self.algorithm {
            jsonwebtoken::Algorithm::HS256 => &["HS256"],
            jsonwebtoken::Algorithm::EdDSA => &["EdDSA", "Ed25519"],
            _ => &["ES256"],
        }
    }
}

fn from_base64url(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A token whose signature is right.
#[derive(Debug)]
pub struct Verified {
    /// Its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
    /// What stands twice in either.
    pub twins: Vec<String>,
}

impl Verified {
    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A claim that is a moment, `null` being as good as none; the inner nothing is one that is no number.
    pub fn moment(&self, name: &str) -> Option<Option<f64>> {
        let claim = self.claims.get(name).filter(|it| !it.is_null());
        claim.map(Value::as_f64)
    }

    /// Whether its type is one of these, in whichever case.
    pub fn is_of_type(&self, types: &[&str]) -> bool {
        let typ = self.header.get("typ").and_then(Value::as_str);
        typ.is_some_and(|typ| types.iter().any(|it| it.eq_ignore_ascii_case(typ)))
    }

    /// Whether it asks for none of these extensions.
    pub fn is_plain(&self, extensions: &[&str]) -> bool {
        extensions
            .iter()
            .all(|name| !self.header.contains_key(*name))
    }
}

/// Changes some members of `object` as the bytes say, and gives its text: with a name twice, if they say so.
pub fn change(object: &mut Map<String, Value>, names: &[&str], bytes: &mut Bytes<'_>) -> String {
    let mut twice = None;
    for _ in 0..bytes.below(4) {
        let name = bytes.pick(names);
        match bytes.below(6) {
            0 => {
                object.remove(name);
            }
            1 => twice = Some((name, value(object.get(name), bytes))),
            _ => {
                let changed = value(object.get(name), bytes);
                object.insert(name.to_owned(), changed);
            }
        }
    }
    let mut text = Value::Object(object.clone()).to_string();
    if let Some((name, value)) = twice {
        text.pop();
        let comma = if object.is_empty() { "" } else { "," };
        text = format!("{text}{comma}{}:{value}}}", Value::from(name));
    }
    text
}

/// Another value than `before`, or one that is nearly it.
fn value(before: Option<&Value>, bytes: &mut Bytes<'_>) -> Value {
    let text = |before: Option<&Value>| {
        before
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    match (bytes.below(12), before) {
        (0, _) => Value::Null,
        (1, _) => json!(bytes.text()),
        (2, Some(before)) => json!([before]),
        (3, Some(before)) => json!([before, bytes.text()]),
        (4, _) => json!(bytes.number()),
        (5, Some(before)) => {
            let number = before.as_i64().unwrap_or_default();
            json!(number.wrapping_add(i64::from(bytes.byte()) - 128))
        }
        (6, Some(before)) => {
            let number = before.as_i64().unwrap_or_default();
            json!(number.wrapping_add(bytes.number() % 100_000))
        }
        #[expect(clippy::cast_precision_loss, reason = "a fraction is what is wanted")]
        (7, Some(before)) => json!(before.as_i64().unwrap_or_default() as f64 + 0.5),
        (8, before) => json!(text(before) + &bytes.text()),
        (9, before) => json!(text(before).to_uppercase()),
        (10, _) => serde_json::from_slice(bytes.run()).unwrap_or_default(),
        (_, _) => json!({ "a": [] }),
    }
}
