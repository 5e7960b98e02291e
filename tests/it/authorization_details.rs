//! Rich authorization requests (RFC 9396): what a client asks for in detail, from its definition to the API.

use jeton::{
    admin::clients::EditClient,
    domain::permission::Role,
    oauth::reason::ErrorCode::{InvalidAuthorizationDetails, InvalidRequest, InvalidTarget},
};
use serde_json::{Value, json};

use crate::harness::{
    caller::{Client, Request, encode, token_form},
    reply::Reply,
    server::TestServer,
};

const BANK: &str = "https://bank.example";
const TYPES: &str = "/apis/https%3A%2F%2Fbank.example/authorization-details-types";

/// A bank with a type of payments, and a client that may ask for them.
async fn bank(server: &TestServer) -> Client<'_> {
    server.api(BANK, "pay read").await;
    let owner = server.owner();
    let kind = json!({
        "type": "payment", "description": "Pay from one account",
        "schema": {
            "properties": {
                "amount": {"type": "integer", "minimum": 1},
                "to": {"type": "string"},
                "locations": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["amount", "to"],
        },
    });
    owner.post(TYPES, kind).await.assert_status(201);
    let other = json!({"type": "urn:bank:statement", "schema": {}});
    owner.post(TYPES, other).await.assert_status(201);
    let client = server.client("billing").await;
    let grant = json!({"scopes": ["pay"], "authorization_details_types": ["payment"]});
    let path = "/clients/billing/grants/https%3A%2F%2Fbank.example";
    let call = owner.call("PUT", path).json(&grant);
    call.send().await.assert_status(200);
    client
}

async fn ask(client: &Client<'_>, details: &str) -> Reply {
    let form = token_form("pay");
    let form = format!("{form}&authorization_details={}", encode(details));
    client.ask(&form).await
}

fn payment(amount: u32) -> Value {
    json!([{"type": "payment", "amount": amount, "to": "DE02 é"}])
}

/// RAR-03, T-25, IN-03, IN-05
#[tokio::test]
async fn what_is_granted_in_detail_is_told_to_the_client_and_to_the_api_alone() {
    let server = TestServer::start().await;
    let client = bank(&server).await;
    server.api("urn:other", "x").await;
    let looks_after = async |id: &str, api: &str| {
        let rs = server.client(id).await;
        let mut edit = EditClient::of(rs.client_id());
        edit.introspects = Some([api.parse().unwrap()].into());
        server.run(edit).await;
        rs
    };
    let (rs, other) = (
        looks_after("rs", BANK).await,
        looks_after("other", "urn:other").await,
    );

    let reply = ask(&client, &payment(5).to_string()).await;

    let token = reply.assert_issued();
    assert_eq!(reply.json()["authorization_details"], payment(5));
    assert_eq!(token.claims["authorization_details"], payment(5));
    assert_eq!(token.scope, "pay");
    let form = format!("token={}", encode(&token.text));
    let introspect = async |by: &Client<'_>| {
        let request = Request::new(&server, "POST", "/oauth2/introspect");
        let request = request.header("authorization", &by.basic());
        request.form(&form).send().await.json()
    };
    let told = introspect(&rs).await;
    assert_eq!(told["active"], true);
    assert_eq!(told["authorization_details"], payment(5));
    assert_eq!(introspect(&other).await, json!({"active": false}));
    let plain = client.request_token("pay").await;
    let plain = plain.json();
    assert!(plain.get("authorization_details").is_none(), "{plain}");
}

/// RAR-01, RAR-02, RAR-05
#[tokio::test]
async fn details_that_are_malformed_unknown_or_not_granted_refuse_the_whole_request() {
    let server = TestServer::start().await;
    let client = bank(&server).await;

    for bad in [
        "payment",
        "{}",
        "[]",
        r#"[{"amount":5,"to":"x"}]"#,
        r#"[{"type":"payment","amount":5}]"#,
        r#"[{"type":"payment","amount":0,"to":"x"}]"#,
        r#"[{"type":"payment","amount":5,"to":"x","from":"y"}]"#,
        r#"[{"type":"payment","amount":5,"amount":6,"to":"x"}]"#,
        r#"[{"type":"urn:bank:statement"}]"#,
        r#"[{"type":"nothing"}]"#,
    ] {
        let reply = ask(&client, bad).await;
        reply.assert_refused(InvalidAuthorizationDetails);
        let said = reply.json().to_string();
        assert!(
            !said.contains("statement") && !said.contains("from"),
            "{said}"
        );
    }
    let twice = "&authorization_details=%5B%5D&authorization_details=%5B%5D";
    let twice = format!("{}{twice}", token_form("pay"));
    client.ask(&twice).await.assert_refused(InvalidRequest);
    let empty = format!("{}&authorization_details=", token_form("pay"));
    client.ask(&empty).await.assert_issued();
}

/// RAR-04
#[tokio::test]
async fn details_are_for_the_api_that_the_token_is_for() {
    let server = TestServer::start().await;
    server.api("https://shop.example", "pay").await;
    let client = bank(&server).await;
    let client = client.granted("https://shop.example", "pay").await;
    let at = async |api: &str, locations: Value| {
        let mut details = payment(5);
        details[0]["locations"] = locations;
        let form = token_form("pay");
        let (api, details) = (encode(api), encode(&details.to_string()));
        let form = format!("{form}&resource={api}&authorization_details={details}");
        client.ask(&form).await
    };

    at(BANK, json!([BANK])).await.assert_issued();
    for (api, locations) in [
        (BANK, json!(["https://shop.example"])),
        ("https://shop.example", json!([BANK])),
        ("https://shop.example", json!(["https://shop.example"])),
    ] {
        let reply = at(api, locations).await;
        reply.assert_refused(InvalidAuthorizationDetails);
    }
    let unnamed = ask(&client, &payment(5).to_string()).await;
    unnamed.assert_refused(InvalidTarget);
}

/// RAR-04, MD-08
#[tokio::test]
async fn the_metadata_name_the_types() {
    let server = TestServer::start().await;
    let of = async |path: &str| {
        let document = server.get(path).await.json();
        document["authorization_details_types_supported"].clone()
    };
    let metadata = "/.well-known/oauth-authorization-server";
    let of_bank = format!(
        "/.well-known/oauth-protected-resource?resource={}",
        encode(BANK)
    );
    assert_eq!(of(metadata).await, Value::Null);

    bank(&server).await;

    let both = json!(["payment", "urn:bank:statement"]);
    assert_eq!(of(metadata).await, both);
    assert_eq!(of(&of_bank).await, both);
}

#[tokio::test]
async fn a_type_goes_when_nobody_may_ask_for_it_and_a_grant_takes_its_types_along() {
    let server = TestServer::start().await;
    let client = bank(&server).await;
    let owner = server.owner();
    let payment_type = format!("{TYPES}/payment");
    let held = owner.call("DELETE", &payment_type).send().await;
    held.assert_status(409);
    assert!(held.json()["detail"].as_str().unwrap().contains("billing"));

    let schema = json!({"schema": {"properties": {"amount": {"type": "string"}}}});
    let edited = owner.call("PATCH", &payment_type).json(&schema).send();
    edited.await.assert_status(200);
    let reply = ask(&client, r#"[{"type":"payment","amount":"5"}]"#).await;
    reply.assert_issued();
    let grant = "/clients/billing/grants/https%3A%2F%2Fbank.example";
    let scopes = json!({"scopes": ["pay", "read"]});
    let kept = owner.call("PUT", grant).json(&scopes).send().await;
    let kept = &kept.json()["data"][0]["authorization_details_types"];
    assert_eq!(*kept, json!(["payment"]));
    owner.call("DELETE", grant).send().await.assert_status(204);
    owner.call("PUT", grant).json(&scopes).send().await;

    let refused = ask(&client, r#"[{"type":"payment","amount":"5"}]"#).await;
    refused.assert_refused(InvalidAuthorizationDetails);
    let removed = owner.call("DELETE", &payment_type).send();
    removed.await.assert_status(204);
}

#[tokio::test]
async fn a_schema_that_is_none_or_leads_elsewhere_is_refused_with_what_is_wrong() {
    let server = TestServer::start().await;
    server.api(BANK, "pay").await;
    let owner = server.owner();

    for schema in [
        json!({"type": "objekt"}),
        json!({"$ref": "https://bank.example/schema.json"}),
        json!({"$ref": "file:///etc/passwd"}),
        json!("{"),
        json!(null),
        json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
    ] {
        let body = json!({"type": "payment", "schema": schema});
        let reply = owner.post(TYPES, body).await;
        reply.assert_status(422);
        assert_eq!(reply.json()["errors"][0]["field"], "schema", "{schema}");
    }
    let none = owner.read(TYPES).await;
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn an_operator_defines_a_type_grants_it_and_tries_it_in_the_console() {
    let server = TestServer::start().await;
    server.api(BANK, "pay").await;
    let client = server.client("billing").await.granted(BANK, "pay").await;
    let mut browser = server.signed_in(Role::Owner).await;
    let path = "/apis/https%3A%2F%2Fbank.example/details";

    let page = browser.open(path).await;
    page.assert_says("No types yet.");
    let wrong = browser.submit(&page, path, &[("schema", "{")]).await;
    wrong.assert_status(422);
    wrong.assert_says("Enter a name for the type, such as payment");
    let schema = r#"{"properties":{"amount":{"type":"integer"}}}"#;
    let filled = [("type", "payment"), ("schema", schema)];
    let page = browser.submit(&wrong, path, &filled).await;
    page.assert_says("payment is added. Nobody has it yet.");
    let access = browser.open("/clients/billing/access").await;
    let tick = [("type", "payment")];
    let save = "/clients/billing/access/details";
    let page = browser.submit(&access, save, &tick).await;
    page.assert_says("A client may ask for payment on https://bank.example.");
    let held = browser.open(&format!("{path}/payment")).await;
    held.assert_says("1 client has it");

    let details = encode(r#"[{"type":"payment","amount":5}]"#);
    let preview = format!("/clients/billing/try?authorization_details={details}");
    let preview = browser.open(&preview).await;
    preview.assert_says("authorization_details what it opens in detail (RFC 9396)");
    preview.assert_says(r#"[{"amount":5,"type":"payment"}]"#);
    let details = encode(r#"[{"type":"payment","amount":"5"}]"#);
    let refused = format!("/clients/billing/try?authorization_details={details}");
    let refused = browser.open(&refused).await;
    refused.assert_says("It would answer invalid_authorization_details");
    let reply = ask(&client, r#"[{"type":"payment","amount":5}]"#).await;
    reply.assert_issued();
}
