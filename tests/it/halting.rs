//! Issuance is halted: nobody gets a token, and all else goes on.

use jeton::{
    admin::{
        clients::EditClient,
        halts::{HaltApi, HaltIssuance, ResumeApi, ResumeIssuance},
    },
    domain::{permission::Role, rotation::Overlap, secret::Proof, usage::Outcome},
    oauth::reason::ErrorCode,
};
use serde_json::json;

use crate::harness::{
    admin::every_admin_scope,
    assertion,
    caller::{Client, Request, encode},
    process::ServerProcess,
    reply::Reply,
    server::TestServer,
};

const SHOP: &str = "urn:shop";
const STOCK: &str = "urn:stock";

/// A client with scopes on two APIs.
async fn buyer(server: &TestServer) -> Client<'_> {
    server.api(SHOP, "read").await;
    server.api(STOCK, "look").await;
    let client = server.client("buyer").await.granted(SHOP, "read").await;
    client.granted(STOCK, "look").await
}

fn halt() -> HaltIssuance {
    HaltIssuance {
        reason: "a key may be known".parse().unwrap(),
    }
}

/// It is the answer of RFC 6749 §5.2 to a request that is right and comes at a wrong time.
#[track_caller]
fn assert_halted(reply: &Reply) {
    reply.assert_refused(ErrorCode::TemporarilyUnavailable);
    assert_eq!(reply.header("retry-after"), "60");
    let text = String::from_utf8_lossy(&reply.body);
    assert!(!text.contains("key may"), "the reason is for operators");
}

#[tokio::test]
async fn nobody_gets_a_token_until_issuance_is_resumed() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let robot = server.deployer().await;
    robot.request_token("").await.assert_issued();

    server.run(halt()).await;

    assert_halted(&buyer.request_token("read").await);
    assert_halted(&buyer.request_token_by_body("look").await);
    assert_halted(&robot.request_token("").await);
    let wrong = buyer.with_secret("nope").request_token("read").await;
    wrong.assert_refused(ErrorCode::InvalidClient);
    let recent = server.app.recent(&buyer.client_id()).await;
    assert_eq!(recent[1].outcome, Outcome::Halted);
    server.run(ResumeIssuance).await;
    buyer.request_token("read").await.assert_issued();
}

#[tokio::test]
async fn what_was_issued_goes_on_to_count_while_issuance_is_halted() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = server.client("shop").await;
    let edit = EditClient {
        introspects: Some([SHOP.parse().unwrap()].into()),
        ..EditClient::of(shop.client_id())
    };
    server.run(edit).await;
    let token = buyer.request_token("read").await.assert_issued().text;

    server.run(halt()).await;

    let request =
        |path: &str| Request::new(&server, "POST", path).form(&format!("token={}", encode(&token)));
    let asked = request("/oauth2/introspect").header("authorization", &shop.basic());
    assert_eq!(asked.send().await.json()["active"], true);
    let proxy = server.request("GET", "/forward-auth?audience=urn%3Ashop");
    let proxy = proxy.header("authorization", &format!("Bearer {token}"));
    assert_eq!(proxy.send().await.status, 200);
    let revoked = request("/oauth2/revoke").header("authorization", &buyer.basic());
    assert_eq!(revoked.send().await.status, 200);
    let asked = request("/oauth2/introspect").header("authorization", &shop.basic());
    assert_eq!(asked.send().await.json()["active"], false);
}

#[tokio::test]
async fn one_api_is_halted_and_the_others_go_on() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;

    server
        .run(HaltApi {
            api: SHOP.parse().unwrap(),
            reason: "it is being moved".parse().unwrap(),
        })
        .await;

    assert_halted(&buyer.request_token("read").await);
    buyer.request_token("look").await.assert_issued();
    server
        .run(ResumeApi {
            api: SHOP.parse().unwrap(),
        })
        .await;
    buyer.request_token("read").await.assert_issued();
}

#[tokio::test]
async fn an_assertion_that_was_refused_by_a_halt_still_counts_after_it() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let signer = assertion::signer(3);
    let key = Proof::Key(assertion::public(&signer));
    assertion::move_to(&server, &buyer, key, Overlap::None).await;
    let made = assertion::sign(&signer, &assertion::claims(&server, &buyer.id, "one"));
    server.run(halt()).await;

    assert_halted(&assertion::present(&server, &made, "&scope=read").await);
    server.run(ResumeIssuance).await;

    let again = assertion::present(&server, &made, "&scope=read").await;
    again.assert_issued();
}

#[tokio::test]
async fn a_halted_server_is_ready_and_says_what_is_the_matter() {
    let server = TestServer::start().await;
    let owner = server.owner();

    let halted = owner
        .post("/issuance/halt", json!({ "reason": "a key may be known" }))
        .await;

    halted.assert_status(200);
    assert_eq!(halted.json()["halted"]["by"], "local:0");
    let ready = server.get("/health/ready").await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()["status"].clone()),
        (200, json!("degraded"))
    );
    let said = owner.read("/server").await["problems"].to_string();
    assert!(
        said.contains("Issuance is halted since") && said.contains("a key may be known"),
        "{said}"
    );
    let attention = owner.read("/attention").await;
    assert_eq!(attention["server"][0]["rule"], "issuance_halted");
    owner
        .post("/issuance/resume", json!({}))
        .await
        .assert_status(200);
    assert_eq!(owner.read("/server").await["ready"], "ready");
}

#[tokio::test]
async fn a_halt_needs_a_reason_and_somebody_who_may() {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let owner = server.owner();
    for path in ["/issuance/halt", "/apis/urn%3Ashop/halt"] {
        owner
            .post(path, json!({ "reason": " " }))
            .await
            .assert_problem("invalid", &["reason"]);
    }
    let all = every_admin_scope();
    let without = all
        .split(' ')
        .filter(|it| !matches!(*it, "settings:write" | "apis:write"));
    let robot = server.deployer().await;
    let scopes = without.collect::<Vec<_>>().join(" ");
    let robot = robot.managing(&scopes).await;

    let reason = json!({ "reason": "why not" });
    for path in ["/issuance/halt", "/apis/urn%3Ashop/halt"] {
        robot
            .post(path, reason.clone())
            .await
            .assert_problem("forbidden", &[]);
    }

    assert!(owner.read("/issuance").await.get("halted").is_none());
}

#[tokio::test]
async fn the_console_halts_and_resumes_and_tells_everybody() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let mut admin = server.signed_in(Role::Admin).await;
    let page = admin.open("/settings/issuance").await;
    page.assert_says("Tokens are issued");
    let page = admin
        .submit(&page, "/settings/issuance", &[("reason", "")])
        .await;
    page.assert_says("Say why");

    let page = admin
        .submit(
            &page,
            "/settings/issuance",
            &[("reason", "a key may be known")],
        )
        .await;

    page.assert_says("Issuance is halted. Nobody gets a token until it is resumed.");
    page.assert_says("a key may be known");
    assert_halted(&buyer.request_token("read").await);
    admin
        .open("/")
        .await
        .assert_says("Issuance is halted since");
    let page = admin.open("/settings/issuance").await;
    admin
        .submit(&page, "/settings/issuance/resume", &[])
        .await
        .assert_says("Tokens are issued again.");
    let page = admin.open("/apis/urn%3Ashop/halt").await;
    page.assert_says("These clients get no token for it until it is resumed.");
    admin
        .submit(&page, "/apis/urn%3Ashop/halt", &[("reason", "it moves")])
        .await
        .assert_says("it moves");
    assert_halted(&buyer.request_token("read").await);
    buyer.request_token("look").await.assert_issued();
}

#[test]
fn a_halt_outlives_a_restart() {
    let mut server = ServerProcess::start();
    server.jeton(&["api", "create", SHOP, "--name", "Shop", "--scope", "read"]);
    server.jeton(&["issuance", "halt", "--reason", "a key may be known"]);
    server.jeton(&["api", "halt", SHOP, "--reason", "it moves"]);

    server.kill();
    server.start_again();

    let found = server.jeton(&["issuance", "show"]);
    assert_eq!(found["halted"]["reason"], "a key may be known");
    assert_eq!(found["apis"][0]["halted"]["reason"], "it moves");
    assert_eq!(server.jeton(&["status"])["ready"], "degraded");
    server.jeton(&["issuance", "resume"]);
    assert_eq!(server.jeton(&["api", "resume", SHOP]).get("halted"), None);
    assert_eq!(server.jeton(&["status"])["ready"], "ready");
}
