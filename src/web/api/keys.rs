//! `/keys`: signing keys, generated, listed, brought forward, retired, revoked.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::{May, ReadKeys, WriteKeys},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Queried, Written},
    idempotency::{Done, run},
    page::{List, PageQuery},
    problem::Problem,
    reply::{Location, Reply},
};
use crate::{
    admin::{
        input::{ActivateInput, KeyInput},
        keys::{RetireKey, RevokeKey},
        refusal::Refusal,
        views::KeyView,
    },
    app::App,
    domain::{
        audit::Object,
        id::{KeyId, Revision},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(activate))
        .routes(routes!(retire))
        .routes(routes!(revoke))
}

/// Lists signing keys of every age, in order of their ids.
#[utoipa::path(get, path = "/keys", tag = "keys", operation_id = "list_keys",
    security(("token" = ["keys:read"])), params(PageQuery),
    responses((status = 200, body = List<KeyView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadKeys>,
    Queried(query): Queried<PageQuery>,
) -> Result<Reply, Problem> {
    let (registry, now) = (app.registry(), app.now());
    let (keys, next_cursor) = query.parse()?.take(registry.keys(), |key| key.id.as_str());
    let data = keys
        .iter()
        .map(|key| KeyView::of(key, &registry, now))
        .collect();
    Ok(Reply::ok(&List { data, next_cursor }))
}

/// Generates a signing key and publishes it.
#[utoipa::path(post, path = "/keys", tag = "keys", operation_id = "create_key",
    security(("token" = ["keys:write"])), request_body = KeyInput,
    responses((status = 201, body = KeyView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteKeys>,
    written: Written<KeyInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms_of_new();
    let done = run(&app, actor, terms, written.input.parse()?).await?;
    let is_replay = done.is_replay();
    let id = match done {
        Done::Now(id) | Done::Before(Object::Key(id)) => id,
        Done::Before(_) => return Err(Problem::nowhere()),
    };
    let (view, revision) = look(&app, &id)?;
    let location = Location::of(&app, &["keys", id.as_str()]);
    Ok(Reply::created(&view, &location)
        .tagged(revision)
        .replayed(is_replay))
}

fn look(app: &App, id: &KeyId) -> Result<(KeyView, Revision), Problem> {
    let registry = app.registry();
    let key = registry
        .find_key(id)
        .ok_or_else(|| Refusal::NotFound(Object::Key(id.clone())))?;
    Ok((KeyView::of(key, &registry, app.now()), key.revision))
}

fn show_key(app: &App, id: &KeyId) -> Result<Reply, Problem> {
    let (view, revision) = look(app, id)?;
    Ok(Reply::ok(&view).tagged(revision))
}

/// Shows a signing key.
#[utoipa::path(get, path = "/keys/{kid}", tag = "keys", operation_id = "show_key",
    security(("token" = ["keys:read"])), params(("kid" = String, Path)),
    responses((status = 200, body = KeyView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadKeys>,
    At(key): At<KeyId>,
) -> Result<Reply, Problem> {
    show_key(&app, &key)
}

/// Brings the first signature of a published key forward.
#[utoipa::path(post, path = "/keys/{kid}/activate", tag = "keys", operation_id = "activate_key",
    security(("token" = ["keys:write"])), params(("kid" = String, Path)),
    request_body = ActivateInput, responses((status = 200, body = KeyView)))]
async fn activate(
    State(app): State<App>,
    May { actor, .. }: May<WriteKeys>,
    At(key): At<KeyId>,
    written: Written<ActivateInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Key(key.clone()))?;
    let command = written.input.parse(key.clone())?;
    let done = run(&app, actor, terms, command).await?;
    Ok(show_key(&app, &key)?.replayed(done.is_replay()))
}

/// Withdraws a key that has not signed yet, or destroys the private half of a retired one.
#[utoipa::path(post, path = "/keys/{kid}/retire", tag = "keys", operation_id = "retire_key",
    security(("token" = ["keys:write"])), params(("kid" = String, Path)),
    responses((status = 200, body = KeyView)))]
async fn retire(
    State(app): State<App>,
    May { actor, .. }: May<WriteKeys>,
    At(key): At<KeyId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Key(key.clone()))?;
    let done = run(&app, actor, terms, RetireKey { key: key.clone() }).await?;
    Ok(show_key(&app, &key)?.replayed(done.is_replay()))
}

/// Takes a key out at once; if it was signing, another signs from this moment on.
#[utoipa::path(post, path = "/keys/{kid}/revoke", tag = "keys", operation_id = "revoke_key",
    security(("token" = ["keys:write"])), params(("kid" = String, Path)),
    responses((status = 200, body = RevokedView)))]
async fn revoke(
    State(app): State<App>,
    May { actor, .. }: May<WriteKeys>,
    At(key): At<KeyId>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let terms = written.terms(Object::Key(key.clone()))?;
    let done = run(&app, actor, terms, RevokeKey { key: key.clone() }).await?;
    let is_replay = done.is_replay();
    let (key, revision) = look(&app, &key)?;
    let replaced_by = match done {
        Done::Now(replacement) => replacement.map(|id| id.to_string()),
        Done::Before(_) => None,
    };
    let view = RevokedView { key, replaced_by };
    Ok(Reply::ok(&view).tagged(revision).replayed(is_replay))
}

/// A key that was just revoked.
#[derive(Serialize, ToSchema)]
struct RevokedView {
    #[serde(flatten)]
    key: KeyView,
    /// The key that signs instead, if this one was signing.
    replaced_by: Option<String>,
}
