//! Reading signed tokens: compact JWS (RFC 7515), as strictly as RFC 8725 asks.
//!
//! The key decides the algorithm, never the token. A header that says a thing twice, asks for an extension or
//! spells its bytes another way is refused before any signature is checked. Claims are bytes here: their
//! meaning is another floor's.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::text;

/// Longer tokens are refused unread.
pub const MAX_TOKEN: usize = 16 * 1024;

/// What a token is for, as its `typ` header says (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Typ {
    /// An access token (RFC 9068 §2.1).
    AccessToken,
}

impl Typ {
    /// The media type without `application/`, as written into headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
        }
    }

    /// Media types know no case, and may leave out `application/` (RFC 7515 §4.1.9).
    fn is_named_by(self, typ: &str) -> bool {
        let prefix = typ
            .get(..12)
            .filter(|p| p.eq_ignore_ascii_case("application/"));
        typ[prefix.map_or(0, str::len)..].eq_ignore_ascii_case(self.as_str())
    }
}

/// Checks the signatures of one key, parsed once.
pub struct Verifier {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl Verifier {
    /// A public JWK, for its `alg`; without one, for the algorithm of its kind (RSA: RS256).
    ///
    /// Symmetric keys, keys for encryption and private members are refused: none belongs in a key set.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let member = |name: &str| {
            jwk.get(name)
                .map(|value| value.as_str().ok_or(KeyError::Malformed))
        };
        let required = |name: &str| member(name).ok_or(KeyError::Malformed)?;
        let bytes = |name: &str| text::from_base64url(required(name)?).ok_or(KeyError::Malformed);
        if jwk.get("d").is_some() {
            return Err(KeyError::Private);
        }
        if member("use")
            .transpose()?
            .is_some_and(|purpose| purpose != "sig")
        {
            return Err(KeyError::Purpose);
        }
        let kind = required("kty")?;
        let curve = member("crv").transpose()?;
        let named = member("alg").transpose()?.map(str::parse).transpose();
        let named = named.map_err(|_| KeyError::Unsupported)?;
        match (kind, curve, named) {
            ("EC", Some("P-256"), None | Some(Algorithm::Es256)) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(KeyError::Malformed);
                }
                Self::p256(&[&[4], x.as_slice(), y.as_slice()].concat())
            }
            ("OKP", Some("Ed25519"), None | Some(Algorithm::EdDsa)) => Self::ed25519(&bytes("x")?),
            ("RSA", None, None | Some(Algorithm::Rs256)) => {
                Self::rsa(Algorithm::Rs256, &bytes("n")?, &bytes("e")?)
            }
            ("RSA", None, Some(Algorithm::Ps256)) => {
                Self::rsa(Algorithm::Ps256, &bytes("n")?, &bytes("e")?)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// An uncompressed point of P-256.
    pub(crate) fn p256(point: &[u8]) -> Result<Self, KeyError> {
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        Ok(Self {
            algorithm: Algorithm::Es256,
            key: Key::Public(key.map_err(|_| KeyError::Malformed)?),
        })
    }

    /// An encoded point of Ed25519.
    pub(crate) fn ed25519(point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 32 {
            return Err(KeyError::Malformed);
        }
        let key = ParsedPublicKey::new(&ED25519, point);
        Ok(Self {
            algorithm: Algorithm::EdDsa,
            key: Key::Public(key.map_err(|_| KeyError::Malformed)?),
        })
    }

    /// The big-endian numbers of an RSA key, for RS256 or PS256.
    pub(crate) fn rsa(
        algorithm: Algorithm,
        modulus: &[u8],
        exponent: &[u8],
    ) -> Result<Self, KeyError> {
        let parameters = match algorithm {
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Hs256 => {
                return Err(KeyError::Unsupported);
            }
        };
        if !(256..=1024).contains(&modulus.len()) {
            return Err(KeyError::Size);
        }
        let components = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key = components.to_parsed_public_key(parameters);
        Ok(Self {
            algorithm,
            key: Key::Public(key.map_err(|_| KeyError::Malformed)?),
        })
    }

    /// A secret shared with whoever signs.
    pub(crate) fn secret(key: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::Hs256,
            key: Key::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, key))),
        }
    }

    /// The claims of `token`, as JSON bytes, if it is of type `typ` and this key signed it.
    pub fn verify(&self, typ: Typ, token: &str) -> Result<Vec<u8>, VerifyError> {
        let token = Compact::parse(token)?;
        match token.header.text("typ")? {
            Some(found) if typ.is_named_by(found) => self.check(token),
            _ => Err(VerifyError::Typ),
        }
    }

    /// The claims of `token` if this key signed it, whatever it is for. For looking at tokens, not for trusting them.
    pub fn verify_any_typ(&self, token: &str) -> Result<Vec<u8>, VerifyError> {
        self.check(Compact::parse(token)?)
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn check(&self, token: Compact<'_>) -> Result<Vec<u8>, VerifyError> {
        if token.header.text("alg")? != Some(self.algorithm.as_str()) {
            return Err(VerifyError::Algorithm);
        }
        for extension in ["crit", "b64"] {
            if token.header.0.contains_key(extension) {
                return Err(VerifyError::Extension(extension));
            }
        }
        let signature = text::from_base64url(token.signature).ok_or(VerifyError::Encoding)?;
        let signed = token.signed.as_bytes();
        match &self.key {
            Key::Public(key) => key.verify_sig(signed, &signature),
            Key::Secret(key) => hmac::verify(key, signed, &signature),
        }
        .map_err(|_| VerifyError::Signature)?;
        Ok(token.claims)
    }
}

/// The claims of `token`, as JSON bytes, if the key in `jwk` signed it, whatever it is for.
pub fn verify_with_jwk(jwk: &Value, token: &str) -> Result<Vec<u8>, VerifyError> {
    Verifier::from_jwk(jwk)?.verify_any_typ(token)
}

/// The key that `token` says it was signed with. A claim of a stranger: fit for a look-up, nothing else.
pub fn key_id_of(token: &str) -> Option<String> {
    let token = Compact::parse(token).ok()?;
    let id = token.header.text("kid").ok()??;
    (id.len() <= 256).then(|| id.to_owned())
}

/// Header and claims of `token`, believed of nobody. For showing to people.
pub fn decode_unverified(token: &str) -> Result<(Value, Value), VerifyError> {
    let token = Compact::parse(token)?;
    let claims = serde_json::from_slice(&token.claims).map_err(|_| VerifyError::Claims)?;
    Ok((token.header.0.into_iter().collect(), claims))
}

/// A token taken apart, nothing checked yet but its form.
struct Compact<'t> {
    /// Header and claims as they were signed, with the dot between.
    signed: &'t str,
    header: Header,
    claims: Vec<u8>,
    /// Still in base64url.
    signature: &'t str,
}

impl<'t> Compact<'t> {
    fn parse(token: &'t str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN {
            return Err(VerifyError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Parts)?;
        let (header, claims) = signed.split_once('.').ok_or(VerifyError::Parts)?;
        if claims.contains('.') {
            return Err(VerifyError::Parts);
        }
        let header = text::from_base64url(header).ok_or(VerifyError::Encoding)?;
        let claims = text::from_base64url(claims).ok_or(VerifyError::Encoding)?;
        let header = serde_json::from_slice(&header).map_err(|_| VerifyError::Header)?;
        Ok(Self {
            signed,
            header,
            claims,
            signature,
        })
    }
}

/// A JOSE header: an object that says nothing twice (RFC 7515 §4).
struct Header(BTreeMap<String, Value>);

impl Header {
    /// The member called `name`, which must be text if it is there.
    fn text(&self, name: &str) -> Result<Option<&str>, VerifyError> {
        let member = self.0.get(name);
        member
            .map(|value| value.as_str().ok_or(VerifyError::Header))
            .transpose()
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
        }
        Ok(Header(members))
    }
}

/// Why a token was not believed. For logs and tests; callers are told less.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// Over [`MAX_TOKEN`].
    #[error("the token is longer than {MAX_TOKEN} bytes")]
    TooLong,
    /// A JWE, a JSON serialisation, or no JOSE at all.
    #[error("the token has not exactly three parts")]
    Parts,
    /// Padding, white space, foreign letters or left-over bits.
    #[error("a part of the token is not base64url")]
    Encoding,
    /// No object, a name twice, or a member of the wrong kind.
    #[error("the token's header is not a valid JOSE header")]
    Header,
    /// The claims are no JSON.
    #[error("the token's claims are not JSON")]
    Claims,
    /// Another algorithm than the key's, or none.
    #[error("the token names another algorithm than its key has")]
    Algorithm,
    /// A token for something else.
    #[error("the token is of another type")]
    Typ,
    /// An extension that we do not know must be refused (RFC 7515 §4.1.11).
    #[error("the token asks for the extension {0}")]
    Extension(&'static str),
    /// Signed by another key, or changed since.
    #[error("the token's signature is wrong")]
    Signature,
    /// The key itself cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Not the encoding of a key of its kind.
    #[error("the key is malformed")]
    Malformed,
    /// A kind, curve or algorithm that we do not use, or a pair that does not fit.
    #[error("the key's kind, curve or algorithm is not supported")]
    Unsupported,
    /// Not for signatures.
    #[error("the key is not for signatures")]
    Purpose,
    /// A private key where a public one belongs.
    #[error("the key has private members")]
    Private,
    /// Too small to be safe, or too large to be quick.
    #[error("the key's size is out of bounds")]
    Size,
}
