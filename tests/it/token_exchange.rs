//! Token exchange (RFC 8693): a service that calls others on behalf of who called it.

use std::collections::BTreeMap;

use jeton::{
    admin::clients::{EditClient, RevokeTokens},
    domain::{
        audit::AuditPage,
        credential::{Federation, FederationKeys},
        permission::Role,
        rotation::Overlap,
        secret::Proof,
        time::Span,
    },
    oauth::{
        reason::ErrorCode::{
            InvalidClient, InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient,
        },
        token_exchange::{ACCESS_TOKEN, GRANT_TYPE, JWT},
    },
    store::UsageOf,
};
use serde_json::{Value, json};

use crate::harness::{
    assertion::{move_to, public, sign, signer},
    caller::{Client, Request, encode},
    dpop::Key,
    reply::Reply,
    server::{ISSUER, TestServer},
};

const FRONT: &str = "https://front.example";
const BACK: &str = "https://back.example";

/// A caller of the front; the front's own service, which may call the back; the back's own service.
struct Services<'s> {
    server: &'s TestServer,
    caller: Client<'s>,
    front: Client<'s>,
    back: Client<'s>,
}

async fn services(server: &TestServer) -> Services<'_> {
    server.api(FRONT, "read write").await;
    server.api(BACK, "look touch").await;
    let looks_after = async |id: &str, api: &str| {
        let client = server.client(id).await;
        let mut edit = EditClient::of(client.client_id());
        edit.introspects = Some([api.parse().unwrap()].into());
        edit.token_exchange = Some(true);
        server.run(edit).await;
        client
    };
    let front = looks_after("front", FRONT).await;
    Services {
        caller: server.client("caller").await.granted(FRONT, "read").await,
        front: front.granted(BACK, "look").await,
        back: looks_after("back", BACK).await,
        server,
    }
}

impl Services<'_> {
    async fn first(&self) -> String {
        self.caller.request_token("read").await.assert_issued().text
    }

    async fn introspected(&self, by: &Client<'_>, token: &str) -> Value {
        let request = Request::new(self.server, "POST", "/oauth2/introspect");
        let request = request.header("authorization", &by.basic());
        let form = format!("token={}", encode(token));
        request.form(&form).send().await.json()
    }
}

fn form(subject: &str, rest: &str) -> String {
    let (grant, kind) = (encode(GRANT_TYPE), encode(ACCESS_TOKEN));
    let subject = encode(subject);
    format!("grant_type={grant}&subject_token={subject}&subject_token_type={kind}{rest}")
}

async fn exchange(client: &Client<'_>, subject: &str, rest: &str) -> Reply {
    client.ask(&form(subject, rest)).await
}

fn to(api: &str) -> String {
    format!("&resource={}", encode(api))
}

/// TX-02, TX-04, IN-03
#[tokio::test]
async fn the_api_learns_for_whom_a_service_calls_it_and_who_the_service_is() {
    let server = TestServer::start().await;
    let services = services(&server).await;
    let first = services.first().await;
    server.advance(Span::minutes(20)).await;

    let reply = exchange(&services.front, &first, &to(BACK)).await;

    reply.assert_status(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    let answer = reply.json();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({
            "access_token": token, "token_type": "Bearer", "issued_token_type": ACCESS_TOKEN,
            "scope": "look", "expires_in": 2400,
        })
    );
    let told = services.introspected(&services.back, token).await;
    assert_eq!(told["active"], true);
    assert_eq!(told["sub"], "caller");
    assert_eq!(told["client_id"], "front");
    assert_eq!(told["act"], json!({"sub": "front"}));
    assert_eq!(told["aud"], BACK);
    let asked = format!("/forward-auth?audience={}", encode(BACK));
    let passed = server.request("GET", &asked);
    let passed = passed.header("authorization", &format!("Bearer {token}"));
    let passed = passed.send().await;
    assert_eq!(passed.header("x-subject"), "caller");
    assert_eq!(passed.header("x-client-id"), "front");
    let usage = server
        .app
        .usage(UsageOf::Client(services.front.client_id()));
    assert!(!usage.await.unwrap().is_empty(), "it is counted");
    let further = exchange(&services.back, token, &to(BACK)).await;
    further.assert_refused(InvalidTarget);
}

/// TX-01, TX-03, TX-05, T-08
#[tokio::test]
async fn an_exchange_that_may_not_be_is_refused_in_its_own_words() {
    let server = TestServer::start().await;
    let services = services(&server).await;
    let first = services.first().await;
    let front = &services.front;

    let off = exchange(&services.caller, &first, "").await;
    off.assert_refused(UnauthorizedClient);
    let foreign = exchange(&services.back, &first, "").await;
    foreign.assert_refused(InvalidRequest);
    for garbage in ["x", "a.b.c", &format!("{first}x"), "jta_x"] {
        let reply = exchange(front, garbage, &to(BACK)).await;
        assert_eq!(reply.parts().2, foreign.parts().2, "{garbage}");
    }
    let missing = format!("grant_type={}", encode(GRANT_TYPE));
    front.ask(&missing).await.assert_refused(InvalidRequest);
    let wanted = format!("{}&requested_token_type=urn:x:saml2", to(BACK));
    exchange(front, &first, &wanted)
        .await
        .assert_refused(InvalidRequest);
    let more = format!("{}&scope=touch", to(BACK));
    exchange(front, &first, &more)
        .await
        .assert_refused(InvalidScope);
    let nowhere = exchange(front, &first, &to("https://nowhere.example")).await;
    nowhere.assert_refused(InvalidTarget);
    let stranger = exchange(&server.stranger(), &first, "").await;
    stranger.assert_refused(InvalidClient);
}

/// TX-04, RV-02
#[tokio::test]
async fn what_was_exchanged_stops_with_either_and_by_itself() {
    let server = TestServer::start().await;
    let services = services(&server).await;
    let get = async || {
        let first = services.first().await;
        let reply = exchange(&services.front, &first, &to(BACK)).await;
        reply.json()["access_token"].as_str().unwrap().to_owned()
    };
    let is_active = async |token: &str| {
        let told = services.introspected(&services.back, token).await;
        told["active"].as_bool().unwrap()
    };

    let token = get().await;
    assert!(is_active(&token).await);
    let request = server.request("POST", "/oauth2/revoke");
    let request = request.header("authorization", &services.front.basic());
    let revoke = request.form(&format!("token={}", encode(&token)));
    revoke.send().await.assert_status(200);
    assert!(!is_active(&token).await);

    for client in [&services.caller, &services.front] {
        server.advance(Span(1)).await;
        let token = get().await;
        let client = client.client_id();
        server.run(RevokeTokens { client }).await;
        assert!(!is_active(&token).await);
    }
    server.advance(Span(1)).await;
    let first = services.first().await;
    let revoke = server.request("POST", "/oauth2/revoke");
    let revoke = revoke.header("authorization", &services.caller.basic());
    let revoke = revoke.form(&format!("token={}", encode(&first)));
    revoke.send().await.assert_status(200);
    let revoked = exchange(&services.front, &first, &to(BACK)).await;
    revoked.assert_refused(InvalidRequest);
}

/// TX-04
#[tokio::test]
async fn a_bound_token_is_exchanged_only_with_something_to_bind_the_new_one_to() {
    let server = TestServer::start().await;
    let services = services(&server).await;
    let place = ("POST", "https://as.test/oauth2/token");
    let ask = async |client: &Client<'_>, key: &Key, form: &str| {
        let proof = |more: &Value| key.proof(place, server.app.now(), more);
        let send = async |proof: String| {
            let request = server.request("POST", "/oauth2/token");
            let request = request.header("authorization", &client.basic());
            request.header("dpop", &proof).form(form).send().await
        };
        let first = send(proof(&json!({}))).await;
        match first.headers.get("dpop-nonce") {
            Some(nonce) if first.status == 400 => {
                let nonce = nonce.to_str().unwrap().to_owned();
                send(proof(&json!({ "nonce": nonce }))).await
            }
            _ => first,
        }
    };
    let (callers, own) = (Key::new(), Key::new());
    let asked = "grant_type=client_credentials&scope=read";
    let first = ask(&services.caller, &callers, asked).await;
    let first = first.json()["access_token"].as_str().unwrap().to_owned();

    let bare = exchange(&services.front, &first, &to(BACK)).await;
    bare.assert_refused(InvalidRequest);
    let bound = ask(&services.front, &own, &form(&first, &to(BACK))).await;

    bound.assert_status(200);
    let answer = bound.json();
    assert_eq!(answer["token_type"], "DPoP");
    let token = answer["access_token"].as_str().unwrap();
    let told = services.introspected(&services.back, token).await;
    assert_eq!(told["cnf"], json!({ "jkt": own.thumbprint() }));
}

/// TX-04, TX-05, CF-03
#[tokio::test]
async fn a_workload_gets_a_token_for_its_platforms_by_exchange_once_that_is_turned_on() {
    let server = TestServer::start().await;
    server.api(FRONT, "read").await;
    let orders = server.client("orders").await.granted(FRONT, "read").await;
    let cluster = signer(3);
    let trust = Federation {
        issuer: "https://cluster.example".to_owned(),
        subject: "system:serviceaccount:shop:orders".to_owned(),
        audience: ISSUER.to_owned(),
        claims: BTreeMap::new(),
        max_age: Span::hours(1),
        algorithms: std::collections::BTreeSet::new(),
        keys: FederationKeys::Given(vec![public(&cluster)]),
    };
    let proof = Proof::Federated(trust.into());
    move_to(&server, &orders, proof, Overlap::None).await;
    let now = server.app.now().seconds();
    let given = json!({
        "iss": "https://cluster.example", "sub": "system:serviceaccount:shop:orders", "aud": [ISSUER],
        "iat": now, "exp": now + 600,
    });
    let given = sign(&cluster, &given);
    let ask = async || {
        let (grant, kind) = (encode(GRANT_TYPE), encode(JWT));
        let form = format!(
            "grant_type={grant}&subject_token={given}&subject_token_type={kind}&scope=read&audience={}",
            encode(FRONT)
        );
        server
            .request("POST", "/oauth2/token")
            .form(&form)
            .send()
            .await
    };

    ask().await.assert_refused(UnauthorizedClient);
    let mut edit = EditClient::of(orders.client_id());
    edit.token_exchange = Some(true);
    server.run(edit).await;

    for _ in 0..2 {
        let reply = ask().await;
        reply.assert_status(200);
        let answer = reply.json();
        assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
        assert_eq!(answer["expires_in"], 600);
    }
    let usage = server.app.usage(UsageOf::Client(orders.client_id()));
    assert!(!usage.await.unwrap().is_empty(), "it is counted");
    server.advance(Span::minutes(10)).await;
    ask().await.assert_refused(InvalidClient);
}

/// MD-05
#[tokio::test]
async fn the_metadata_name_the_grant_only_where_some_client_may() {
    let server = TestServer::start().await;
    let grants = async || {
        let path = "/.well-known/oauth-authorization-server";
        server.get(path).await.json()["grant_types_supported"].clone()
    };
    let client = server.client("front").await;
    assert_eq!(grants().await, json!(["client_credentials"]));

    let mut edit = EditClient::of(client.client_id());
    edit.token_exchange = Some(true);
    server.run(edit).await;
    assert_eq!(grants().await, json!(["client_credentials", GRANT_TYPE]));

    client.disabled().await;
    assert_eq!(grants().await, json!(["client_credentials"]));
}

#[tokio::test]
async fn an_operator_turns_it_on_and_the_audit_log_tells() {
    let server = TestServer::start().await;
    let owner = server.owner();
    let made = json!({"name": "Front", "client_id": "front", "token_exchange": true});
    owner.post("/clients", made).await.assert_status(201);
    assert_eq!(owner.read("/clients/front").await["token_exchange"], true);
    let off = json!({"token_exchange": false});
    let edit = owner.call("PATCH", "/clients/front").json(&off).send();
    edit.await.assert_status(200);
    let mut browser = server.signed_in(Role::Operator).await;

    let path = "/clients/front/settings";
    let page = browser.open(path).await;
    page.assert_says("It may exchange tokens");
    let page = browser
        .submit(&page, path, &[("token_exchange", "yes")])
        .await;

    page.assert_says("Saved.");
    assert_eq!(owner.read("/clients/front").await["token_exchange"], true);
    let page = AuditPage {
        limit: 1,
        action: Some("client.edit".to_owned()),
        ..AuditPage::default()
    };
    let told = server.app.audit(page).await.unwrap();
    let change = &told[0].entry.changes[0];
    assert_eq!(change.field, "token_exchange");
    assert_eq!(change.after.as_deref(), Some("on"));
}
