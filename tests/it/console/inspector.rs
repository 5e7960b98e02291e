//! The token inspector.

use jeton::{
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer, Typ},
    },
    domain::{permission::Role, time::Span},
};
use serde_json::json;

use crate::harness::{
    browser::{Browser, Page},
    caller::Client,
    server::{ISSUER, START, TestServer},
};

async fn inspect(browser: &mut Browser<'_>, pasted: &str) -> Page {
    browser.post("/tools/token", &[("pasted", pasted)]).await
}

async fn caller(server: &TestServer) -> Client<'_> {
    server.api("https://orders.test", "read write").await;
    let client = server.client("billing-worker").await;
    client.granted("https://orders.test", "read write").await
}

async fn token(client: &Client<'_>) -> String {
    let reply = client.request_token("read").await;
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

/// Console 47.
#[tokio::test]
async fn a_token_of_ours_is_told_from_an_expired_an_altered_and_a_foreign_one() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let token = token(&client).await;

    let page = inspect(&mut browser, &token).await;
    page.assert_says("Signed by this server and valid. It expires in 1 hour.");
    page.assert_says("For https://orders.test");
    page.assert_says("Issued to A client");
    page.assert_says("the API it is for; any other must refuse it");

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let altered = format!("{signed}.{first}{}", &signature[1..]);
    let page = inspect(&mut browser, &altered).await;
    page.assert_says("Do not believe this token.");
    page.assert_says("Altered.");

    let (other, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(99));
    let claims = json!({ "iss": ISSUER, "aud": "https://orders.test", "exp": START.0 + 60 });
    let foreign = other.sign(Typ::AccessToken, claims.to_string().as_bytes());
    let page = inspect(&mut browser, &foreign.unwrap()).await;
    page.assert_says("Key not known here");

    server.advance(Span::minutes(61)).await;
    let mut browser = server.browser();
    browser
        .sign_in("viewer@example.com", crate::harness::browser::PASSWORD)
        .await;
    let page = inspect(&mut browser, &token).await;
    page.assert_says("Signed by this server, and expired 60 seconds ago.");
}

/// Console 47.
#[tokio::test]
async fn a_token_that_nobody_signed_is_called_so() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let token = token(&client).await;
    let claims = token.split('.').nth(1).unwrap();

    let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let page = inspect(&mut browser, &unsigned).await;

    page.assert_says("Not signed at all (alg: none).");
    page.assert_says("Do not believe this token.");
}

/// Console 47.
#[tokio::test]
async fn it_says_why_an_api_would_refuse_a_token() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    server.api("urn:other", "read").await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let pasted = token(&client).await;
    let mut why = async |api: &str, scope: &str| {
        let form = [
            ("pasted", pasted.as_str()),
            ("api", api),
            ("scope", scope),
            ("why", "yes"),
        ];
        browser.post("/tools/token", &form).await
    };

    let taken = why("https://orders.test", "read").await;
    let lacking = why("https://orders.test", "write").await;
    let other = why("urn:other", "read").await;

    taken.assert_says("https://orders.test would take it.");
    lacking.assert_says("It lacks the scope write.");
    other.assert_says("its audience (aud) is not urn:other.");
    client.disabled().await;
    let form = [("pasted", pasted.as_str()), ("why", "yes")];
    let page = browser.post("/tools/token", &form).await;
    page.assert_says("It would not notice what has changed here since: Its client is disabled.");
}

#[tokio::test]
async fn what_is_copied_along_with_a_token_does_no_harm() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    let token = token(&client).await;
    let (one, two) = token.split_at(80);

    for pasted in [
        format!("Authorization: Bearer {token}"),
        format!("  -H \"authorization: bearer {token}\"\n"),
        format!("'{one}\r\n  {two}',"),
        format!("\"{token}\""),
    ] {
        let page = inspect(&mut browser, &pasted).await;
        page.assert_says("Signed by this server and valid.");
    }
}

/// Console 47.
#[tokio::test]
async fn a_secret_of_ours_is_named_and_never_shown_again() {
    let server = TestServer::start().await;
    let client = caller(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = inspect(&mut browser, &client.secret).await;
    page.assert_says("This is A client’s secret, active");
    page.assert_says("Go and revoke it");
    assert!(!page.html().contains(&client.secret));

    let mut mistyped = client.secret.clone();
    let at = mistyped.len() - 10;
    let other = if mistyped.as_bytes()[at] == b'a' {
        "b"
    } else {
        "a"
    };
    mistyped.replace_range(at..=at, other);
    let page = inspect(&mut browser, &mistyped).await;
    page.assert_says("This is not quite a secret of this server");
    assert!(!page.html().contains(&mistyped));

    let elsewhere = TestServer::with_issuer("https://other.test").await;
    let _first = elsewhere.client("filler").await;
    let foreign = elsewhere.client("filler-too").await.secret;
    let page = inspect(&mut browser, &foreign).await;
    page.assert_says("No client here has this secret");

    let client = client.revoked().await;
    let page = inspect(&mut browser, &client.secret).await;
    page.assert_says("This is A client’s secret, revoked");
    page.assert_does_not_say("Go and revoke it");
}

#[tokio::test]
async fn what_is_neither_is_not_shown_again_either() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = inspect(&mut browser, "hunter2").await;
    page.assert_status(422);
    page.assert_says("which has three parts with dots between: this has 1");
    assert!(!page.html().contains("hunter2"));
    let empty = inspect(&mut browser, " \n").await;

    empty.assert_status(422);
    empty.assert_says("Paste a token, or what may be a client secret");
}
