//! One-time links of operators: made by an invitation or a reset, shown this once, withdrawn.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{act, look, named};
use crate::{
    admin::{
        input::OperatorInviteInput,
        invitations::{Invited, ResetOperator, WithdrawInvitation},
        views::OperatorView,
    },
    app::App,
    domain::{audit::Object, id::Revision},
    web::api::{
        auth::{May, WriteOperators},
        described::{OpenApiRouter, routes},
        extract::{At, Nothing, Written},
        idempotency::{Done, run},
        problem::Problem,
        reply::{Location, Reply},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(invite))
        .routes(routes!(reset))
        .routes(routes!(withdraw))
}

/// An operator, and the link that was just made for them.
#[derive(Serialize, ToSchema)]
struct LinkView {
    #[serde(flatten)]
    operator: OperatorView,
    /// Where they choose a password, once, until `invited_until`; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// That the link was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_shown: Option<bool>,
}

impl LinkView {
    fn of(app: &App, done: Done<Invited>) -> Result<(Self, Revision), Problem> {
        let (id, token) = match done {
            Done::Now(made) => (made.operator, Some(made.token)),
            Done::Before(Object::Operator(id)) => (id, None),
            Done::Before(_) => return Err(Problem::nowhere()),
        };
        let (operator, revision) = look(app, &id)?;
        let link = token.as_ref().map(|token| {
            let path = format!("/invitation/{}", token.reveal());
            crate::web::console::link(app, &path)
        });
        let view = Self {
            operator,
            link,
            link_shown: token.is_none().then_some(true),
        };
        Ok((view, revision))
    }
}

/// Adds an operator who chooses their password by a link, shown this once.
#[utoipa::path(post, path = "/operators/invite", tag = "operators",
    operation_id = "invite_operator", security(("token" = ["operators:write"])),
    request_body = OperatorInviteInput, responses((status = 201, body = LinkView)))]
async fn invite(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    written: Written<OperatorInviteInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms_of_new();
    let done = run(&app, actor, terms, written.input.parse()?).await?;
    let is_replay = done.is_replay();
    let (view, revision) = LinkView::of(&app, done)?;
    let location = Location::of(&app, &["operators", &view.operator.id]);
    Ok(Reply::created(&view, &location)
        .tagged(revision)
        .replayed(is_replay))
}

/// Makes a link by which an operator chooses another password and loses their second factor.
#[utoipa::path(post, path = "/operators/{operator}/reset", tag = "operators",
    operation_id = "reset_operator", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    responses((status = 200, body = LinkView)))]
async fn reset(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let operator = named(&app, &name)?;
    let terms = written.terms(Object::Operator(operator.clone()))?;
    let done = run(&app, actor, terms, ResetOperator { operator }).await?;
    let is_replay = done.is_replay();
    let (view, revision) = LinkView::of(&app, done)?;
    Ok(Reply::ok(&view).tagged(revision).replayed(is_replay))
}

/// Voids the link of an operator.
#[utoipa::path(post, path = "/operators/{operator}/withdraw", tag = "operators",
    operation_id = "withdraw_invitation", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    responses((status = 200, body = OperatorView)))]
async fn withdraw(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = |_, operator| Ok(WithdrawInvitation { operator });
    act(&app, actor, (&name, written), command).await
}
