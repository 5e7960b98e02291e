//! What is known of a request beside its session.

use std::net::IpAddr;

use axum::http::{HeaderMap, header, request::Parts};

use crate::web::{
    console::{
        Console,
        page::{Theme, root_of, sent_to},
    },
    layers::{ClientAddress, RequestId},
};

/// What is known of a request beside its session.
#[derive(Default)]
pub(super) struct Circumstances {
    pub(super) root: String,
    pub(super) theme: Theme,
    pub(super) address: Option<IpAddr>,
    pub(super) request_id: String,
    pub(super) is_exposed: bool,
    pub(super) agent: String,
    /// Whether a page asks by itself: that is no sign of a person.
    pub(super) is_live: bool,
}

impl Circumstances {
    pub(super) fn of(parts: &Parts, console: &Console) -> Self {
        let id = parts.extensions.get::<RequestId>();
        let address = parts.extensions.get::<ClientAddress>();
        let address = address.map(|address| address.0);
        let is_exposed = !console.app.console_url().is_https()
            && address.is_some_and(|address| !address.is_loopback());
        Self {
            root: root_of(sent_to(parts).path()).to_owned(),
            theme: Theme::read(&parts.headers),
            address,
            request_id: id.map_or_else(String::new, |id| id.as_str().to_owned()),
            is_exposed,
            agent: browser(&parts.headers),
            is_live: parts.headers.contains_key("x-live"),
        }
    }

    pub(super) fn address_in_words(&self) -> String {
        self.address
            .map_or_else(|| "this machine".to_owned(), |address| address.to_string())
    }
}

/// What a browser calls itself, in two words: `Firefox on Linux`.
fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    let find = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let program = find(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Another browser".to_owned(),
    }
}
