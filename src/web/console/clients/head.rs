//! What all pages of a client have on top: where they are, whose they are, and the way to the others.

use std::{ops::Deref, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::super::{
    Console,
    trail::{Tabs, Trail, named},
    trouble::Trouble,
    visit::Visitor,
    words::segment,
};
use crate::domain::{client::Client, id::ClientId, time::Timestamp};

/// The pages of a client, in the order of their tabs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tab {
    /// What it is, and whether it is well.
    Overview,
    /// Its secrets, and their rotation.
    Credentials,
    /// What it may call.
    Access,
    /// What it asked for.
    Activity,
    /// What its tokens look like.
    TryIt,
    /// What is said of it.
    Settings,
}

impl Tabs for Tab {
    const ALL: &'static [Self] = &[
        Self::Overview,
        Self::Credentials,
        Self::Access,
        Self::Activity,
        Self::TryIt,
        Self::Settings,
    ];
    const LIST: (&'static str, &'static str) = ("/clients", "Clients");

    fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Credentials => "Credentials",
            Self::Access => "Access",
            Self::Activity => "Activity",
            Self::TryIt => "Try it",
            Self::Settings => "Settings",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Credentials => "/credentials",
            Self::Access => "/access",
            Self::Activity => "/activity",
            Self::TryIt => "/try",
            Self::Settings => "/settings",
        }
    }
}

/// The top of a client's page: `{% include "clients/head.html" %}` prints the member `head`.
#[derive(Clone, Debug)]
pub(super) struct ClientHead {
    /// Its id.
    pub(super) id: String,
    /// Whether it gets tokens.
    pub(super) is_active: bool,
    /// Whether a secret that works was reported as leaked.
    pub(super) is_leaked: bool,
    /// Whether an old secret is on its way out.
    pub(super) is_rotating: bool,
    /// The revision that last changed it, for forms that change it.
    pub(super) revision: u64,
    trail: Trail<Tab>,
}

impl ClientHead {
    /// That of the page `tab` of `client`.
    pub(super) fn of(client: &Client, tab: Tab, now: Timestamp) -> Self {
        Self {
            id: client.id.to_string(),
            is_active: client.is_active(),
            is_leaked: client.leaked_secret(now).is_some(),
            is_rotating: client.old_secret(now).is_some(),
            revision: client.revision.0,
            trail: Trail::new(client.name.to_string(), address(&client.id), tab),
        }
    }

    /// That of a page below the tab, which is called so.
    #[must_use]
    pub(super) fn below(self, page: &str) -> Self {
        Self {
            trail: self.trail.below(page),
            ..self
        }
    }
}

impl Deref for ClientHead {
    type Target = Trail<Tab>;

    fn deref(&self) -> &Trail<Tab> {
        &self.trail
    }
}

/// The path of a client's own page, below the console's.
pub(in crate::web::console) fn address(client: &ClientId) -> String {
    format!("/clients/{}", segment(client.as_str()))
}

/// The client that the address names as `{id}`, for those who are signed in.
pub(super) struct Named(pub(super) Arc<Client>);

impl FromRequestParts<Console> for Named {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        Visitor::from_request_parts(parts, console).await?;
        let id = named(parts, console, "id").await?;
        find(console, &id).map(Self)
    }
}

/// The client with this id.
pub(super) fn find(console: &Console, id: &str) -> Result<Arc<Client>, Trouble> {
    let registry = console.app.registry();
    let client = registry.find_client_by_text(id);
    let client = client.ok_or_else(|| Trouble::missing("client", id))?;
    Ok(Arc::clone(client))
}
