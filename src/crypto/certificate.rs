//! X.509 certificates of clients: what one says, and its thumbprint. Parsing only; who trusts it is
//! decided elsewhere.

mod name;

#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{
    asn1_rs::{Any, Class, Tag},
    extensions::{GeneralName, ParsedExtension},
    oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME,
    prelude::{FromDer, X509Certificate},
    x509::X509Version,
};

pub use self::name::{DistinguishedName, NameError};
use super::{jwk, spki::jwk_of, text::base64url};

/// The longest certificate that is read, in bytes of DER.
pub const LONGEST: usize = 12 * 1024;

/// The most alternative names that are read.
const MOST_NAMES: usize = 256;

/// A certificate, taken apart. That its key is held by whoever showed it is for the caller to know.
#[derive(Clone, Eq, PartialEq)]
pub struct Certificate {
    der: Vec<u8>,
    thumbprint: String,
    key_thumbprint: Option<String>,
    subject: DistinguishedName,
    issuer: DistinguishedName,
    alternatives: Vec<AlternativeName>,
    not_before: i64,
    not_after: i64,
}

/// The certificate of a client, which has proven to hold its key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientCertificate {
    /// What it says.
    pub certificate: Certificate,
    /// Whether an authority that the server trusts with clients vouches for it.
    pub is_vouched_for: bool,
}

/// One of the names that a certificate has besides its subject (RFC 5280 §4.2.1.6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AlternativeName {
    /// A DNS name, as it is written.
    Dns(String),
    /// A URI.
    Uri(String),
    /// An IP address.
    Ip(IpAddr),
    /// An e-mail address.
    Email(String),
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Uri(text) | Self::Email(text) => f.write_str(text),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// Bytes are no certificate that can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateError {
    /// Too long to look at.
    #[error("the certificate is longer than {LONGEST} bytes")]
    TooLong,
    /// Neither PEM nor DER of one certificate.
    #[error("this is no X.509 certificate in PEM or DER")]
    Malformed,
    /// Several where one is meant.
    #[error("there are several certificates in it: give the one of the client alone")]
    Several,
    /// A private key in the company of a certificate.
    #[error(
        "there is a private key in it: give the certificate alone, and keep the key to the client"
    )]
    PrivateKey,
}

impl Certificate {
    /// Reads DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > LONGEST {
            return Err(CertificateError::TooLong);
        }
        let malformed = CertificateError::Malformed;
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| malformed)?;
        let is_whole = rest.is_empty() && is_framed(der);
        if !is_whole || parsed.version() != X509Version::V3 {
            return Err(malformed);
        }
        Ok(Self {
            der: der.to_owned(),
            thumbprint: base64url(digest(&SHA256, der)),
            key_thumbprint: jwk_of(parsed.public_key())
                .ok()
                .as_ref()
                .and_then(jwk::thumbprint),
            subject: DistinguishedName::from_x509(parsed.subject()),
            issuer: DistinguishedName::from_x509(parsed.issuer()),
            alternatives: alternatives(&parsed)?,
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
        })
    }

    /// Reads one certificate in PEM, or in DER.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > LONGEST * 2 {
            return Err(CertificateError::TooLong);
        }
        if !contains(bytes, b"-----BEGIN ") {
            return Self::from_der(bytes);
        }
        if contains(bytes, b"PRIVATE KEY-----") {
            return Err(CertificateError::PrivateKey);
        }
        let mut found = CertificateDer::pem_slice_iter(bytes);
        let first = found
            .next()
            .and_then(Result::ok)
            .ok_or(CertificateError::Malformed)?;
        if found.next().is_some() {
            return Err(CertificateError::Several);
        }
        Self::from_der(&first)
    }

    /// Reads the first of the certificates in a text of PEM: in a chain, the one that the others vouch for.
    pub fn first_in(chain: &[u8]) -> Result<Self, CertificateError> {
        let first = CertificateDer::pem_slice_iter(chain).next();
        let first = first.and_then(Result::ok);
        Self::from_der(&first.ok_or(CertificateError::Malformed)?)
    }

    /// The certificate as it was signed.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The SHA-256 of its DER in base64url, as in `x5t#S256` (RFC 8705 §3.1): 43 characters.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The thumbprint of its public key as a JWK (RFC 7638); none if the key is of a kind that no JWK here is of.
    pub fn key_thumbprint(&self) -> Option<&str> {
        self.key_thumbprint.as_deref()
    }

    /// Whom it names.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// Who signed it, as it says.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// Its further names, in their order.
    pub fn alternatives(&self) -> &[AlternativeName] {
        &self.alternatives
    }

    /// The unix time from which it is valid.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// The unix time until which it is valid; valid at that second too (RFC 5280 §4.1.2.5).
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Whether it is valid at a unix time.
    pub fn is_valid_at(&self, now: i64) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// Whether it has this DNS name: letters of either case are the same, and `*` is only itself.
    pub fn has_dns(&self, name: &str) -> bool {
        self.has(|it| matches!(it, AlternativeName::Dns(its) if its.eq_ignore_ascii_case(name)))
    }

    /// Whether it has this URI, exactly.
    pub fn has_uri(&self, uri: &str) -> bool {
        self.has(|it| matches!(it, AlternativeName::Uri(its) if its == uri))
    }

    /// Whether it has this address, however that is written.
    pub fn has_ip(&self, address: IpAddr) -> bool {
        self.has(|it| matches!(it, AlternativeName::Ip(its) if *its == address))
    }

    /// Whether it has this e-mail address. Case matters before the `@` and not behind it.
    pub fn has_email(&self, address: &str) -> bool {
        let same = |its: &str| match (its.rsplit_once('@'), address.rsplit_once('@')) {
            (Some((user, host)), Some((name, domain))) => {
                user == name && host.eq_ignore_ascii_case(domain)
            }
            _ => false,
        };
        self.has(|it| matches!(it, AlternativeName::Email(its) if same(its)))
    }

    fn has(&self, is_it: impl Fn(&AlternativeName) -> bool) -> bool {
        self.alternatives.iter().any(is_it)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} {})", self.thumbprint, self.subject)
    }
}

/// Whether each part of a certificate ends where it says, and nothing follows it: the extensions are the last field, each
/// with what belongs to it. `x509-parser` reads these behind the head of their frame, however long that claims to be,
/// passes over what follows, and looks at the number of a tag alone, not at its class.
fn is_framed(der: &[u8]) -> bool {
    let parts = Any::from_der(der).ok();
    let parts = parts.and_then(|(_, certificate)| elements(certificate.data));
    let Some([to_be_signed, algorithm, signature]) = parts.as_deref() else {
        return false;
    };
    let Some(fields) = elements(to_be_signed.data) else {
        return false;
    };
    let place = fields.iter().position(|field| field.tag() == EXTENSIONS);
    [algorithm, signature].map(universal) == [Some(Tag::Sequence), Some(Tag::BitString)]
        && place.is_none_or(|place| place + 1 == fields.len() && are_extensions(&fields[place]))
}

/// The tag of a certificate's extensions (RFC 5280 §4.1).
const EXTENSIONS: Tag = Tag(3);

/// Whether these are extensions (RFC 5280 §4.1): each an OID, perhaps whether it is critical, and a value.
fn are_extensions(field: &Any<'_>) -> bool {
    let is_in_place =
        field.header.class() == Class::ContextSpecific && field.header.is_constructed();
    let is_one = |extension: &Any<'_>| {
        let parts = elements(extension.data).unwrap_or_default();
        let tags: Option<Vec<Tag>> = parts.iter().map(universal).collect();
        universal(extension) == Some(Tag::Sequence)
            && matches!(
                tags.as_deref(),
                Some([Tag::Oid, Tag::OctetString] | [Tag::Oid, Tag::Boolean, Tag::OctetString])
            )
    };
    is_in_place && members(field.data).is_some_and(|all| all.iter().all(is_one))
}

/// The tag of an element, if it is one of the universal class.
fn universal(element: &Any<'_>) -> Option<Tag> {
    (element.header.class() == Class::Universal).then_some(element.tag())
}

/// The members of the one sequence that `bytes` are; nothing if they are none.
fn members(bytes: &[u8]) -> Option<Vec<Any<'_>>> {
    match elements(bytes)?.as_slice() {
        [list] if universal(list) == Some(Tag::Sequence) => elements(list.data),
        _ => None,
    }
}

/// The elements that `bytes` are; nothing if they are none.
fn elements(mut bytes: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (rest, element) = Any::from_der(bytes).ok()?;
        bytes = rest;
        all.push(element);
    }
    Some(all)
}

/// The alternative names that are of use here. One that cannot be read spoils the certificate: nobody
/// is to guess what was meant.
fn alternatives(parsed: &X509Certificate<'_>) -> Result<Vec<AlternativeName>, CertificateError> {
    let malformed = CertificateError::Malformed;
    let mut found = parsed
        .extensions()
        .iter()
        .filter(|extension| extension.oid == OID_X509_EXT_SUBJECT_ALT_NAME)
        .map(|extension| {
            if let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension()
                && are_whole(extension.value)
            {
                Ok(names)
            } else {
                Err(malformed)
            }
        });
    let Some(names) = found.next().transpose()? else {
        return Ok(Vec::new());
    };
    if found.next().is_some() || names.general_names.len() > MOST_NAMES {
        return Err(malformed);
    }
    let mut all = Vec::new();
    for name in &names.general_names {
        all.push(match name {
            GeneralName::DNSName(name) => AlternativeName::Dns((*name).to_owned()),
            GeneralName::URI(uri) => AlternativeName::Uri((*uri).to_owned()),
            GeneralName::RFC822Name(address) => AlternativeName::Email((*address).to_owned()),
            GeneralName::IPAddress(bytes) => AlternativeName::Ip(address(bytes).ok_or(malformed)?),
            GeneralName::Invalid(..) => return Err(malformed),
            GeneralName::OtherName(..)
            | GeneralName::X400Address(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::EDIPartyName(_)
            | GeneralName::RegisteredID(_) => continue,
        });
    }
    Ok(all)
}

/// Whether names are of the class that names have (RFC 5280 §4.2.1.6), and those that are text or an address written in one
/// piece each, as DER has it (X.690 §10.2).
fn are_whole(names: &[u8]) -> bool {
    const TEXT_OR_ADDRESS: [Tag; 4] = [Tag(1), Tag(2), Tag(6), Tag(7)];
    let is_in_pieces =
        |name: &Any<'_>| name.header.is_constructed() && TEXT_OR_ADDRESS.contains(&name.tag());
    let is_whole =
        |name: &Any<'_>| name.header.class() == Class::ContextSpecific && !is_in_pieces(name);
    members(names).is_some_and(|all| all.iter().all(is_whole))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
