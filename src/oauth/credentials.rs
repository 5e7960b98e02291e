//! What a caller presents to say who it is: exactly one mechanism, or an error.
//!
//! A client may send its secret by HTTP Basic or in the body, whichever its library does
//! (RFC 6749 §2.3.1). Two at once are refused, even if both are right (RFC 6749 §2.3). Whether a
//! secret is the client's is another module's question.

use std::{borrow::Cow, iter};

use memchr::memchr2;
use zeroize::Zeroizing;

use super::{
    assertion::{self, Assertion, Parsed},
    form,
    mutual_tls::Shown,
    params::{Params, Presented},
    reason::Reason,
};
use crate::crypto::{certificate::ClientCertificate, text};

/// The fields of one name in the header of a request, of which one may stand there.
#[derive(Clone, Copy)]
pub enum Header<'a> {
    /// There is none.
    Absent,
    /// There is one, with this value.
    One(&'a [u8]),
    /// There are several, though the field may stand only once (RFC 9110 §5.3).
    Several,
}

/// What a caller presents.
pub enum Credentials<'a> {
    /// A secret in the `Authorization` header.
    Basic(Basic<'a>),
    /// A secret in the body.
    Body(Claim<'a>),
    /// A JWT in the body.
    Assertion(Assertion<'a>),
    /// The certificate of the connection.
    Certificate(Shown<'a>),
    /// Nothing that could authenticate anyone.
    Unusable(Unusable),
}

/// "I am this client, and here is its secret."
pub struct Claim<'a> {
    /// The client's id.
    pub id: Cow<'a, str>,
    /// The secret.
    pub secret: Presented<'a>,
}

/// Why what was presented authenticates nobody, whoever sent it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// Nothing was.
    #[error("no credentials were sent")]
    Absent,
    /// A `client_id` alone: this server has no public clients.
    #[error("a client_id was sent without a secret")]
    IdAlone,
    /// Not what RFC 7617 §2 asks for.
    #[error("the Authorization header is not the Basic scheme's")]
    Malformed,
    /// `Bearer` for example.
    #[error("the Authorization header is of another scheme than Basic")]
    Scheme,
}

impl<'a> Credentials<'a> {
    /// Finds out which mechanism was used.
    ///
    /// # Errors
    /// Two mechanisms, or one that contradicts itself: the request is malformed, whoever sent it.
    pub fn read(authorization: Header<'a>, params: &mut Params<'a>) -> Result<Self, Reason> {
        let (secret, assertion) = (params.client_secret.take(), params.client_assertion.take());
        let kind = params.client_assertion_type.as_deref();
        let header = match authorization {
            Header::Several => return Err(Reason::SeveralAuthorizations),
            Header::One(value) => Some(value),
            Header::Absent => None,
        };
        if assertion.is_some() && kind.is_none() || assertion.is_none() && kind.is_some() {
            return Err(Reason::AssertionIncomplete);
        }
        match (header, secret, assertion) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(Reason::SeveralMechanisms)
            }
            (Some(value), None, None) => Self::from_header(value, params.client_id.clone()),
            (None, Some(secret), None) => match params.client_id.clone() {
                Some(id) => Ok(Self::Body(Claim { id, secret })),
                None => Err(Reason::SecretWithoutId),
            },
            (None, None, Some(text)) => {
                let kind = kind.and_then(assertion::Kind::named);
                Ok(Self::Assertion(Assertion {
                    kind: kind.ok_or(Reason::AssertionType)?,
                    text,
                    client_id: params.client_id.clone(),
                }))
            }
            (None, None, None) if params.client_id.is_some() => {
                Ok(Self::Unusable(Unusable::IdAlone))
            }
            (None, None, None) => Ok(Self::Unusable(Unusable::Absent)),
        }
    }

    /// The same, where the connection brought a certificate: it counts if the request says whose it is,
    /// and proves that in no other way (RFC 8705 §2).
    #[must_use]
    pub fn or_shown(self, certificate: Option<&'a ClientCertificate>, params: &Params<'a>) -> Self {
        match (self, certificate, params.client_id.clone()) {
            (Self::Unusable(Unusable::IdAlone), Some(certificate), Some(id)) => {
                Self::Certificate(Shown { id, certificate })
            }
            (other, _, _) => other,
        }
    }

    /// The client that this is said to be, whether or not it is so.
    pub(super) fn claimed(&self) -> Option<String> {
        match self {
            Self::Basic(basic) => basic.claims().next().map(|claim| claim.id.into_owned()),
            Self::Body(claim) => Some(claim.id.clone().into_owned()),
            Self::Assertion(Assertion {
                client_id: Some(id),
                ..
            }) => Some(id.clone().into_owned()),
            Self::Assertion(assertion) => {
                let parsed = Parsed::of(assertion.text.reveal()).ok()?;
                parsed.claims.text("sub").ok().map(str::to_owned)
            }
            Self::Certificate(shown) => Some(shown.id.clone().into_owned()),
            Self::Unusable(_) => None,
        }
    }

    fn from_header(value: &[u8], also: Option<Cow<'a, str>>) -> Result<Self, Reason> {
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(b"Basic") {
            return Ok(Self::Unusable(Unusable::Scheme));
        }
        let Some(mut basic) = Basic::parse(&value[scheme.len()..]) else {
            return Ok(Self::Unusable(Unusable::Malformed));
        };
        basic.also = also;
        if basic.also.is_some() && basic.claims().next().is_none() {
            return Err(Reason::ClientIdMismatch);
        }
        Ok(Self::Basic(basic))
    }
}

/// A client's id and secret from an `Authorization: Basic` header, in both readings that there are.
///
/// By RFC 6749 §2.3.1 both are form-encoded first, and many libraries do; many others send them as
/// they are. For what Jeton makes itself both are the same. Where they differ the encoded reading
/// goes first, and the plain one is tried after it.
pub struct Basic<'a> {
    text: Zeroizing<String>,
    colon: usize,
    /// The `client_id` of the body, which must say the same (RFC 7521 §4.2).
    also: Option<Cow<'a, str>>,
}

/// The longest that credentials of full length can be in base64, each byte escaped, and some.
const LONGEST_TOKEN: usize = 8192;

impl Basic<'_> {
    /// Reads the spaces and the token68 after the scheme (RFC 7617 §2, RFC 4648 §4).
    fn parse(rest: &[u8]) -> Option<Self> {
        let token = rest.trim_ascii_start();
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let bytes = text::from_base64(token)?;
        let text = Zeroizing::new(str::from_utf8(&bytes).ok()?.to_owned());
        let colon = text.find(':')?;
        let also = None;
        Some(Self { text, colon, also })
    }

    /// Whom this may be, likelier first. There is always one, unless the body says otherwise.
    pub fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        iter::once_with(|| self.encoded())
            .chain(iter::once_with(|| self.plain()))
            .flatten()
            .filter(|claim| self.also.as_ref().is_none_or(|id| *id == claim.id))
    }

    fn encoded(&self) -> Option<Claim<'_>> {
        let (id, secret) = self.halves();
        Some(Claim {
            id: form::decode(id.as_bytes()).ok()?,
            secret: Presented::new(form::decode(secret.as_bytes()).ok()?),
        })
    }

    /// The reading without decoding, if decoding makes a difference.
    fn plain(&self) -> Option<Claim<'_>> {
        memchr2(b'%', b'+', self.text.as_bytes()).map(|_| {
            let (id, secret) = self.halves();
            Claim {
                id: id.into(),
                secret: Presented::new(secret.into()),
            }
        })
    }

    fn halves(&self) -> (&str, &str) {
        (&self.text[..self.colon], &self.text[self.colon + 1..])
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    /// What was presented, as `id:secret` of each reading, or why nothing was.
    fn read(header: Option<&str>, body: &str) -> Result<Vec<String>, Result<Unusable, Reason>> {
        let mut params = Params::parse(body.as_bytes()).unwrap();
        let authorization = header.map_or(Header::Absent, |value| Header::One(value.as_bytes()));
        let show = |claim: Claim<'_>| format!("{}:{}", claim.id, claim.secret.reveal());
        match Credentials::read(authorization, &mut params) {
            Ok(Credentials::Basic(basic)) => Ok(basic.claims().map(show).collect()),
            Ok(Credentials::Body(claim)) => Ok(vec![show(claim)]),
            Ok(Credentials::Assertion(it)) => Ok(vec![it.text.reveal().to_owned()]),
            Ok(Credentials::Certificate(shown)) => Ok(vec![shown.id.into_owned()]),
            Ok(Credentials::Unusable(why)) => Err(Ok(why)),
            Err(reason) => Err(Err(reason)),
        }
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    /// CS-01
    #[test]
    fn both_halves_of_basic_are_form_decoded() {
        let read = |text: &str| read(Some(&basic(text)), "").unwrap();
        assert_eq!(read("id:secret"), ["id:secret"]);
        assert_eq!(read("svc%2Dorders:s%5Fx")[0], "svc-orders:s_x");
        assert_eq!(read("a:b:c"), ["a:b:c"]);
        assert_eq!(read("a%3Ab:c")[0], "a:b:c");
    }

    /// CS-02
    #[test]
    fn weird_ids_and_secrets_arrive_when_encoded() {
        let id = "https%3A%2F%2Fc.example%2Fa+b%3Fx%3D1%26y%3D%252B%3Az";
        let secret = "+%25%26%2B%3A%3D%2F%3F";
        let presented = read(Some(&basic(&format!("{id}:{secret}"))), "").unwrap();
        assert_eq!(presented[0], "https://c.example/a b?x=1&y=%2B:z: %&+:=/?");
    }

    /// CS-03
    #[test]
    fn what_was_sent_plainly_is_tried_as_well() {
        let read = |text: &str| read(Some(&basic(text)), "").unwrap();
        assert_eq!(read("id:a+b"), ["id:a b", "id:a+b"]);
        assert_eq!(read("id:100%"), ["id:100%"], "there is no other reading");
        assert_eq!(read("id:a%41"), ["id:aA", "id:a%41"]);
        assert_eq!(read("jtn:plain").len(), 1);
    }

    /// CS-04
    #[test]
    fn a_malformed_basic_header_authenticates_nobody() {
        let good = STANDARD.encode("id:secrets");
        for header in [
            "Basic",
            "Basic ",
            "Basic abc!",
            "Basic !!!!",
            &format!("Basic {good}!"),
            &format!("Basic {good} x"),
            &format!("Basic {good},realm=x"),
            &format!("Basic {}", good.trim_end_matches('=')),
            &format!("Basic {good}===="),
            &format!("Basic {}", STANDARD.encode("nocolon")),
            &format!("Basic {}", STANDARD.encode(b"a:\xff")),
            "Basic _-_-",
            "Basic aWQ6c2VjcmV0Cg=",
            &format!("Basic {}", "A".repeat(16_000)),
        ] {
            assert_eq!(
                read(Some(header), ""),
                Err(Ok(Unusable::Malformed)),
                "{header}"
            );
        }
        let long = |bytes: usize| {
            let secret = "s".repeat(bytes / 4 * 3 - "id:".len());
            read(Some(&basic(&format!("id:{secret}"))), "")
        };
        assert_eq!(long(LONGEST_TOKEN).unwrap().len(), 1);
        assert_eq!(long(LONGEST_TOKEN + 4), Err(Ok(Unusable::Malformed)));
        for header in ["bAsIc ", "BASIC    "] {
            let presented = read(Some(&format!("{header}{good}")), "");
            assert_eq!(presented.unwrap(), ["id:secrets"], "{header}");
        }
    }

    /// CS-05
    #[test]
    fn another_scheme_authenticates_nobody_and_is_not_overlooked() {
        for header in ["Bearer x", "Digest x", "Basically x", "", "Basic\tx"] {
            assert_eq!(
                read(Some(header), ""),
                Err(Ok(Unusable::Scheme)),
                "{header}"
            );
            assert_eq!(
                read(Some(header), "client_id=a&client_secret=b"),
                Err(Err(Reason::SeveralMechanisms))
            );
        }
    }

    /// T-42, H-16
    #[test]
    fn two_mechanisms_are_one_too_many() {
        let header = basic("id:secret");
        for (header, body) in [
            (Some(header.as_str()), "client_id=id&client_secret=secret"),
            (Some(&header), "client_secret=secret"),
            (Some(&header), "client_assertion=x&client_assertion_type=y"),
            (
                None,
                "client_id=id&client_secret=s&client_assertion=x&client_assertion_type=y",
            ),
        ] {
            assert_eq!(
                read(header, body),
                Err(Err(Reason::SeveralMechanisms)),
                "{body}"
            );
        }
        let mut params = Params::default();
        let several = Credentials::read(Header::Several, &mut params);
        assert_eq!(several.err(), Some(Reason::SeveralAuthorizations));
    }

    /// T-05
    #[test]
    fn an_empty_secret_in_the_body_is_no_second_mechanism() {
        let presented = read(Some(&basic("id:secret")), "client_secret=").unwrap();
        assert_eq!(presented, ["id:secret"]);
    }

    /// CA-02
    #[test]
    fn a_client_id_beside_basic_says_the_same() {
        let header = basic("a+b:x+y");
        let read = |body: &str| read(Some(&header), body);
        assert_eq!(read("client_id=a%20b").unwrap(), ["a b:x y"]);
        assert_eq!(read("client_id=a%2Bb").unwrap(), ["a+b:x+y"]);
        assert_eq!(read("client_id=other"), Err(Err(Reason::ClientIdMismatch)));
    }

    /// CS-06, CA-05, T-09
    #[test]
    fn the_body_needs_both() {
        assert_eq!(
            read(None, "client_id=a&client_secret=b%2B").unwrap(),
            ["a:b+"]
        );
        assert_eq!(
            read(None, "client_secret=b"),
            Err(Err(Reason::SecretWithoutId))
        );
        assert_eq!(read(None, "client_id=a"), Err(Ok(Unusable::IdAlone)));
        assert_eq!(read(None, ""), Err(Ok(Unusable::Absent)));
    }

    /// CJ-01, CP-01
    #[test]
    fn an_assertion_says_of_which_type_it_is() {
        let kind = assertion::Kind::Jwt.as_str();
        for body in [
            "client_id=a&client_assertion=x".to_owned(),
            format!("client_id=a&client_assertion_type={kind}"),
        ] {
            assert_eq!(read(None, &body), Err(Err(Reason::AssertionIncomplete)));
        }
        let read = |kind: &str| {
            let body = format!("client_assertion=x&client_assertion_type={kind}");
            read(None, &body)
        };
        assert_eq!(read(kind).unwrap(), ["x"]);
        assert_eq!(read(assertion::Kind::Svid.as_str()).unwrap(), ["x"]);
        let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
        assert_eq!(read(saml), Err(Err(Reason::AssertionType)));
    }
}
