//! What a client's token would say, and a token to try it with.

use jeton::{
    admin::{apis::EditApi, clients::EditClient},
    domain::{
        audit::AuditPage, claims::Claims, client::Binding, permission::Role, profile::Profile,
        time::Span,
    },
    store::UsageOf,
};

use crate::harness::{browser::PASSWORD, caller::Client, server::TestServer};

const PAGE: &str = "/clients/billing-worker/try";
const MINT: &str = "/clients/billing-worker/try/token";

async fn caller(server: &TestServer) -> Client<'_> {
    server.api("https://orders.test", "read write").await;
    let client = server.client("billing-worker").await;
    client.granted("https://orders.test", "read write").await
}

#[tokio::test]
async fn a_preview_shows_the_claims_and_makes_nothing() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let all = browser.open(PAGE).await;
    let one = browser.open(&format!("{PAGE}?chosen=yes&scope=read")).await;
    let foreign = browser
        .open(&format!("{PAGE}?chosen=yes&scope=delete"))
        .await;

    all.assert_says("scope what it opens read write");
    all.assert_says("in 1 hour");
    one.assert_says("scope what it opens read");
    one.assert_says("typ what it is: at+jwt is an access token (RFC 9068) at+jwt");
    foreign.assert_says("The token endpoint would refuse this");
    foreign.assert_says("It would answer invalid_scope");
    let usage = server.app.usage(UsageOf::Client(client.client_id())).await;
    assert!(usage.unwrap().is_empty(), "a preview is no token");
}

/// AT-07
#[tokio::test]
async fn a_preview_shows_what_the_token_says_besides() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let bare = browser.open(PAGE).await;
    assert!(!bare.text().contains("tenant"), "{}", bare.text());
    let mut edit = EditClient::of(client.client_id());
    edit.claims = Some(Claims::parse(r#"{"tenant":"acme-7","tiers":[1,2]}"#).unwrap());
    server.run(edit).await;
    let mut edit = EditApi::of("https://orders.test".parse().unwrap());
    edit.claims = Some(Claims::parse(r#"{"region":"eu-north"}"#).unwrap());
    server.run(edit).await;

    let page = browser.open(PAGE).await;

    for words in ["tenant", "acme-7", "tiers", "region", "eu-north"] {
        page.assert_says(words);
    }
    let token = client.request_token("").await.assert_issued();
    assert_eq!(token.claims["tenant"], "acme-7");
    assert_eq!(token.claims["region"], "eu-north");
}

/// AT-09
#[tokio::test]
async fn a_preview_warns_of_a_token_that_is_large() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let claims = |name: &str| {
        let text = format!("{{\"{name}\":\"{}\"}}", "x".repeat(1900));
        Claims::parse(&text).unwrap()
    };
    let mut browser = server.signed_in(Role::Viewer).await;
    let mut edit = EditClient::of(client.client_id());
    edit.claims = Some(claims("one"));
    server.run(edit).await;
    let page = browser.open(PAGE).await;
    assert!(!page.text().contains("This is a large token"));

    let mut edit = EditApi::of("https://orders.test".parse().unwrap());
    edit.claims = Some(claims("two"));
    server.run(edit).await;

    let page = browser.open(PAGE).await;
    page.assert_says("This is a large token: about 5,");
}

/// Console 19, 31.
#[tokio::test]
async fn a_test_token_works_for_a_minute_and_is_told_to_the_audit_log() {
    let server = TestServer::start().await;
    let _client = caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    server.advance(Span::minutes(20)).await;
    let page = browser.open(&format!("{PAGE}?chosen=yes&scope=read")).await;

    let confirm = browser.submit(&page, MINT, &[]).await;
    confirm.assert_status(403);
    confirm.assert_says("Confirm it is you");
    let password = [("confirm_password", PASSWORD)];
    let page = browser.submit(&confirm, MINT, &password).await;

    page.assert_says("Works for 60 seconds");
    page.assert_says("in 60 seconds");
    page.assert_says("curl -H 'Authorization: Bearer eyJ");
    assert!(!page.path.contains("eyJ"), "{}", page.path);
    let token = page.html();
    let token = token.split("id=\"token\">").nth(1).unwrap();
    let token = token.split('<').next().unwrap();
    let looked = browser.post("/tools/token", &[("pasted", token)]).await;
    looked.assert_says("Signed by this server and valid. It expires in 60 seconds.");
    let entries = AuditPage {
        limit: 1,
        action: Some("token.test".to_owned()),
        ..AuditPage::default()
    };
    let entries = server.app.audit(entries).await.unwrap();
    assert_eq!(entries[0].entry.actor, "operator:operator@example.com");
    let said: Vec<_> = entries[0].entry.changes.iter().collect();
    assert!(
        said.iter()
            .any(|it| it.after.as_deref() == Some("https://orders.test")),
        "{said:?}"
    );
}

#[tokio::test]
async fn the_command_calls_the_api_that_the_token_is_for_whatever_the_address_says() {
    let server = TestServer::start().await;
    let _client = caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(&format!("{PAGE}?chosen=yes&scope=read")).await;
    browser.submit(&page, MINT, &[]).await;

    for lure in ["https://evil.test", "http%3A%2F%2Fx%2F%3B+rm+-rf+."] {
        let page = browser.open(&format!("{PAGE}?api={lure}")).await;
        let command = page.element("curl");
        assert!(command.starts_with("curl -H 'Authorization: Bearer eyJ"));
        assert!(command.ends_with("' 'https://orders.test'"), "{command}");
    }
    server.advance(Span(60)).await;
    let page = browser.open(PAGE).await;

    page.assert_does_not_say("Test token");
    assert!(
        !page.html().contains("Bearer eyJ"),
        "it opens nothing any more"
    );
}

/// Console 48, for test tokens.
/// DP-02, FP-01
#[tokio::test]
async fn no_test_token_is_made_that_is_bound_to_nothing_where_tokens_must_be_bound() {
    for (profile, binding) in [
        (Profile::Standard, Binding::Dpop),
        (Profile::Standard, Binding::Certificate),
        (Profile::Fapi2, Binding::Optional),
    ] {
        let server = TestServer::with_profile(profile).await;
        let client = caller(&server).await;
        let mut edit = EditClient::of(client.client_id());
        edit.binding = Some(binding);
        server.run(edit).await;
        let mut browser = server.signed_in(Role::Operator).await;

        let asked = [("chosen", "yes"), ("scope", "read")];
        let page = browser.post(MINT, &asked).await;

        page.assert_status(409);
        page.assert_says("The token endpoint would refuse this");
    }
}

#[tokio::test]
async fn a_viewer_mints_no_token() {
    let server = TestServer::start().await;
    let _client = caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open(PAGE).await;
    page.assert_does_not_say("Mint a 60-second token");
    let refused = browser.post(MINT, &[("scope", "read")]).await;

    refused.assert_status(403);
}

#[tokio::test]
async fn no_test_token_is_made_for_the_admin_api() {
    let server = TestServer::start().await;
    let client = server.client("billing-worker").await;
    client.granted("urn:jeton:admin", "clients:read").await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = browser.open(PAGE).await;
    page.assert_says("No test token is ever made for the API by which this server is managed.");
    page.assert_does_not_say("Mint a 60-second token");
    let form = [("api", "urn:jeton:admin"), ("scope", "clients:read")];
    let refused = browser.post(MINT, &form).await;

    refused.assert_status(409);
}

#[tokio::test]
async fn a_client_without_access_has_nothing_to_try() {
    let server = TestServer::start().await;
    server.client("billing-worker").await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(PAGE).await;

    page.assert_says("There is nothing to try yet.");
}
