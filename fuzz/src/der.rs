//! DER, read slowly: enough of it to find the alternative names of a certificate.

use std::net::IpAddr;

/// One element: its tag byte, and what is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub content: &'a [u8],
}

/// The elements that `bytes` are; nothing if they are none.
pub fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut all = Vec::new();
    while let Some((&tag, rest)) = bytes.split_first() {
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (digits, rest) = rest.split_at_checked(count)?;
            let length = digits
                .iter()
                .fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        all.push(Element { tag, content });
        bytes = rest;
    }
    Some(all)
}

/// An alternative name that the server has a use for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Name {
    /// A DNS name.
    Dns(String),
    /// A URI.
    Uri(String),
    /// An e-mail address.
    Email(String),
    /// An address.
    Ip(IpAddr),
}

/// The OID of the extension `subjectAltName` (RFC 5280 §4.2.1.6).
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];

/// The alternative names of a certificate; nothing if it has no form that can be read here.
pub fn alternative_names(certificate: &[u8]) -> Option<Vec<Name>> {
    let outer = elements(certificate)?;
    let to_be_signed = elements(outer.first()?.content)?.first()?.content;
    let fields = elements(to_be_signed)?;
    // [3] EXPLICIT Extensions
    let Some(extensions) = fields.iter().find(|field| field.tag == 0xa3) else {
        return Some(Vec::new());
    };
    let list = elements(extensions.content)?;
    let mut names = Vec::new();
    for extension in elements(list.first()?.content)? {
        let parts = elements(extension.content)?;
        let is_names = parts
            .first()
            .is_some_and(|oid| oid.content == SUBJECT_ALT_NAME);
        if !is_names {
            continue;
        }
        let value = elements(parts.last()?.content)?;
        for name in elements(value.first()?.content)? {
            names.extend(read(name)?);
        }
    }
    Some(names)
}

/// A name, or none if it is of a kind that nothing is done with.
fn read(name: Element<'_>) -> Option<Option<Name>> {
    let text = || Some(std::str::from_utf8(name.content).ok()?.to_owned());
    Some(Some(match name.tag {
        0x81 => Name::Email(text()?),
        0x82 => Name::Dns(text()?),
        0x86 => Name::Uri(text()?),
        0x87 => Name::Ip(match name.content.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(name.content).ok()?),
            _ => IpAddr::from(<[u8; 16]>::try_from(name.content).ok()?),
        }),
        _ => return Some(None),
    }))
}
