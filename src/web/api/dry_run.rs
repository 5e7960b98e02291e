//! `/clients/{client_id}/dry-run`: would the token of its platform prove this client, and if not, why?

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::{May, WriteSecrets},
    described::{OpenApiRouter, routes},
    extract::{At, Written},
    problem::Problem,
    reply::{Reply, no_client},
};
use crate::{
    app::{App, dry_run::Tried},
    domain::{id::ClientId, secret::Secret},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(run))
}

/// A token to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DryRunInput {
    /// The JWT that another issuer made for the client.
    token: String,
}

/// What was found.
#[derive(Serialize, ToSchema)]
struct DryRunView {
    /// Whether the client would be let in by the token.
    accepted: bool,
    /// Whether the client is disabled: then no token counts.
    disabled: bool,
    /// What each issuer that the client trusts now says to it.
    trusts: Vec<TriedView>,
}

/// A trust, and what it says to the token.
#[derive(Serialize, ToSchema)]
struct TriedView {
    /// The public id of the credential that is the trust.
    secret_id: String,
    issuer: String,
    subject: String,
    /// Whether it has no objection.
    accepted: bool,
    /// Why it refuses, in sentences for people, in the order in which they would mend it.
    objections: Vec<String>,
    /// Why the issuer's keys could not be fetched when they were last asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl TriedView {
    fn of((secret, tried): (&Secret, Tried)) -> Option<Self> {
        let trust = secret.proof.trust()?;
        Some(Self {
            secret_id: secret.id.to_string(),
            issuer: trust.issuer.clone(),
            subject: trust.subject.clone(),
            accepted: tried.objections.is_empty(),
            objections: tried.objections,
            problem: tried.problem,
        })
    }
}

/// Says whether a token of another issuer would prove the client, and why not. Nobody is let in, and nothing of the
/// token is kept.
#[utoipa::path(post, path = "/clients/{client_id}/dry-run", tag = "secrets",
    operation_id = "dry_run", security(("token" = ["secrets:write"])),
    params(("client_id" = String, Path)), request_body = DryRunInput,
    responses((status = 200, body = DryRunView)))]
async fn run(
    State(app): State<App>,
    _: May<WriteSecrets>,
    At(id): At<ClientId>,
    written: Written<DryRunInput>,
) -> Result<Reply, Problem> {
    let registry = app.registry_arc();
    let client = registry.find_client(&id).ok_or_else(|| no_client(&id))?;
    let found = app.dry_run(client, &written.input.token).await;
    let trusts: Vec<_> = found.into_iter().filter_map(TriedView::of).collect();
    let disabled = !client.is_active();
    Ok(Reply::ok(&DryRunView {
        accepted: !disabled && trusts.iter().any(|it| it.accepted),
        disabled,
        trusts,
    }))
}
