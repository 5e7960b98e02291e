//! A new client, on four short pages. What was filled in waits in the session until the client is
//! made: going back keeps it.

mod about;
mod access;
mod beginning;
mod check;
mod credential;
mod platform;
mod secret;
mod summary;

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::super::{
    Console,
    form::{Fields, Form},
    page::{Frame, Here},
    trouble::Trouble,
    visit::Visitor,
    words::Moment,
};
use crate::{
    crypto::text::fingerprint,
    domain::{
        permission::Permission,
        time::{Span, Timestamp},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/new", get(about::show).post(about::save))
        .route("/clients/new/access", get(access::show).post(access::save))
        .route(
            "/clients/new/credential",
            get(credential::show).post(credential::save),
        )
        .route(
            "/clients/new/platform",
            get(platform::show).post(platform::save),
        )
        .route("/clients/new/check", get(check::show).post(check::create))
        .route("/clients/new/discard", post(discard))
}

/// How long what was filled in is kept.
const KEPT: Span = Span::hours(24);

/// The pages, in order: path and title.
const STEPS: [(&str, &str); 4] = [
    ("/clients/new", "Name and owner"),
    ("/clients/new/access", "What it may call"),
    ("/clients/new/credential", "How it proves who it is"),
    ("/clients/new/check", "Check before you create"),
];

/// A client in the making.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Plan {
    /// When it was begun.
    begun: Timestamp,
    name: String,
    client_id: String,
    description: String,
    owner: String,
    /// The id of the client whose access it is to have.
    like: String,
    /// What it may have: API and scope.
    scopes: Vec<(String, String)>,
    /// What it gets when it names no scope.
    defaults: Vec<String>,
    /// How long its secret works: `180d`, or `never`.
    life: String,
    /// Why its secret is to work until it is replaced.
    reason: String,
    /// Where its secret, or its private key, will be kept.
    note: String,
    /// What it proves itself with, as the form calls it; nothing is chosen yet if it is empty.
    kind: String,
    /// What was typed of a key or a certificate, field by field.
    credential: Typed,
    /// What was typed of a platform to trust, field by field.
    trust: Typed,
}

/// Fields of a page, as they were typed.
type Typed = BTreeMap<String, String>;

/// Under which name the plan stands in the session's draft.
const DRAFT: &str = "new_client";

impl Plan {
    /// As it waits in the session, if it does and is not too old.
    fn of(visitor: &Visitor, now: Timestamp) -> Option<Self> {
        let draft = visitor.visit.draft()?.get(DRAFT)?;
        let plan: Self = serde_json::from_value(draft.clone()).ok()?;
        (now.since(plan.begun) <= KEPT && !plan.name.is_empty()).then_some(plan)
    }

    /// Puts it into the session.
    async fn keep(self, visitor: &Visitor) -> Result<(), Trouble> {
        let plan = serde_json::json!({ DRAFT: self });
        visitor.visit.change(|kept| kept.draft = Some(plan)).await
    }

    /// What stands in the fields of the pages.
    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        let all = [
            ("name", &self.name),
            ("client_id", &self.client_id),
            ("description", &self.description),
            ("owner", &self.owner),
            ("like", &self.like),
            ("life", &self.life),
            ("reason", &self.reason),
            ("note", &self.note),
            ("kind", &self.kind),
        ];
        for (name, value) in all {
            fields.set(name, value);
        }
        fields
    }

    /// What of a page is kept of `fields`.
    fn typed(fields: &Fields, names: &[&str]) -> Typed {
        let given = names.iter().filter(|name| fields.has(name));
        given
            .map(|name| ((*name).to_owned(), fields.text(name).to_owned()))
            .collect()
    }

    /// How long its secret works; nothing: until it is replaced.
    fn life(&self) -> Option<Span> {
        self.life.parse().ok()
    }

    /// Stands for all of it: a page that shows it says which plan that was.
    fn mark(&self) -> String {
        let plan = serde_json::json!(self);
        fingerprint(plan.to_string().as_bytes())
    }

    fn may_have(&self, api: &str, scope: &str) -> bool {
        self.scopes.iter().any(|(at, it)| at == api && it == scope)
    }
}

/// Where a page is among the four.
struct Steps {
    /// Counted from 0.
    here: usize,
    /// When the plan was begun, if that is a while ago.
    begun: Option<Moment>,
}

impl Steps {
    fn at(here: usize, plan: Option<&Plan>, now: Timestamp) -> Self {
        let earlier = plan.filter(|plan| now.since(plan.begun) >= Span::minutes(10));
        Self {
            here,
            begun: earlier.map(|plan| Moment::of(plan.begun, now)),
        }
    }

    /// Path, title, whether it is filled in, whether it is this.
    fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, bool, bool)> {
        let steps = STEPS.into_iter().enumerate();
        steps.map(|(n, (path, title))| (path, title, n < self.here, n == self.here))
    }

    fn number(&self) -> usize {
        self.here + 1
    }

    /// The page before this one.
    fn back(&self) -> &'static str {
        match self.here.checked_sub(1) {
            Some(before) => STEPS[before].0,
            None => "/clients",
        }
    }
}

/// Whoever may make clients, and what is around their page.
async fn frame(visitor: &Visitor) -> Result<Frame, Trouble> {
    visitor.require(Permission::WriteClients)?;
    Ok(visitor.frame(Here::Clients).await)
}

/// Forgets what was filled in.
async fn discard(_: State<Console>, visitor: Visitor, _: Form) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    visitor.visit.change(|kept| kept.draft = None).await?;
    Ok(visitor.see(STEPS[0].0))
}
