//! `/openapi.json`: the admin API, described by the code that serves it (OpenAPI 3.1).

use std::sync::{Arc, OnceLock};

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use bytes::Bytes;
use utoipa::{
    ToSchema,
    openapi::{
        Components, Content, Info, OpenApi, Ref, ResponseBuilder, ServerBuilder,
        path::Operation,
        security::{ClientCredentials, Flow, OAuth2, SecurityScheme},
    },
};

use super::{ROOT, described::Descriptions, problem::ProblemView};
use crate::{
    app::App,
    domain::{issuer::Issuer, permission::Permission},
};

/// Adds to what the routes say of themselves what holds for all of them.
fn finish(mut document: OpenApi, issuer: &Issuer) -> OpenApi {
    let mut info = Info::new("Jeton admin API", env!("CARGO_PKG_VERSION"));
    info.description = Some("Manages Jeton: clients, secrets, APIs, grants, keys.".to_owned());
    document.info = info;
    let here = ServerBuilder::new().url(issuer.endpoint(ROOT)).build();
    document.servers = Some(vec![here]);
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", token_scheme(issuer));
    let mut schemas = vec![(
        "Problem".to_owned(),
        <ProblemView as utoipa::PartialSchema>::schema(),
    )];
    ProblemView::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for path in document.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.patch,
            &mut path.delete,
        ];
        for operation in operations.into_iter().flatten() {
            may_fail(operation);
        }
    }
    document
}

fn token_scheme(issuer: &Issuer) -> SecurityScheme {
    let scopes = Permission::ALL
        .into_iter()
        .filter_map(|permission| Some((permission.scope()?, permission.meaning())));
    let flow = ClientCredentials::new(issuer.endpoint("/oauth2/token"), scopes.collect());
    SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]))
}

fn may_fail(operation: &mut Operation) {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .content("application/problem+json", problem)
        .build();
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), response.into());
}

/// Serves the document to everyone: there is nothing secret in it. It is made when first asked for.
pub(super) fn router(descriptions: Descriptions<App>) -> Router<App> {
    let made = Arc::new((descriptions, OnceLock::<Bytes>::new()));
    let answer = async move |State(app): State<App>| {
        let (descriptions, json) = &*made;
        let json = json.get_or_init(|| {
            let document = finish(descriptions.document(), app.issuer()).to_json();
            let json = document.expect("the document can be written as JSON");
            json.into()
        });
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (kind, json.clone()).into_response()
    };
    Router::new().route("/openapi.json", get(answer))
}
