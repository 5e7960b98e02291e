//! `/attention`: what needs somebody, put off and brought back.

use axum::extract::State;

use super::{
    auth::{May, ReadUsage, WriteClients},
    described::{OpenApiRouter, routes},
    extract::{At, Nothing, Written},
    idempotency::run,
    problem::{Kind, Problem},
    reply::{Reply, no_client},
};
use crate::{
    admin::{
        evidence::attention::{Level, Rule, find},
        input::PostponeInput,
        marks::RecallAttention,
        refusal::Refusal,
        views::AttentionListView,
    },
    app::App,
    domain::{audit::Object, id::ClientId},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(postpone))
        .routes(routes!(recall))
}

/// Lists what needs attention, the worst first, and what was put off.
#[utoipa::path(get, path = "/attention", tag = "attention", operation_id = "list_attention",
    security(("token" = ["usage:read"])), responses((status = 200, body = AttentionListView)))]
async fn list(State(app): State<App>, _: May<ReadUsage>) -> Result<Reply, Problem> {
    show(&app).await
}

async fn show(app: &App) -> Result<Reply, Problem> {
    app.overview().await?;
    let directory = app.directory();
    let lookout = app.lookout(directory.overview());
    Ok(Reply::ok(&AttentionListView::of(
        &directory,
        &lookout,
        app.attention_to_server(lookout.now),
    )))
}

/// Puts off what a rule finds about a client: for a while, or until it is worse.
#[utoipa::path(post, path = "/clients/{client_id}/attention/{rule}/postpone", tag = "attention",
    operation_id = "postpone_attention", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path), ("rule" = String, Path)), request_body = PostponeInput,
    responses((status = 200, body = AttentionListView)))]
async fn postpone(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At((client, rule)): At<(ClientId, String)>,
    written: Written<PostponeInput>,
) -> Result<Reply, Problem> {
    let rule = named(&rule)?;
    let terms = written.terms(Object::Client(client.clone()))?;
    let level = level(&app, &client, rule).await?;
    let command = written.input.parse(client, (rule, level), app.now())?;
    let done = run(&app, actor, terms, command).await?;
    Ok(show(&app).await?.replayed(done.is_replay()))
}

/// Brings back what was put off.
#[utoipa::path(post, path = "/clients/{client_id}/attention/{rule}/recall", tag = "attention",
    operation_id = "recall_attention", security(("token" = ["clients:write"])),
    params(("client_id" = String, Path), ("rule" = String, Path)),
    responses((status = 200, body = AttentionListView)))]
async fn recall(
    State(app): State<App>,
    May { actor, .. }: May<WriteClients>,
    At((client, rule)): At<(ClientId, String)>,
    written: Written<Nothing>,
) -> Result<Reply, Problem> {
    let rule = named(&rule)?.name();
    let terms = written.terms(Object::Client(client.clone()))?;
    let done = run(&app, actor, terms, RecallAttention { client, rule }).await?;
    Ok(show(&app).await?.replayed(done.is_replay()))
}

fn named(word: &str) -> Result<Rule, Problem> {
    Rule::find_by_word(word).ok_or_else(|| {
        let rules = Rule::ALL.map(Rule::as_str).join(", ");
        let detail = format!("there is no rule {word}; the rules are {rules}");
        Problem::new(Kind::NotFound, detail)
    })
}

/// How bad it is now what the rule finds.
async fn level(app: &App, id: &ClientId, rule: Rule) -> Result<Level, Problem> {
    let registry = app.registry_arc();
    let client = registry.find_client(id).ok_or_else(|| no_client(id))?;
    let overview = app.overview().await?;
    let found = find(rule, client, &app.lookout(&overview));
    found.map(|found| found.level).ok_or_else(|| {
        let detail = format!(
            "nothing about {id} needs attention by the rule {}",
            rule.as_str()
        );
        Refusal::Conflict(detail).into()
    })
}
