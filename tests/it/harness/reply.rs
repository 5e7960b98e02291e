//! What the server answered, and what a test may say of it.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Response, StatusCode},
};
use jeton::{crypto::jws::decode_unverified, oauth::reason::ErrorCode};
use serde_json::{Value, json};

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a token says, its signature aside.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// The scopes that the answer names, not those in the claims.
    pub(crate) scope: String,
}

impl Reply {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap(),
        }
    }

    /// The value of a header that stands once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values
            .next()
            .unwrap_or_else(|| panic!("no {name} in {self:?}"));
        assert!(values.next().is_none(), "two of {name} in {self:?}");
        value.to_str().unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }

    /// All that a caller can compare between two answers: everything but the request's own name.
    pub(crate) fn parts(&self) -> (StatusCode, HeaderMap, Bytes) {
        let mut headers = self.headers.clone();
        headers.remove("x-request-id");
        (self.status, headers, self.body.clone())
    }

    /// It is a token, in the form of RFC 6749 §5.1; T-20, T-21, T-23, T-24, H-17.
    #[track_caller]
    pub(crate) fn assert_issued(&self) -> Token {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.assert_private_json();
        let mut answer = self.json();
        let text = answer["access_token"].as_str().unwrap().to_owned();
        let (header, claims) = decode_unverified(&text).unwrap();
        let scope = answer["scope"].as_str().unwrap().to_owned();
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        answer["access_token"] = json!("…");
        let mut expected = json!({
            "access_token": "…", "token_type": "Bearer", "expires_in": lifetime, "scope": scope,
        });
        if let Some(details) = claims.get("authorization_details") {
            expected["authorization_details"] = details.clone();
        }
        assert_eq!(answer, expected);
        Token {
            text,
            header,
            claims,
            scope,
        }
    }

    /// It is an error of the code's own status, in the form of RFC 6749 §5.2.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: ErrorCode) {
        self.assert_fault(code.status(), code);
    }

    /// It is an error in the form of RFC 6749 §5.2; T-40, T-45, H-17, H-18, H-27.
    #[track_caller]
    pub(crate) fn assert_fault(&self, status: u16, code: ErrorCode) {
        self.assert_error(status, code);
        let challenged = self.headers.contains_key("www-authenticate");
        assert_eq!(challenged, status == 401, "{self:?}");
        if challenged {
            assert!(
                self.header("www-authenticate")
                    .starts_with("Basic realm=\"https://as.test")
            );
        }
    }

    /// The same, whatever it says of how to authenticate.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: ErrorCode) {
        assert_eq!(self.status, status, "{self:?}");
        self.assert_private_json();
        let answer = self.json();
        assert_eq!(answer["error"], code.as_str(), "{answer}");
        let description = answer["error_description"].as_str().unwrap();
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(allowed), "{description}");
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    }

    /// It is JSON that no cache keeps, compressed by nobody and framed by nobody; H-17, H-20, H-21.
    #[track_caller]
    pub(crate) fn assert_private_json(&self) {
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("pragma"), "no-cache");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert!(
            self.header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        assert!(!self.headers.contains_key("content-encoding"));
        assert!(!self.headers.contains_key("access-control-allow-origin"));
        assert!(!self.headers.contains_key("server"));
    }
}
