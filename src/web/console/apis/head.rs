//! What all pages of an API have on top: what it is called, its audience, and the way to the others.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::super::{
    Console,
    trouble::Trouble,
    visit::Visitor,
    words::{counted, segment},
};
use crate::domain::{api::Api, id::ApiIdentifier, registry::Registry};

/// The pages of an API, in the order of their tabs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tab {
    /// What it understands.
    Scopes,
    /// Who may call it.
    Clients,
    /// How it checks tokens.
    Check,
    /// What is said of it.
    Settings,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Scopes, Self::Clients, Self::Check, Self::Settings];

    const fn label(self) -> &'static str {
        match self {
            Self::Scopes => "Scopes",
            Self::Clients => "Clients",
            Self::Check => "Check tokens",
            Self::Settings => "Settings",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Scopes => "",
            Self::Clients => "/clients",
            Self::Check => "/check",
            Self::Settings => "/settings",
        }
    }
}

/// The top of an API's page: `{% include "apis/head.html" %}` prints the member `head`.
#[derive(Clone, Debug)]
pub(super) struct ApiHead {
    /// Its identifier, which is the audience of its tokens.
    pub(super) audience: String,
    /// What it is called.
    pub(super) name: String,
    /// What it is.
    pub(super) description: String,
    /// The path of its own page, below the console's.
    pub(super) path: String,
    /// Whether tokens are issued for it.
    pub(super) is_active: bool,
    /// Whether it is the admin API, which stays as it is.
    pub(super) is_built_in: bool,
    /// The revision that last changed it, for forms that change it.
    pub(super) revision: u64,
    tab: Tab,
    below: String,
}

impl ApiHead {
    /// That of the page `tab` of `api`.
    pub(super) fn of(api: &Api, tab: Tab) -> Self {
        Self {
            audience: api.identifier.to_string(),
            name: api.name.to_string(),
            description: api.description.to_string(),
            path: address(&api.identifier),
            is_active: api.is_active(),
            is_built_in: api.is_admin(),
            revision: api.revision.0,
            tab,
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

    /// A page of this API, below the console's path.
    pub(super) fn to(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }

    /// The pages above this one.
    pub(super) fn crumbs(&self) -> Vec<(String, String)> {
        let mut crumbs = vec![("/apis".to_owned(), "APIs".to_owned())];
        if self.tab != Tab::Scopes || !self.below.is_empty() {
            crumbs.push((self.path.clone(), self.name.clone()));
        }
        if !self.below.is_empty() && self.tab != Tab::Scopes {
            crumbs.push((self.to(self.tab.path()), self.tab.label().to_owned()));
        }
        crumbs
    }

    /// What this page is called among them.
    pub(super) fn last_crumb(&self) -> &str {
        match (self.below.as_str(), self.tab) {
            ("", Tab::Scopes) => &self.name,
            ("", tab) => tab.label(),
            (below, _) => below,
        }
    }
}

/// The path of an API's own page, below the console's.
pub(in crate::web::console) fn address(api: &ApiIdentifier) -> String {
    format!("/apis/{}", segment(api.as_str()))
}

/// The API that the address names as `{id}`, for those who are signed in.
pub(super) struct Named(pub(super) Arc<Api>);

impl FromRequestParts<Console> for Named {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        Visitor::from_request_parts(parts, console).await?;
        let params = RawPathParams::from_request_parts(parts, console).await;
        let params = params.map_err(|_| Trouble::nowhere())?;
        let id = params.iter().find(|(name, _)| *name == "id");
        let (_, id) = id.ok_or_else(Trouble::nowhere)?;
        let missing = || Trouble::missing("API", id);
        let identifier: ApiIdentifier = id.parse().map_err(|_| missing())?;
        let registry = console.app.registry();
        let api = registry.find_api(&identifier).ok_or_else(missing)?;
        Ok(Self(Arc::clone(api)))
    }
}

/// A client that has something here: where its access is set, and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    /// The path of its page.
    pub(super) path: String,
    /// What it is called.
    pub(super) name: String,
    /// Its id.
    pub(super) id: String,
}

/// The clients that have `scope` on `api`, or anything there if no scope is named.
pub(super) fn holders(registry: &Registry, api: &Api, scope: Option<&str>) -> Vec<Holder> {
    let has = |granted: &crate::domain::scope::ScopeSet| {
        scope.is_none_or(|scope| granted.find(scope).is_some())
    };
    let clients = registry.clients().filter(|client| {
        let granted = client.grants.get(&api.identifier);
        granted.is_some_and(has)
    });
    clients
        .map(|client| Holder {
            path: format!("/clients/{}/access", segment(client.id.as_str())),
            name: client.name.to_string(),
            id: client.id.to_string(),
        })
        .collect()
}

/// `1 client has it`, `3 clients have it`.
pub(super) fn have_it(holders: &[Holder]) -> String {
    let verb = if holders.len() == 1 { "has" } else { "have" };
    format!("{} {verb} it", counted(holders.len() as u64, "client"))
}
