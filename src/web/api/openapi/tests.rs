//! The document as the routes make it.

use std::{fs, path::Path};

use utoipa::{
    ToSchema,
    openapi::{
        Components, Content, Info, OpenApi, Ref, ResponseBuilder, ServerBuilder,
        path::Operation,
        security::{ClientCredentials, Flow, OAuth2, SecurityScheme},
    },
};

use super::{
    super::{ROOT, problem::ProblemView, routes},
    *,
};
use crate::domain::{issuer::Issuer, permission::Permission};

/// To bring the document up to date: `UPDATE=1 cargo nextest run openapi`.
#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs it says so")]
fn the_document_is_what_the_routes_say_of_themselves() {
    let document = finish(routes().document(), &ISSUER.parse().unwrap());
    let made = document.to_json().unwrap() + "\n";
    if std::env::var("UPDATE").is_ok() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/api/openapi.json");
        fs::write(file, made).unwrap();
        return;
    }

    assert!(
        made == DOCUMENT,
        "the document is stale: run UPDATE=1 cargo nextest run openapi"
    );
}

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
