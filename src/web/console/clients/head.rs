//! What all pages of a client have on top: where they are, whose they are, and the way to the others.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::super::{Console, trouble::Trouble, visit::Visitor, words::segment};
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

impl Tab {
    const ALL: [Self; 6] = [
        Self::Overview,
        Self::Credentials,
        Self::Access,
        Self::Activity,
        Self::TryIt,
        Self::Settings,
    ];

    /// What it says.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Credentials => "Credentials",
            Self::Access => "Access",
            Self::Activity => "Activity",
            Self::TryIt => "Try it",
            Self::Settings => "Settings",
        }
    }

    /// Where it lies, below the client's own page.
    pub(super) const fn path(self) -> &'static str {
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
    /// What it is called.
    pub(super) name: String,
    /// The path of its own page, below the console's.
    pub(super) path: String,
    /// Whether it gets tokens.
    pub(super) is_active: bool,
    /// Whether an old secret is on its way out.
    pub(super) is_rotating: bool,
    /// Which of its pages this is.
    pub(super) tab: Tab,
    /// The revision that last changed it, for forms that change it.
    pub(super) revision: u64,
    /// The name of a page below a tab: `Rotate`. Nothing is the empty text.
    pub(super) below: String,
}

impl ClientHead {
    /// That of the page `tab` of `client`.
    pub(super) fn of(client: &Client, tab: Tab, now: Timestamp) -> Self {
        Self {
            id: client.id.to_string(),
            name: client.name.to_string(),
            path: address(&client.id),
            is_active: client.is_active(),
            is_rotating: client.old_secret(now).is_some(),
            tab,
            revision: client.revision.0,
            below: String::new(),
        }
    }

    /// That of a page below the tab, which is called so.
    #[must_use]
    pub(super) fn below(mut self, page: &str) -> Self {
        page.clone_into(&mut self.below);
        self
    }

    /// The tabs: where each leads, what it says, whether this is it.
    pub(super) fn tabs(&self) -> impl Iterator<Item = (String, &'static str, bool)> {
        let tabs = Tab::ALL.into_iter();
        tabs.map(|tab| (self.to(tab.path()), tab.label(), tab == self.tab))
    }

    /// A page of this client, below the console's path: `/clients/mailer-7kq2d4/access`.
    pub(super) fn to(&self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.path, path.as_ref())
    }

    /// The pages above this one.
    pub(super) fn crumbs(&self) -> Vec<(String, String)> {
        let mut crumbs = vec![("/clients".to_owned(), "Clients".to_owned())];
        if self.tab != Tab::Overview || !self.below.is_empty() {
            crumbs.push((self.path.clone(), self.name.clone()));
        }
        if !self.below.is_empty() && self.tab != Tab::Overview {
            crumbs.push((self.to(self.tab.path()), self.tab.label().to_owned()));
        }
        crumbs
    }

    /// What this page is called among them.
    pub(super) fn last_crumb(&self) -> &str {
        match (self.below.as_str(), self.tab) {
            ("", Tab::Overview) => &self.name,
            ("", tab) => tab.label(),
            (below, _) => below,
        }
    }
}

/// The path of a client's own page, below the console's.
pub(super) fn address(client: &ClientId) -> String {
    format!("/clients/{}", segment(client.as_str()))
}

/// The client that the address names as `{id}`, for those who are signed in.
pub(super) struct Named(pub(super) Arc<Client>);

impl FromRequestParts<Console> for Named {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        Visitor::from_request_parts(parts, console).await?;
        let params = RawPathParams::from_request_parts(parts, console).await;
        let params = params.map_err(|_| Trouble::nowhere())?;
        let id = params.iter().find(|(name, _)| *name == "id");
        let (_, id) = id.ok_or_else(Trouble::nowhere)?;
        find(console, id).map(Self)
    }
}

/// The client with this id.
pub(super) fn find(console: &Console, id: &str) -> Result<Arc<Client>, Trouble> {
    let registry = console.app.registry();
    let client = registry.find_client_by_text(id);
    let client = client.ok_or_else(|| Trouble::missing("client", id))?;
    Ok(Arc::clone(client))
}
