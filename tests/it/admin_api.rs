//! The admin API as its callers know it: what can be done, what is shown, what goes wrong.

mod apis;
mod attention;
mod lists;
mod problems;
mod resources;
mod secrecy;
mod secrets;

use jeton::{domain::time::Span, oauth::reason::ErrorCode};
use serde_json::json;

use crate::harness::server::TestServer;

/// Every route of the contract.
const ROUTES: &str = "\
DELETE /apis/{api}
DELETE /apis/{api}/authorization-details-types/{type}
DELETE /apis/{api}/scopes/{scope}
DELETE /clients/{client_id}
DELETE /clients/{client_id}/grants/{api}
DELETE /operators/{operator}
GET /apis
GET /apis/{api}
GET /apis/{api}/authorization-details-types
GET /apis/{api}/scopes
GET /attention
GET /audit
GET /audit/tokens
GET /audit/verify
GET /clients
GET /clients/{client_id}
GET /clients/{client_id}/grants
GET /clients/{client_id}/handovers
GET /clients/{client_id}/handovers/{handover_id}
GET /clients/{client_id}/limits
GET /clients/{client_id}/secrets
GET /clients/{client_id}/secrets/{secret_id}
GET /clients/{client_id}/usage
GET /issuance
GET /keys
GET /keys/{kid}
GET /operators
GET /operators/{operator}
GET /registration-tokens
GET /registration-tokens/{token_id}
GET /server
GET /settings
GET /usage
GET /usage/jwks
PATCH /apis/{api}
PATCH /apis/{api}/authorization-details-types/{type}
PATCH /apis/{api}/scopes/{scope}
PATCH /clients/{client_id}
PATCH /clients/{client_id}/limits
PATCH /clients/{client_id}/secrets/{secret_id}
PATCH /operators/{operator}
PATCH /settings
POST /apis
POST /apis/{api}/authorization-details-types
POST /apis/{api}/disable
POST /apis/{api}/enable
POST /apis/{api}/halt
POST /apis/{api}/rekey
POST /apis/{api}/resume
POST /apis/{api}/scopes
POST /audit/checkpoints/compare
POST /clients
POST /clients/{client_id}/attention/{rule}/postpone
POST /clients/{client_id}/attention/{rule}/recall
POST /clients/{client_id}/disable
POST /clients/{client_id}/dry-run
POST /clients/{client_id}/enable
POST /clients/{client_id}/handovers
POST /clients/{client_id}/handovers/{handover_id}/withdraw
POST /clients/{client_id}/revoke-registration-access
POST /clients/{client_id}/revoke-tokens
POST /clients/{client_id}/secrets/cancel
POST /clients/{client_id}/secrets/extend
POST /clients/{client_id}/secrets/retire
POST /clients/{client_id}/secrets/revoke
POST /clients/{client_id}/secrets/rotate
POST /clients/{client_id}/secrets/undo
POST /issuance/halt
POST /issuance/resume
POST /keys
POST /keys/{kid}/activate
POST /keys/{kid}/retire
POST /keys/{kid}/revoke
POST /operators
POST /operators/invite
POST /operators/{operator}/disable
POST /operators/{operator}/enable
POST /operators/{operator}/reset
POST /operators/{operator}/withdraw
POST /registration-tokens
POST /registration-tokens/{token_id}/revoke
POST /server/backup
POST /server/rekey
PUT /clients/{client_id}/grants/{api}
PUT /operators/{operator}/password";

#[tokio::test]
async fn the_document_lists_every_route_and_is_open_to_all() {
    let server = TestServer::start().await;

    let reply = server.unknown().get("/openapi.json").await;

    reply.assert_status(200);
    assert_eq!(reply.header("content-type"), "application/json");
    let document = reply.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "https://as.test/admin/v1");
    let mut listed = Vec::new();
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            listed.push(format!("{} {path}", method.to_uppercase()));
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(
                operation["summary"].is_string(),
                "{method} {path} says nothing of itself"
            );
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
        }
    }
    listed.sort_unstable();
    assert_eq!(listed.join("\n"), ROUTES);
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "two operations of one name");
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let server = TestServer::start().await;
    let document = server.unknown().read("/openapi.json").await;
    let text = document.to_string();

    let mut references: Vec<&str> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .map(|rest| &rest[..rest.find('"').unwrap()])
        .collect();
    references.sort_unstable();
    references.dedup();

    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        assert!(
            document.pointer(reference).is_some(),
            "{reference} is missing"
        );
    }
    let flow = &document["components"]["securitySchemes"]["token"]["flows"]["clientCredentials"];
    assert_eq!(flow["tokenUrl"], "https://as.test/oauth2/token");
    assert!(flow["scopes"]["secrets:write"].is_string(), "{flow}");
}

#[tokio::test]
async fn the_story_runs_over_the_admin_api() {
    let server = TestServer::start().await;
    server.advance(Span(1)).await;
    let owner = server.owner();
    let api = json!({
        "identifier": "https://sales.example.com/", "name": "Sales Analytics API",
        "scopes": [{"name": "read:analytics", "description": "Read the sales figures"}],
    });
    owner.post("/apis", api).await.assert_status(201);
    let client = json!({
        "name": "Report Service",
        "grants": [{"api": "https://sales.example.com/", "scopes": ["read:analytics"]}],
    });
    let made = owner.post("/clients", client).await.json();
    let (id, secret) = (&made["client_id"], &made["client_secret"]);
    let report = server.stranger().named(id.as_str().unwrap());
    let report = report.with_secret(secret.as_str().unwrap());

    let token = report.request_token("read:analytics").await.assert_issued();
    assert_eq!(token.claims["aud"], "https://sales.example.com/");

    let path = format!("/clients/{}", id.as_str().unwrap());
    let rotated = owner
        .post(&format!("{path}/secrets/rotate"), json!({}))
        .await
        .json();
    let new = report.with_secret(rotated["client_secret"].as_str().unwrap());
    report.request_token("").await.assert_issued();
    server.advance(Span::hours(2)).await;
    new.request_token("").await.assert_issued();
    let secrets = owner.read(&format!("{path}/secrets")).await;
    assert_eq!(secrets["rotation"]["verdict"]["safe"], true, "{secrets}");
    owner
        .post(&format!("{path}/secrets/retire"), json!({}))
        .await
        .assert_status(200);
    report
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    new.request_token("").await.assert_issued();
}

#[tokio::test]
async fn the_admin_api_lies_below_the_issuers_path_too() {
    let server = TestServer::with_issuer("https://as.test/tenants/one").await;

    for root in ["", "/tenants/one"] {
        let reply = server.get(&format!("{root}/admin/v1/openapi.json")).await;
        reply.assert_status(200);
        assert_eq!(
            reply.json()["servers"][0]["url"],
            "https://as.test/tenants/one/admin/v1"
        );
    }
    let made = server
        .owner()
        .post("/clients", json!({"name": "A", "client_id": "a b/c"}))
        .await;
    assert_eq!(
        made.header("location"),
        "/tenants/one/admin/v1/clients/a%20b%2Fc"
    );
}
