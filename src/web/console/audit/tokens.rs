//! The tokens that were issued, if they are put on record.

use askama::Template;
use axum::{
    body::Body,
    extract::{Query, State},
    http::Response,
};
use serde::Deserialize;

use super::{
    super::{
        Console,
        apis::address as address_of_api,
        clients::address as address_of_client,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, relative},
    },
    LOOKED_THROUGH, ON_A_PAGE,
    days::{self, Days},
};
use crate::{
    app::App,
    domain::{
        id::{ApiIdentifier, ClientId},
        issued_token::{IssuedPage, IssuedRecord},
        permission::Permission,
        registry::Registry,
        time::Timestamp,
    },
};

/// What the address has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    client: String,
    api: String,
    token: String,
    from: String,
    to: String,
    before: String,
}

/// What is asked for.
struct Asked {
    client: String,
    api: String,
    token: String,
    days: Days,
    /// Only records with a smaller number.
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "audit/tokens.html")]
struct TokensPage {
    frame: Frame,
    asked: Asked,
    lines: Vec<Line>,
    /// The query of the next page; nothing at the end.
    older: Option<String>,
    /// Whether the server puts tokens on record now.
    records: bool,
}

/// One token.
struct Line {
    at: Moment,
    /// `expires in 30 minutes`.
    expiry: String,
    token: String,
    client: Thing,
    /// Whom it speaks for, if for another.
    subject: Option<Thing>,
    secret: String,
    api: Thing,
    scopes: Vec<String>,
    address: String,
}

/// A client or an API: its name, or its id if it is gone.
struct Thing {
    name: String,
    /// Where to see it; nothing if it is gone.
    path: Option<String>,
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Query(address): Query<Address>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadAudit)?;
    let asked = Asked::read(&address);
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    let (records, next) = stretch(&console.app, &asked, &registry).await?;
    Ok(page::ok(&TokensPage {
        frame: visitor.frame(Here::Audit).await,
        older: next.map(|before| asked.query(Some(before))),
        lines: records
            .iter()
            .map(|it| Line::of(it, &registry, now))
            .collect(),
        records: console.app.records_tokens(),
        asked,
    }))
}

/// Records that are wanted, newest first, and where to go on; nothing at the end.
async fn stretch(
    app: &App,
    asked: &Asked,
    registry: &Registry,
) -> Result<(Vec<IssuedRecord>, Option<u64>), Trouble> {
    let Some(page) = asked.page(registry) else {
        return Ok((Vec::new(), None));
    };
    let before = page.before;
    let mut records = app.issued_tokens(page).await?;
    if records.len() > ON_A_PAGE {
        records.truncate(ON_A_PAGE);
        let last = records.last().map(|it| it.seq);
        return Ok((records, last));
    }
    // The store looks at so many records and no further, however few of them were wanted.
    let newest = match before {
        Some(before) => before,
        None => newest(app).await? + 1,
    };
    let looked_until = newest.saturating_sub(LOOKED_THROUGH);
    Ok((records, (looked_until > 1).then_some(looked_until)))
}

/// The number of the newest record.
async fn newest(app: &App) -> Result<u64, Trouble> {
    let page = IssuedPage {
        limit: 1,
        ..IssuedPage::default()
    };
    let records = app.issued_tokens(page).await?;
    Ok(records.first().map_or(0, |it| it.seq))
}

impl Asked {
    fn read(address: &Address) -> Self {
        Self {
            client: address.client.trim().to_owned(),
            api: address.api.trim().to_owned(),
            token: address.token.trim().to_owned(),
            days: Days::read(&address.from, &address.to),
            before: address.before.parse().ok(),
        }
    }

    fn is_set(&self) -> bool {
        let has_text = !(self.client.is_empty() && self.api.is_empty() && self.token.is_empty());
        has_text || self.days.are_set()
    }

    /// The records that are meant; nothing if a name is that of nobody, or a day none.
    fn page(&self, registry: &Registry) -> Option<IssuedPage> {
        if self.days.are_wrong() {
            return None;
        }
        let client = match &*self.client {
            "" => None,
            name => Some(client(name, registry)?),
        };
        let api = match &*self.api {
            "" => None,
            name => Some(api(name, registry)?),
        };
        Some(IssuedPage {
            before: self.before,
            limit: ON_A_PAGE + 1,
            token: Some(self.token.clone()).filter(|it| !it.is_empty()),
            client,
            api,
            since: self.days.since,
            until: self.days.until,
        })
    }

    /// The address of this, from there on.
    fn query(&self, before: Option<u64>) -> String {
        let before = before.map_or_else(String::new, |before| before.to_string());
        days::query(&[
            ("client", &self.client),
            ("api", &self.api),
            ("token", &self.token),
            ("from", self.days.from()),
            ("to", self.days.to()),
            ("before", &before),
        ])
    }
}

/// The client of this name or id; one that is gone goes by its id.
fn client(text: &str, registry: &Registry) -> Option<ClientId> {
    let mut clients = registry.clients();
    let named = clients.find(|it| it.name.as_str().eq_ignore_ascii_case(text));
    named.map(|it| it.id.clone()).or_else(|| text.parse().ok())
}

/// The same of APIs.
fn api(text: &str, registry: &Registry) -> Option<ApiIdentifier> {
    let mut apis = registry.apis();
    let named = apis.find(|it| it.name.as_str().eq_ignore_ascii_case(text));
    named
        .map(|it| it.identifier.clone())
        .or_else(|| text.parse().ok())
}

impl Line {
    fn of(record: &IssuedRecord, registry: &Registry, now: Timestamp) -> Self {
        let issued = &record.issued;
        let scopes = issued.scope.split(' ').filter(|it| !it.is_empty());
        Self {
            at: Moment::of(issued.at, now),
            expiry: expiry(issued.expires, now),
            token: issued.token.clone(),
            client: Thing::client(&issued.client, registry),
            subject: issued
                .subject
                .as_ref()
                .map(|it| Thing::client(it, registry)),
            secret: issued.secret.to_string(),
            api: Thing::api(&issued.api, registry),
            scopes: scopes.map(str::to_owned).collect(),
            address: issued.address.to_string(),
        }
    }
}

fn expiry(at: Timestamp, now: Timestamp) -> String {
    let word = if at > now { "expires" } else { "expired" };
    format!("{word} {}", relative(at, now))
}

impl Thing {
    fn client(id: &ClientId, registry: &Registry) -> Self {
        let found = registry.find_client(id);
        Self {
            name: found.map_or_else(|| id.to_string(), |it| it.name.to_string()),
            path: found.map(|it| address_of_client(&it.id)),
        }
    }

    fn api(id: &ApiIdentifier, registry: &Registry) -> Self {
        let found = registry.find_api(id);
        Self {
            name: found.map_or_else(|| id.to_string(), |it| it.name.to_string()),
            path: found.map(|it| address_of_api(&it.identifier)),
        }
    }
}
