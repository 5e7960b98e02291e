//! `/operators`: added, invited, listed, shown, edited, given a password or a link, disabled, enabled,
//! removed.

mod links;

use axum::extract::State;

use super::{
    auth::{May, ReadOperators, WriteOperators},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Queried, Written},
    idempotency::{Done, run},
    page::{List, PageQuery},
    problem::{Kind, Problem},
    reply::{Location, Reply},
};
use crate::{
    admin::{
        command::Command,
        input::{OperatorEditInput, OperatorInput, PasswordInput},
        operators::{DisableOperator, EnableOperator, RemoveOperator},
        refusal::Refusal,
        views::OperatorView,
    },
    app::App,
    domain::{
        actor::Actor,
        audit::Object,
        id::{OperatorId, Revision},
        order,
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, edit, remove))
        .routes(routes!(set_password))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .merge(links::routes())
}

/// Lists operators in order of their e-mail addresses.
#[utoipa::path(get, path = "/operators", tag = "operators", operation_id = "list_operators",
    security(("token" = ["operators:read"])), params(PageQuery),
    responses((status = 200, body = List<OperatorView>)))]
async fn list(
    State(app): State<App>,
    _: May<ReadOperators>,
    Queried(query): Queried<PageQuery>,
) -> Result<Reply, Problem> {
    let registry = app.registry();
    let mut operators: Vec<_> = registry.operators().collect();
    order::by_key(&mut operators, |it| it.email.as_str());
    let (operators, next_cursor) = query
        .parse()?
        .take(operators.into_iter(), |it| it.email.as_str());
    let data = operators.iter().map(|it| OperatorView::of(it)).collect();
    Ok(Reply::ok(&List { data, next_cursor }))
}

/// Adds an operator.
#[utoipa::path(post, path = "/operators", tag = "operators", operation_id = "create_operator",
    security(("token" = ["operators:write"])), request_body = OperatorInput,
    responses((status = 201, body = OperatorView)))]
async fn create(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    written: Written<OperatorInput>,
) -> Result<Reply, Problem> {
    let terms = written.terms_of_new();
    let done = run(&app, actor, terms, written.input.parse()?).await?;
    let is_replay = done.is_replay();
    let id = match done {
        Done::Now(id) | Done::Before(Object::Operator(id)) => id,
        Done::Before(_) => return Err(Problem::nowhere()),
    };
    let (view, revision) = look(&app, &id)?;
    let location = Location::of(&app, &["operators", id.as_str()]);
    Ok(Reply::created(&view, &location)
        .tagged(revision)
        .replayed(is_replay))
}

fn look(app: &App, id: &OperatorId) -> Result<(OperatorView, Revision), Problem> {
    let registry = app.registry();
    let operator = registry
        .find_operator(id)
        .ok_or_else(|| Refusal::NotFound(Object::Operator(id.clone())))?;
    Ok((OperatorView::of(operator), operator.revision))
}

fn show_operator(app: &App, id: &OperatorId) -> Result<Reply, Problem> {
    let (view, revision) = look(app, id)?;
    Ok(Reply::ok(&view).tagged(revision))
}

/// The operator whom an address names by id or e-mail.
fn named(app: &App, name: &str) -> Result<OperatorId, Problem> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let registry = app.registry();
    let operator = name
        .parse()
        .ok()
        .and_then(|email| registry.find_operator_by_email(&email));
    operator
        .map(|operator| operator.id.clone())
        .ok_or_else(|| Problem::new(Kind::NotFound, format!("there is no operator {name}")))
}

/// Does to the operator whom an address names what was written, and shows them.
async fn act<I, C: Command>(
    app: &App,
    actor: Actor,
    (name, written): (&str, Written<I>),
    command: impl FnOnce(I, OperatorId) -> Result<C, Problem>,
) -> Result<Reply, Problem> {
    let operator = named(app, name)?;
    let terms = written.terms(Object::Operator(operator.clone()))?;
    let command = command(written.input, operator.clone())?;
    let done = run(app, actor, terms, command).await?;
    Ok(show_operator(app, &operator)?.replayed(done.is_replay()))
}

/// Shows an operator.
#[utoipa::path(get, path = "/operators/{operator}", tag = "operators",
    operation_id = "show_operator", security(("token" = ["operators:read"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    responses((status = 200, body = OperatorView)))]
async fn show(
    State(app): State<App>,
    _: May<ReadOperators>,
    At(name): At<String>,
) -> Result<Reply, Problem> {
    show_operator(&app, &named(&app, &name)?)
}

/// Changes what is said of an operator, or their role.
#[utoipa::path(patch, path = "/operators/{operator}", tag = "operators",
    operation_id = "edit_operator", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    request_body = OperatorEditInput, responses((status = 200, body = OperatorView)))]
async fn edit(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<OperatorEditInput>,
) -> Result<Reply, Problem> {
    let command = |input: OperatorEditInput, operator| Ok(input.parse(operator)?);
    act(&app, actor, (&name, written), command).await
}

/// Removes an operator.
#[utoipa::path(delete, path = "/operators/{operator}", tag = "operators",
    operation_id = "remove_operator", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let operator = named(&app, &name)?;
    let terms = written.terms(Object::Operator(operator.clone()))?;
    run(&app, actor, terms, RemoveOperator { operator }).await?;
    Ok(Reply::gone())
}

/// Sets an operator's password; their sessions end.
#[utoipa::path(put, path = "/operators/{operator}/password", tag = "operators",
    operation_id = "set_password", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    request_body = PasswordInput, responses((status = 200, body = OperatorView)))]
async fn set_password(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<PasswordInput>,
) -> Result<Reply, Problem> {
    let command = |input: PasswordInput, operator| Ok(input.parse(operator)?);
    act(&app, actor, (&name, written), command).await
}

/// Keeps an operator from signing in; their sessions end.
#[utoipa::path(post, path = "/operators/{operator}/disable", tag = "operators",
    operation_id = "disable_operator", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    responses((status = 200, body = OperatorView)))]
async fn disable(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = |_, operator| Ok(DisableOperator { operator });
    act(&app, actor, (&name, written), command).await
}

/// Lets a disabled operator sign in again.
#[utoipa::path(post, path = "/operators/{operator}/enable", tag = "operators",
    operation_id = "enable_operator", security(("token" = ["operators:write"])),
    params(("operator" = String, Path, description = "id or e-mail")),
    responses((status = 200, body = OperatorView)))]
async fn enable(
    State(app): State<App>,
    May { actor, .. }: May<WriteOperators>,
    At(name): At<String>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let command = |_, operator| Ok(EnableOperator { operator });
    act(&app, actor, (&name, written), command).await
}
