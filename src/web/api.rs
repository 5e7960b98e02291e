//! The admin API, `/admin/v1`: clients, secrets, hand-overs, registration tokens, grants, APIs, scopes,
//! authorization details, keys, operators, audit, usage, attention, settings.
//!
//! Every route names the permission it needs in its signature (`auth::May`), reads its input into
//! a command, has it executed, and shows what is then there. What fails here fails as an RFC 9457
//! problem, whatever failed. Nothing is cached anywhere.

mod apis;
mod attention;
mod audit;
mod auth;
mod clients;
mod described;
mod detail_types;
mod dry_run;
mod extract;
mod grants;
mod handovers;
mod idempotency;
mod issuance;
mod keys;
mod limits;
mod openapi;
mod operators;
mod page;
mod problem;
mod registration_tokens;
mod reply;
mod scopes;
mod secrets;
mod server;
mod settings;
mod usage;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, Response, StatusCode, header},
    middleware::{self, Next},
    response::IntoResponse,
};

use self::{described::OpenApiRouter, problem::Problem};
use crate::{
    app::App,
    web::layers::{self, RequestId},
};

/// Where the admin API lies.
pub const ROOT: &str = "/admin/v1";

/// The routes of the admin API, at the root and below the issuer's path.
pub fn router(app: App) -> Router {
    let below = app.issuer().path().to_owned();
    let routes = routes()
        .into_router()
        .merge(openapi::router())
        .fallback(async || Problem::nowhere())
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(finish))
        .with_state(app);
    let at_root = Router::new().nest(ROOT, routes.clone());
    if below.is_empty() {
        at_root
    } else {
        at_root.nest(&format!("{below}{ROOT}"), routes)
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(clients::routes())
        .merge(limits::routes())
        .merge(secrets::routes())
        .merge(dry_run::routes())
        .merge(handovers::routes())
        .merge(registration_tokens::routes())
        .merge(grants::routes())
        .merge(apis::routes())
        .merge(scopes::routes())
        .merge(detail_types::routes())
        .merge(keys::routes())
        .merge(operators::routes())
        .merge(audit::routes())
        .merge(usage::routes())
        .merge(attention::routes())
        .merge(server::routes())
        .merge(issuance::routes())
        .merge(settings::routes())
}

/// Whether `path` belongs to the admin API, so that a refusal of its requests speaks like it.
pub fn speaks_for(path: &str) -> bool {
    path.contains(ROOT)
}

/// A refusal that no route made, as a problem.
pub fn refuse(refusal: layers::Refusal) -> Response<Body> {
    Problem::refused(refusal).render(None)
}

/// `OPTIONS` is answered, any other unknown method refused; which are known, the router adds.
async fn wrong_method(method: Method) -> Response<Body> {
    if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Problem::wrong_method().into_response()
    }
}

/// Writes problems down, with the request's id, and logs what a person must look at.
async fn finish(request: Request, next: Next) -> Response<Body> {
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        problem.log(id.as_ref());
        response = problem.render(id.as_ref());
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
