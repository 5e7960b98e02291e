//! Reading signed tokens: compact JWS (RFC 7515), as strictly as RFC 8725 asks.
//!
//! A token is taken apart here, and looked at unbelieved; [`crate::crypto::verifier`] checks who signed it. A
//! header that says a thing twice or spells its bytes another way is refused before anything else. Claims
//! are bytes: their meaning is another floor's.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::crypto::text;
use crate::crypto::verifier::KeyError;

/// Longer tokens are refused unread.
pub const MAX_TOKEN: usize = 16 * 1024;

/// What a token is for, as its `typ` header says (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Typ {
    /// An access token (RFC 9068 §2.1).
    AccessToken,
    /// What this server says of a token (RFC 9701 §5).
    TokenIntrospection,
    /// What a client proves itself with (draft-ietf-oauth-rfc7523bis §4).
    ClientAuthentication,
    /// A proof that somebody has a key (RFC 9449 §4.2).
    DpopProof,
}

impl Typ {
    /// The media type without `application/`, as written into headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::TokenIntrospection => "token-introspection+jwt",
            Self::ClientAuthentication => "client-authentication+jwt",
            Self::DpopProof => "dpop+jwt",
        }
    }

    /// Media types know no case, and may leave out `application/` (RFC 7515 §4.1.9).
    pub(crate) fn is_named_by(self, typ: &str) -> bool {
        let prefix = typ
            .get(..12)
            .filter(|p| p.eq_ignore_ascii_case("application/"));
        typ[prefix.map_or(0, str::len)..].eq_ignore_ascii_case(self.as_str())
    }
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
pub(crate) struct Compact<'t> {
    /// Header and claims as they were signed, with the dot between.
    pub(crate) signed: &'t str,
    pub(crate) header: Members,
    pub(crate) claims: Vec<u8>,
    /// Still in base64url.
    pub(crate) signature: &'t str,
}

impl<'t> Compact<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self, VerifyError> {
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

/// An object that says nothing twice, as a JOSE header must (RFC 7515 §4).
pub(crate) struct Members(BTreeMap<String, Value>);

impl Members {
    /// All its members.
    pub(crate) fn into_members(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// Whether there is a member called `name`, whatever it says.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The member called `name`, whatever it is.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The member called `name`, which must be text if it is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, VerifyError> {
        let member = self.0.get(name);
        member
            .map(|value| value.as_str().ok_or(VerifyError::Header))
            .transpose()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
        }
        Ok(Members(members))
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
