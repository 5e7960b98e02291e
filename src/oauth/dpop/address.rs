//! The address of a request, in the one form in which addresses are compared (RFC 9449 §4.3, RFC 3986 §6.2).

/// Scheme, host, port unless it is the scheme's own, and path; no query, no fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address(String);

impl Address {
    /// Reads an absolute URL of http or https.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host_byte =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte);
        if authority.is_empty()
            || authority.starts_with(':')
            || !authority.bytes().all(host_byte)
            || !path.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
        let authority = authority.strip_suffix(':').unwrap_or(authority);
        let path = without_dots(&decoded(path)?);
        Some(Self(format!("{scheme}://{authority}{path}")))
    }

    /// In its one form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A path in which escapes stand only where they must, in capitals.
fn decoded(path: &str) -> Option<String> {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let digits = after.get(..2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&digits.to_ascii_uppercase());
        }
        rest = &after[2..];
    }
    text.push_str(rest);
    Some(text)
}

/// A path without `.` and `..` (RFC 3986 §5.2.4); the empty one is `/`.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut all = path.split('/').skip(1).peekable();
    while let Some(segment) = all.next() {
        let is_last = all.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            _ => {
                segments.push(segment);
                continue;
            }
        }
        if is_last {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_form(url: &str) -> Option<String> {
        Address::parse(url).map(|address| address.0)
    }

    /// DP-05
    #[test]
    fn addresses_that_mean_the_same_are_the_same() {
        let token = Some("https://as.test/oauth2/token".to_owned());
        for url in [
            "https://as.test/oauth2/token",
            "HTTPS://AS.TEST:443/oauth2/token",
            "https://as.test:/oauth2/token",
            "https://as.test/oauth2/token?x=1#y",
            "https://as.test/oauth2/token#y?x",
            "https://as.test/%6fauth2/t%6Fken",
            "https://as.test/./oauth2/x/../token",
            "https://as.test/../oauth2/token",
        ] {
            assert_eq!(one_form(url), token, "{url}");
        }
        for root in ["http://as.test", "http://as.test/", "http://AS.test:80?x"] {
            assert_eq!(one_form(root).as_deref(), Some("http://as.test/"), "{root}");
        }
        assert_eq!(
            one_form("https://[::1]:8443/a%2fb/%c3%a9/..").as_deref(),
            Some("https://[::1]:8443/a%2Fb/")
        );
    }

    /// DP-05
    #[test]
    fn addresses_that_differ_stay_apart() {
        let token = one_form("https://as.test/oauth2/token");
        for url in [
            "http://as.test/oauth2/token",
            "https://as.test:8443/oauth2/token",
            "https://as.test/oauth2/Token",
            "https://as.test/oauth2/token/",
            "https://as.test//oauth2/token",
            "https://as.test/oauth2%2Ftoken",
            "https://as.test.evil/oauth2/token",
        ] {
            assert_ne!(one_form(url), token, "{url}");
            assert!(one_form(url).is_some(), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for url in [
            "",
            "/oauth2/token",
            "as.test/oauth2/token",
            "ftp://as.test/",
            "https://",
            "https:///x",
            "https://:443/x",
            "https://user@as.test/",
            "https://as.test/%zz",
            "https://as.test/%4",
            "https://as.test/a b",
            "https://as.test/\u{e9}",
            "https://as test/",
        ] {
            assert_eq!(one_form(url), None, "{url}");
        }
    }
}
