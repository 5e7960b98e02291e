//! A client is limited: to where it may authenticate from, to how many tokens it may get.

use std::net::IpAddr;

use jeton::{
    admin::limits::LimitClient,
    domain::{
        audit::AuditPage,
        limits::{Networks, Per, QuotaMode, TokenQuota},
        permission::Role,
        time::Span,
        usage::Outcome,
    },
    oauth::reason::ErrorCode,
};
use serde_json::{Value, json};

use crate::harness::{
    caller::{Client, Request, token_form},
    process::ServerProcess,
    reply::Reply,
    server::TestServer,
};

const SHOP: &str = "urn:shop";
const HOME: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.9";

async fn server() -> TestServer {
    let server = TestServer::start().await.behind_a_proxy();
    server.api(SHOP, "read").await;
    server
}

async fn buyer(server: &TestServer) -> Client<'_> {
    server.client("buyer").await.granted(SHOP, "read").await
}

async fn ask(client: &Client<'_>, address: &str) -> Reply {
    Request::new(client.server(), "POST", "/oauth2/token")
        .header("authorization", &client.basic())
        .header("x-forwarded-for", address)
        .form(&token_form("read"))
        .send()
        .await
}

fn only_from(client: &Client<'_>, networks: &[&str]) -> LimitClient {
    let texts: Vec<String> = networks.iter().map(|&text| text.to_owned()).collect();
    LimitClient {
        client: client.client_id(),
        networks: Some(Networks::try_from(texts).unwrap()),
        quota: None,
    }
}

fn quota(client: &Client<'_>, tokens: u32, mode: QuotaMode) -> LimitClient {
    LimitClient {
        client: client.client_id(),
        networks: None,
        quota: Some(Some(
            TokenQuota::new(tokens, Per::Hour, None, mode).unwrap(),
        )),
    }
}

#[tokio::test]
async fn from_elsewhere_a_right_secret_looks_like_a_wrong_one() {
    let server = server().await;
    let buyer = buyer(&server).await;
    server
        .run(only_from(&buyer, &["203.0.113.0/24", "2001:db8::/32"]))
        .await;

    ask(&buyer, HOME).await.assert_issued();
    ask(&buyer, "2001:db8:7::1").await.assert_issued();
    let away = ask(&buyer, ELSEWHERE).await;

    away.assert_refused(ErrorCode::InvalidClient);
    let wrong = ask(&buyer.with_secret("nope"), ELSEWHERE).await;
    assert_eq!(away.parts(), wrong.parts());
    let recent = server.app.recent(&buyer.client_id()).await;
    assert_eq!(recent[1].outcome, Outcome::AddressNotAllowed);
    assert_eq!(recent[1].seen.address, ELSEWHERE.parse::<IpAddr>().unwrap());
    assert!(
        recent[1].secret.is_some(),
        "whose secret is abroad is known"
    );
    let mut viewer = server.signed_in(Role::Viewer).await;
    let page = viewer.open("/clients/buyer/activity").await;
    page.assert_says("Address not allowed");
}

#[tokio::test]
async fn the_address_is_what_declared_proxies_say_and_nobody_else() {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let buyer = buyer(&server).await;
    server.run(only_from(&buyer, &["203.0.113.0/24"])).await;

    // The one who asks is no declared proxy here, and comes from 192.0.2.7.
    ask(&buyer, HOME)
        .await
        .assert_refused(ErrorCode::InvalidClient);

    server.run(only_from(&buyer, &["192.0.2.7"])).await;
    ask(&buyer, HOME).await.assert_issued();
}

#[tokio::test]
async fn networks_that_leave_out_who_asked_lately_are_not_saved_unawares() {
    let server = server().await;
    let buyer = buyer(&server).await;
    ask(&buyer, ELSEWHERE).await.assert_issued();
    let owner = server.owner();
    let path = "/clients/buyer/limits";
    let limits = json!({ "allowed_networks": ["203.0.113.9/24"] });

    let problem = owner
        .patch(path, limits.clone())
        .await
        .assert_problem("conflict", &[]);

    assert!(
        problem["detail"].as_str().unwrap().contains(ELSEWHERE),
        "{problem}"
    );
    assert_eq!(owner.read(path).await["allowed_networks"], json!([]));
    ask(&buyer, ELSEWHERE).await.assert_issued();
    let mut limits = limits;
    limits["even_if_used"] = json!(true);
    owner.patch(path, limits).await.assert_status(200);
    assert_eq!(
        owner.read(path).await["allowed_networks"],
        json!(["203.0.113.0/24"])
    );
    ask(&buyer, ELSEWHERE)
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let page = AuditPage {
        limit: 1,
        action: Some("client.limit".to_owned()),
        ..AuditPage::default()
    };
    let record = &server.app.audit(page).await.unwrap()[0];
    assert_eq!(record.entry.changes[0].field, "allowed_networks");
}

#[tokio::test]
async fn the_console_says_who_would_be_refused_before_it_saves() {
    let server = server().await;
    let buyer = buyer(&server).await;
    ask(&buyer, ELSEWHERE).await.assert_issued();
    let mut operator = server.signed_in(Role::Operator).await;
    let path = "/clients/buyer/settings/limits";
    let page = operator.open(path).await;

    let page = operator
        .submit(
            &page,
            path,
            &[("allowed_networks", "203.0.113.0/24 2001:db8::/32")],
        )
        .await;

    page.assert_says("Nothing is saved yet.");
    page.assert_says(ELSEWHERE);
    let page = operator
        .submit(&page, path, &[("even_if_used", "yes")])
        .await;
    page.assert_says("Limits saved. They hold from the next request on.");
    page.assert_says("2001:db8::/32");
    let page = operator.open(path).await;
    let page = operator
        .submit(
            &page,
            path,
            &[("allowed_networks", "10.0.0.0/33"), ("tokens", "many")],
        )
        .await;
    page.assert_says("Write networks or addresses");
    page.assert_says("Write a number of tokens");
}

#[tokio::test]
async fn a_quota_is_watched_first_and_then_enforced() {
    let server = server().await;
    let buyer = buyer(&server).await;
    server.run(quota(&buyer, 3, QuotaMode::Watch)).await;

    for _ in 0..5 {
        ask(&buyer, HOME).await.assert_issued();
    }

    let limits = server.owner().read("/clients/buyer/limits").await;
    assert_eq!(limits["quota"]["exceeded"], 2);
    let mut viewer = server.signed_in(Role::Operator).await;
    let page = viewer.open("/clients/buyer/settings/limits").await;
    page.assert_says("2 requests would have been refused");
    server.run(quota(&buyer, 3, QuotaMode::Enforce)).await;
    for _ in 0..3 {
        ask(&buyer, HOME).await.assert_issued();
    }
    let refused = ask(&buyer, HOME).await;
    refused.assert_fault(429, ErrorCode::TemporarilyUnavailable);
    assert_eq!(refused.header("retry-after"), "1200");
    let recent = server.app.recent(&buyer.client_id()).await;
    assert_eq!(recent[0].outcome, Outcome::OverQuota);
    // What is refused for another reason costs nothing.
    server.advance(Span(1200)).await;
    buyer
        .request_token("none")
        .await
        .assert_refused(ErrorCode::InvalidScope);
    ask(&buyer, HOME).await.assert_issued();
}

#[tokio::test]
async fn another_client_has_a_quota_of_its_own_or_none() {
    let server = server().await;
    let buyer = buyer(&server).await;
    let other = server.client("other").await.granted(SHOP, "read").await;
    server.run(quota(&buyer, 1, QuotaMode::Enforce)).await;
    ask(&buyer, HOME).await.assert_issued();
    assert_eq!(ask(&buyer, HOME).await.status, 429);

    for _ in 0..5 {
        ask(&other, HOME).await.assert_issued();
    }
}

#[test]
fn limits_are_set_by_the_command_line_and_outlive_a_restart() {
    let mut server = ServerProcess::start();
    server.jeton(&["api", "create", SHOP, "--name", "Shop", "--scope", "read"]);
    server.jeton(&["client", "create", "Buyer", "--id", "buyer"]);
    let set = server.jeton(&[
        "client",
        "limit",
        "buyer",
        "--allowed-network",
        "10.0.0.0/8",
        "--quota",
        "600/minute",
        "--burst",
        "100",
    ]);
    let expected = json!({
        "tokens": 600, "per": "minute", "burst": 100, "mode": "watch", "exceeded": 0,
    });
    assert_eq!(set["quota"], expected);

    server.kill();
    server.start_again();

    let shown = server.jeton(&["client", "limit", "buyer"]);
    assert_eq!(shown["allowed_networks"], json!(["10.0.0.0/8"]));
    assert_eq!(shown["quota"], expected);
    let lifted = [
        "client",
        "limit",
        "buyer",
        "--allowed-network",
        "",
        "--quota",
        "none",
    ];
    let lifted = server.jeton(&lifted);
    assert_eq!(lifted["allowed_networks"], json!([]));
    assert_eq!(lifted.get("quota"), None::<&Value>);
}
