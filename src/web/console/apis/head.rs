//! What all pages of an API have on top: what it is called, its audience, and the way to the others.

use std::{ops::Deref, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::super::{
    Console,
    trail::{Tabs, Trail, named},
    trouble::Trouble,
    visit::Visitor,
    words::{counted, segment},
};
use crate::{
    app::App,
    domain::{api::Api, client::Client, id::ApiIdentifier},
};

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

impl Tabs for Tab {
    const ALL: &'static [Self] = &[Self::Scopes, Self::Clients, Self::Check, Self::Settings];
    const LIST: (&'static str, &'static str) = ("/apis", "APIs");

    fn label(self) -> &'static str {
        match self {
            Self::Scopes => "Scopes",
            Self::Clients => "Clients",
            Self::Check => "Check tokens",
            Self::Settings => "Settings",
        }
    }

    fn path(self) -> &'static str {
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
    /// What it is.
    pub(super) description: String,
    /// Whether tokens are issued for it.
    pub(super) is_active: bool,
    /// Whether none are for a while.
    pub(super) is_halted: bool,
    /// Whether it is the admin API, which stays as it is.
    pub(super) is_built_in: bool,
    /// The revision that last changed it, for forms that change it.
    pub(super) revision: u64,
    trail: Trail<Tab>,
}

impl ApiHead {
    /// That of the page `tab` of `api`.
    pub(super) fn of(api: &Api, tab: Tab) -> Self {
        Self {
            audience: api.identifier.to_string(),
            description: api.description.to_string(),
            is_active: api.is_active(),
            is_halted: api.rules.halt.is_some(),
            is_built_in: api.is_admin(),
            revision: api.revision.0,
            trail: Trail::new(api.name.to_string(), address(&api.identifier), tab),
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

    /// That of a page below the one of a part at `path`, which is called so.
    #[must_use]
    pub(super) fn by_way_of(self, path: &str, page: &str) -> Self {
        Self {
            trail: self.trail.by_way_of(path, page),
            ..self
        }
    }
}

impl Deref for ApiHead {
    type Target = Trail<Tab>;

    fn deref(&self) -> &Trail<Tab> {
        &self.trail
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
        let id = named(parts, console, "id").await?;
        let missing = || Trouble::missing("API", &id);
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

/// How many clients are named where more may have it.
const NAMED: usize = 20;

/// The clients that have something here: how many, and the first of them by name.
#[derive(Clone, Debug)]
pub(super) struct Holders {
    /// How many there are.
    pub(super) count: usize,
    /// The first of them.
    pub(super) first: Vec<Holder>,
}

impl Holders {
    /// These clients, which stand in order of their names.
    pub(super) fn of<'r>(clients: impl Iterator<Item = &'r Arc<Client>>) -> Self {
        let clients: Vec<_> = clients.collect();
        let first = clients.iter().take(NAMED).map(|client| Holder {
            path: format!("/clients/{}/access", segment(client.id.as_str())),
            name: client.name.to_string(),
            id: client.id.to_string(),
        });
        Self {
            count: clients.len(),
            first: first.collect(),
        }
    }

    /// Whether nobody has it.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are besides those that are named.
    pub(super) fn others(&self) -> usize {
        self.count - self.first.len()
    }

    /// `1 client has it`, `3 clients have it`.
    pub(super) fn have_it(&self) -> String {
        let verb = if self.count == 1 { "has" } else { "have" };
        format!("{} {verb} it", counted(self.count as u64, "client"))
    }
}

/// The clients that have `scope` on `api`, or anything there if no scope is named.
pub(super) fn holders(app: &App, api: &Api, scope: Option<&str>) -> Holders {
    let has = |granted: &crate::domain::scope::ScopeSet| {
        scope.is_none_or(|scope| granted.find(scope).is_some())
    };
    let directory = app.directory();
    let clients = directory.granted(|client| {
        let granted = client.grants.get(&api.identifier);
        granted.is_some_and(has)
    });
    Holders::of(clients)
}
