//! The issuer identifier: who signs, as every verifier knows it.

use std::{fmt, str::FromStr, sync::Arc};

/// An issuer identifier (RFC 8414 §2): an `https` URL without query, fragment or user information;
/// `http` where it is declared safe. Compared byte for byte everywhere, so never normalised.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer {
    text: Arc<str>,
    /// `https://host[:port]`
    origin: Arc<str>,
    /// The path, without a final slash; empty for most.
    path: Arc<str>,
}

/// A text is no issuer identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an issuer is a web address such as https://auth.example.com, without query or fragment")]
pub struct IssuerError;

impl Issuer {
    /// As configured.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is an `https` one.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path below which everything lies, without a final slash; empty for most.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host without the port; an IPv6 address stands in brackets.
    pub fn host(&self) -> &str {
        let authority = self.origin.split_once("://").map_or("", |(_, rest)| rest);
        match authority.rfind(':') {
            Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
            Some(_) | None => authority,
        }
    }

    /// The address of an endpoint; `path` begins with a slash.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}

impl FromStr for Issuer {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, IssuerError> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(IssuerError)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host_byte =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._:[]".contains(&b);
        let path_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        if authority.is_empty()
            || authority.starts_with(':')
            || !authority.bytes().all(host_byte)
            || !path.bytes().all(path_byte)
            || path.contains("//")
            || path.split('/').any(|segment| matches!(segment, "." | ".."))
            || text.parse::<super::id::ApiIdentifier>().is_err()
        {
            return Err(IssuerError);
        }
        let port = authority
            .rsplit_once(':')
            .filter(|(_, port)| !port.contains(']'));
        if port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(IssuerError);
        }
        let origin = &text[..text.len() - path.len()];
        Ok(Self {
            text: text.into(),
            origin: origin.into(),
            path: path.trim_end_matches('/').into(),
        })
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_kept_byte_for_byte() {
        for text in [
            "https://as.test",
            "https://as.test:8443/t/one",
            "http://127.0.0.1:8080",
            "http://[::1]:80",
        ] {
            assert_eq!(text.parse::<Issuer>().unwrap().as_str(), text);
        }
        let slash: Issuer = "https://as.test/".parse().unwrap();
        assert_eq!(slash.as_str(), "https://as.test/");
        assert_eq!(
            slash.endpoint("/oauth2/token"),
            "https://as.test/oauth2/token"
        );
        assert_eq!("http://[::1]:80".parse::<Issuer>().unwrap().host(), "[::1]");
        assert_eq!(
            "https://as.test:1/x".parse::<Issuer>().unwrap().host(),
            "as.test"
        );
    }

    /// MD-01
    #[test]
    fn an_issuer_has_no_query_fragment_or_user() {
        for bad in [
            "",
            "as.test",
            "ftp://x",
            "https://",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a b",
            "https://A.test",
            "https://a:99999",
            "https://a/../b",
        ] {
            assert!(bad.parse::<Issuer>().is_err(), "{bad}");
        }
    }
}
