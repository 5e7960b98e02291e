//! When and from where a request came, as usage is told.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, header, request::Parts};

use crate::{
    app::{App, LOCAL_ADDRESS},
    domain::usage::Seen,
    web::layers::{ClientAddress, RequestId},
};

/// How much of a `User-Agent` is kept.
const LONGEST_AGENT: usize = 120;

/// When, from where, and what a request calls itself.
pub fn seen(app: &App, parts: &Parts) -> Seen {
    let request = parts.extensions.get::<RequestId>();
    Seen {
        at: app.now(),
        address: address_of(parts),
        agent: agent(&parts.headers),
        request: request.map(|id| id.as_str().into()),
    }
}

/// Where a request came from, as far as declared proxies are believed.
pub fn address_of(parts: &Parts) -> IpAddr {
    let address = parts.extensions.get::<ClientAddress>();
    address.map_or(LOCAL_ADDRESS, |address| address.0)
}

/// What a client calls itself: printable ASCII, cut to a length that fits a table.
fn agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let value = headers.get(header::USER_AGENT)?;
    match value.to_str() {
        Ok(text) if text.len() <= LONGEST_AGENT && !text.contains('\t') => Some(text.into()),
        Ok(_) | Err(_) => {
            let printable = value.as_bytes().iter().copied();
            let printable = printable.filter(|byte| (0x20..=0x7e).contains(byte));
            let text: String = printable.take(LONGEST_AGENT).map(char::from).collect();
            Some(text.into())
        }
    }
    .filter(|text: &Arc<str>| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn agent_of(bytes: &[u8]) -> Option<Arc<str>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_bytes(bytes).unwrap());
        agent(&headers)
    }

    #[test]
    fn an_agent_is_printable_and_short() {
        assert_eq!(agent(&HeaderMap::new()), None);
        assert_eq!(agent_of(b""), None);
        assert_eq!(agent_of(b"curl/8.5").as_deref(), Some("curl/8.5"));
        assert_eq!(agent_of(b"a\tb\xe9c").as_deref(), Some("abc"));
        assert_eq!(agent_of(&[b'x'; 500]).unwrap().len(), LONGEST_AGENT);
        assert_eq!(agent_of(b"\xff"), None);
    }
}
