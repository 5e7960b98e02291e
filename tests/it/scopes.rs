//! Which scopes a client gets, for which API.

use jeton::{
    admin::{apis::DisableApi, scopes::RemoveScope},
    oauth::reason::ErrorCode::{self, InvalidScope, InvalidTarget},
};

use crate::harness::{
    caller::{Client, encode, token_form},
    server::TestServer,
};

const SALES: &str = "https://sales.example/";
const STOCK: &str = "https://stock.example";

/// A client with grants on two APIs, which share one scope by name.
async fn shop(server: &TestServer) -> Client<'_> {
    server.api(SALES, "read orders refunds").await;
    server.api(STOCK, "read count").await;
    let client = server.client("shop").await;
    let client = client.granted(SALES, "read orders").await;
    client.granted(STOCK, "count read").await
}

fn at(api: &str, scope: &str) -> String {
    format!("{}&resource={}", token_form(scope), encode(api))
}

#[track_caller]
fn refused(code: ErrorCode) -> impl Fn(&crate::harness::reply::Reply) {
    move |reply| reply.assert_refused(code)
}

/// SC-03, T-22, AT-03, AT-04, RI-04
#[tokio::test]
async fn the_token_says_what_was_asked_for_in_one_order() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;

    for asked in ["orders read", "read orders", "read orders read"] {
        let token = shop.ask(&at(SALES, asked)).await.assert_issued();
        assert_eq!(token.scope, "orders read");
        assert_eq!(token.claims["scope"], "orders read");
        assert_eq!(token.claims["aud"], SALES);
    }
    let other_case = shop.ask(&at(SALES, "Read")).await;
    other_case.assert_refused(InvalidScope);
}

/// SC-01, SC-02, SC-08
#[tokio::test]
async fn a_malformed_scope_is_refused() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    let many = vec!["read"; 101].join(" ");
    for bad in [
        "\"read\"",
        "a\\b",
        "a\tb",
        "a\nb",
        "é",
        " read",
        "read ",
        "read  orders",
        " ",
        &many,
        &"x".repeat(10_000),
    ] {
        shop.request_token(bad).await.assert_refused(InvalidScope);
        shop.ask(&at(SALES, bad)).await.assert_refused(InvalidScope);
    }
}

/// G8, SC-05, SC-07, SC-09, RI-06
#[tokio::test]
async fn one_scope_that_is_not_granted_refuses_the_whole_request() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    let unknown = shop.ask(&at(SALES, "read nope")).await;
    unknown.assert_refused(InvalidScope);
    for not_granted in ["read refunds", "refunds", "count", "*", "rea"] {
        let reply = shop.ask(&at(SALES, not_granted)).await;
        assert_eq!(reply.parts(), unknown.parts(), "{not_granted}");
    }
}

/// SC-06, RI-04
#[tokio::test]
async fn without_a_name_exactly_one_api_must_have_every_scope() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;

    let orders = shop.request_token("orders").await.assert_issued();
    assert_eq!(orders.claims["aud"], SALES);
    let count = shop.request_token("count read").await.assert_issued();
    assert_eq!(count.claims["aud"], STOCK);
    shop.request_token("orders count")
        .await
        .assert_refused(InvalidScope);
    let ambiguous = shop.request_token("read").await;
    ambiguous.assert_refused(InvalidTarget);
    let hint = ambiguous.json()["error_description"].to_string();
    assert!(hint.contains("name the API with resource"), "{hint}");
}

/// SC-04
#[tokio::test]
async fn without_a_scope_the_default_is_given() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    shop.request_token("").await.assert_refused(InvalidTarget);
    let all = shop.ask(&at(SALES, "")).await.assert_issued();
    assert_eq!(all.scope, "orders read");

    let shop = shop.with_default_scopes("count").await;

    let default = shop.request_token("").await.assert_issued();
    assert_eq!(
        (default.scope.as_str(), &default.claims["aud"]),
        ("count", &STOCK.into())
    );
    let named = shop.request_token("orders").await.assert_issued();
    assert_eq!(named.scope, "orders");
}

/// SC-10
#[tokio::test]
async fn a_client_begins_with_nothing() {
    let server = TestServer::start().await;
    server.api(SALES, "read").await;
    let fresh = server.client("fresh").await;

    fresh.request_token("").await.assert_refused(InvalidScope);
    fresh
        .request_token("read")
        .await
        .assert_refused(InvalidScope);
    fresh
        .ask(&at(SALES, "read"))
        .await
        .assert_refused(InvalidTarget);

    fresh
        .granted(SALES, "read")
        .await
        .request_token("")
        .await
        .assert_issued();
}

/// RI-01, RI-02, RI-07
#[tokio::test]
async fn an_api_is_named_once_and_properly() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    let check = refused(InvalidTarget);
    for bad in [
        "invalid",
        "/relative",
        "https://x/#f",
        "https:///x",
        "sales.example",
    ] {
        check(&shop.ask(&at(bad, "read")).await);
    }
    let two = format!("{}&resource={}", at(SALES, "read"), encode(STOCK));
    check(&shop.ask(&two).await);
    let two_words = format!("{}&audience={}", at(SALES, "read"), encode(STOCK));
    check(&shop.ask(&two_words).await);
    let one_bad = format!("{}&resource=invalid", at(SALES, "read"));
    check(&shop.ask(&one_bad).await);

    let twice = format!("{}&resource={}", at(SALES, "read"), encode(SALES));
    shop.ask(&twice).await.assert_issued();
    let both_words = format!("{}&audience={}", at(SALES, "read"), encode(SALES));
    shop.ask(&both_words).await.assert_issued();
}

/// T-12
#[tokio::test]
async fn audience_is_another_word_for_resource() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    let form = format!("{}&audience={}", token_form("read"), encode(STOCK));

    let token = shop.ask(&form).await.assert_issued();

    assert_eq!(
        (token.scope.as_str(), &token.claims["aud"]),
        ("read", &STOCK.into())
    );
}

/// RI-03, RI-05, G8
#[tokio::test]
async fn an_api_that_cannot_be_had_looks_like_none() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    server.api("urn:other", "read").await;
    let unknown = shop.ask(&at("https://other.test/", "read")).await;
    unknown.assert_refused(InvalidTarget);
    for (api, why) in [
        ("urn:other", "not granted"),
        ("https://sales.example", "a slash less"),
        ("https://stock.example/", "a slash more"),
        ("https://SALES.example/", "another case"),
        ("urn:jeton:admin", "the admin API"),
    ] {
        assert_eq!(
            shop.ask(&at(api, "read")).await.parts(),
            unknown.parts(),
            "{why}"
        );
    }
    shop.ask(&at(STOCK, "read")).await.assert_issued();
    server
        .run(DisableApi {
            api: STOCK.parse().unwrap(),
        })
        .await;
    assert_eq!(
        shop.ask(&at(STOCK, "read")).await.parts(),
        unknown.parts(),
        "disabled"
    );
}

/// RI-06
#[tokio::test]
async fn a_withdrawn_scope_is_gone_from_the_next_token_on() {
    let server = TestServer::start().await;
    let shop = shop(&server).await.granted(SALES, "orders").await;
    shop.ask(&at(SALES, "orders")).await.assert_issued();
    shop.ask(&at(SALES, "read"))
        .await
        .assert_refused(InvalidScope);
    let remove = RemoveScope {
        api: SALES.parse().unwrap(),
        scope: "refunds".parse().unwrap(),
    };
    server.run(remove).await;
    shop.ask(&at(SALES, "refunds"))
        .await
        .assert_refused(InvalidScope);
}
