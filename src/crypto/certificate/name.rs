//! Distinguished names: read from certificates and from text (RFC 4514), compared attribute by attribute
//! (RFC 4517 §4.2.15): the case of letters and the number of spaces do not count, order does.

use std::{fmt, str::FromStr};

use x509_parser::{
    asn1_rs::{Any, FromDer, ToDer},
    x509::{AttributeTypeAndValue, X509Name},
};

use crate::crypto::text::hex;

/// The longest text that is read, and the longest that a name which was read is written as.
const LONGEST: usize = 2048;

/// A distinguished name. Equal names name the same, however they are spelled.
#[derive(Clone, Debug)]
pub struct DistinguishedName {
    /// From the root to the leaf, as in the certificate.
    parts: Vec<Part>,
}

/// What stands at one level (an RDN): one attribute nearly always, else several in any order.
#[derive(Clone, Debug)]
struct Part(Vec<Attribute>);

#[derive(Clone, Debug)]
struct Attribute {
    /// Its type, as a dotted object identifier.
    oid: String,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    /// Of a type that has no text: its DER in hexadecimal.
    Other(String),
}

/// A text is no distinguished name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a distinguished name is written as CN=report-service,OU=payments,O=Example (RFC 4514)")]
pub struct NameError;

/// The short names of attributes: those of RFC 4514, and what authorities write in certificates.
const NAMES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("BUSINESSCATEGORY", "2.5.4.15"),
    ("POSTALCODE", "2.5.4.17"),
    ("GIVENNAME", "2.5.4.42"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("JURISDICTIONL", "1.3.6.1.4.1.311.60.2.1.1"),
    ("JURISDICTIONST", "1.3.6.1.4.1.311.60.2.1.2"),
    ("JURISDICTIONC", "1.3.6.1.4.1.311.60.2.1.3"),
];

/// Other names for the same.
const ALIASES: &[(&str, &str)] = &[
    ("COMMONNAME", "CN"),
    ("SURNAME", "SN"),
    ("COUNTRYNAME", "C"),
    ("LOCALITYNAME", "L"),
    ("S", "ST"),
    ("STATEORPROVINCENAME", "ST"),
    ("STREETADDRESS", "STREET"),
    ("ORGANIZATIONNAME", "O"),
    ("ORGANIZATIONALUNITNAME", "OU"),
    ("DOMAINCOMPONENT", "DC"),
    ("USERID", "UID"),
    ("E", "EMAILADDRESS"),
    ("EMAIL", "EMAILADDRESS"),
    ("GN", "GIVENNAME"),
    ("JURISDICTIONLOCALITYNAME", "JURISDICTIONL"),
    ("JURISDICTIONSTATEORPROVINCENAME", "JURISDICTIONST"),
    ("JURISDICTIONCOUNTRYNAME", "JURISDICTIONC"),
];

impl DistinguishedName {
    pub(super) fn from_x509(name: &X509Name<'_>) -> Self {
        Self {
            parts: name
                .iter_rdn()
                .map(|rdn| Part(rdn.iter().map(Attribute::from_x509).collect()))
                .collect(),
        }
    }

    /// Whether it names nothing, as in a certificate that has only alternative names.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Its most special common name, for people.
    pub fn common_name(&self) -> Option<&str> {
        let mut attributes = self.parts.iter().rev().flat_map(|part| &part.0);
        attributes.find_map(|attribute| match &attribute.value {
            Value::Text(text) if attribute.oid == "2.5.4.3" => Some(text.as_str()),
            Value::Text(_) | Value::Other(_) => None,
        })
    }
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        let same = |(one, two): (&Part, &Part)| one.comparable() == two.comparable();
        self.parts.len() == other.parts.len() && self.parts.iter().zip(&other.parts).all(same)
    }
}

impl Eq for DistinguishedName {}

impl Part {
    /// The same for all spellings and orders.
    fn comparable(&self) -> Vec<(&str, String)> {
        let mut all: Vec<_> = self.0.iter().map(Attribute::comparable).collect();
        all.sort();
        all
    }
}

impl Attribute {
    fn from_x509(attribute: &AttributeTypeAndValue<'_>) -> Self {
        let value = attribute.attr_value();
        let der = || Value::Other(hex(&value.to_der_vec().unwrap_or_default()));
        Self {
            oid: attribute.attr_type().to_id_string(),
            value: text(value.tag().0, value.data).map_or_else(der, Value::Text),
        }
    }

    fn comparable(&self) -> (&str, String) {
        let value = match &self.value {
            Value::Text(text) => prepared(text),
            Value::Other(hex) => format!("#{hex}"),
        };
        (&self.oid, value)
    }
}

/// Text of the ASN.1 string types.
fn text(tag: u32, data: &[u8]) -> Option<String> {
    const UTF8: u32 = 12;
    const NUMERIC: u32 = 18;
    const PRINTABLE: u32 = 19;
    const TELETEX: u32 = 20;
    const IA5: u32 = 22;
    const VISIBLE: u32 = 26;
    const UNIVERSAL: u32 = 28;
    const BMP: u32 = 30;
    match tag {
        UTF8 | NUMERIC | PRINTABLE | IA5 | VISIBLE => String::from_utf8(data.to_owned()).ok(),
        // Everybody writes Latin-1 there.
        TELETEX => Some(data.iter().copied().map(char::from).collect()),
        BMP if data.len().is_multiple_of(2) => {
            let units = data
                .chunks_exact(2)
                .map(|it| u16::from_be_bytes([it[0], it[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        UNIVERSAL if data.len().is_multiple_of(4) => data
            .chunks_exact(4)
            .map(|it| char::from_u32(u32::from_be_bytes([it[0], it[1], it[2], it[3]])))
            .collect(),
        _ => None,
    }
}

/// What is compared of a value: its letters in one case, its spaces single (RFC 4518 §2).
fn prepared(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    // No value begins so by itself, so that text never equals what has none.
    format!("={}", words.join(" "))
}

impl fmt::Display for DistinguishedName {
    /// As RFC 4514 writes it: the leaf first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.parts.iter().rev().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            for (m, attribute) in part.0.iter().enumerate() {
                if m > 0 {
                    f.write_str("+")?;
                }
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = NAMES.iter().find(|(_, oid)| *oid == self.oid);
        write!(f, "{}=", short.map_or(self.oid.as_str(), |(name, _)| name))?;
        match &self.value {
            // An empty text, of which nothing could be seen: as the DER of one.
            Value::Text(text) if text.is_empty() => f.write_str("#0c00"),
            Value::Text(text) => write_escaped(f, text),
            Value::Other(hex) => write!(f, "#{hex}"),
        }
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (n, c) in text.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{c}")?,
            '#' if n == 0 => f.write_str("\\#")?,
            ' ' if n == 0 || n == last => f.write_str("\\ ")?,
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    write!(f, "\\{byte:02x}")?;
                }
            }
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

impl FromStr for DistinguishedName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() || text.len() > LONGEST {
            return Err(NameError);
        }
        let mut parts = vec![Part(Vec::new())];
        let mut rest = text;
        loop {
            let (attribute, after) = attribute(rest)?;
            let part = parts.last_mut().ok_or(NameError)?;
            part.0.push(attribute);
            match after.chars().next() {
                None => break,
                Some('+') => {}
                Some(_) => parts.push(Part(Vec::new())),
            }
            rest = &after[1..];
        }
        parts.reverse();
        let name = Self { parts };
        // As it is written it must be read again, and escapes make it longer.
        (name.to_string().len() <= LONGEST)
            .then_some(name)
            .ok_or(NameError)
    }
}

/// One attribute, and what follows it, separator included.
fn attribute(text: &str) -> Result<(Attribute, &str), NameError> {
    let (name, value) = text.split_once('=').ok_or(NameError)?;
    let oid = oid(name.trim())?;
    let value = value.trim_start_matches(' ');
    if let Some(rest) = value.strip_prefix('#') {
        let end = rest.find([',', '+', ';']).unwrap_or(rest.len());
        return Ok((
            Attribute {
                oid,
                value: from_hex(rest[..end].trim())?,
            },
            &rest[end..],
        ));
    }
    let (bytes, after) = unescaped(value)?;
    let value = String::from_utf8(bytes).map_err(|_| NameError)?;
    if value.is_empty() {
        return Err(NameError);
    }
    Ok((
        Attribute {
            oid,
            value: Value::Text(value),
        },
        after,
    ))
}

/// The DER of a value in hexadecimal: of a string where it is one, so that both spellings are equal.
fn from_hex(digits: &str) -> Result<Value, NameError> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(NameError);
    }
    let bytes: Option<Vec<u8>> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect();
    let bytes = bytes.ok_or(NameError)?;
    let (rest, value) = Any::from_der(&bytes).map_err(|_| NameError)?;
    if !rest.is_empty() {
        return Err(NameError);
    }
    let other = || Value::Other(hex(&bytes));
    Ok(text(value.tag().0, value.data).map_or_else(other, Value::Text))
}

/// A value up to the next separator, without its escapes and without bare spaces at its ends.
fn unescaped(text: &str) -> Result<(Vec<u8>, &str), NameError> {
    let mut bytes = Vec::new();
    // What is escaped stays, spaces too.
    let mut keep = 0;
    let mut at = 0;
    let raw = text.as_bytes();
    while let Some(&byte) = raw.get(at) {
        match byte {
            b',' | b'+' | b';' => break,
            b'"' | b'<' | b'>' | 0 => return Err(NameError),
            b'\\' => {
                let next = *raw.get(at + 1).ok_or(NameError)?;
                if b" \"#+,;<=>\\".contains(&next) {
                    bytes.push(next);
                    at += 2;
                } else {
                    let digits = text.get(at + 1..at + 3).ok_or(NameError)?;
                    bytes.push(u8::from_str_radix(digits, 16).map_err(|_| NameError)?);
                    at += 3;
                }
                keep = bytes.len();
            }
            _ => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    while bytes.len() > keep && bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    Ok((bytes, &text[at..]))
}

fn oid(name: &str) -> Result<String, NameError> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("OID.").unwrap_or(&upper);
    if bare.contains('.') {
        let is_number = |part: &str| {
            !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        return bare
            .split('.')
            .all(is_number)
            .then(|| bare.to_owned())
            .ok_or(NameError);
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == upper);
    let name = alias.map_or(upper.as_str(), |(_, name)| name);
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, oid)| (*oid).to_owned()).ok_or(NameError)
}
