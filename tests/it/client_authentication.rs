//! How clients prove who they are, and how alike all failures look.

mod encoding;

use jeton::{
    domain::{
        time::Span,
        usage::{Outcome, Subject},
    },
    oauth::reason::ErrorCode,
    store::UsageOf,
};

use crate::harness::{
    caller::{Client, encode, token_form},
    reply::Reply,
    server::{ISSUER, TestServer},
};

const API: &str = "https://api.test/";

async fn client<'s>(server: &'s TestServer, id: &str) -> Client<'s> {
    server.client(id).await.granted(API, "read").await
}

async fn server() -> TestServer {
    let server = TestServer::start().await;
    server.api(API, "read").await;
    server
}

async fn present(server: &TestServer, authorization: &str, form: &str) -> Reply {
    let request = server.request("POST", "/oauth2/token");
    request
        .header("authorization", authorization)
        .form(form)
        .send()
        .await
}

/// D3: a client uses Basic or the body, whichever its library does; CA-03
#[tokio::test]
async fn a_client_uses_basic_or_the_body() {
    let server = server().await;
    let client = client(&server, "either").await;

    client.request_token("read").await.assert_issued();
    client.request_token_by_body("read").await.assert_issued();
}

/// G2, G3, G4, T-41, T-43, T-44, CA-07, CS-09, H-18
#[tokio::test]
async fn every_failed_authentication_looks_the_same() {
    let server = server().await;
    let known = client(&server, "known").await;
    let disabled = client(&server, "off1").await.disabled().await;
    let revoked = client(&server, "gone1").await.revoked().await;
    let retired = client(&server, "rot1").await;
    retired.rotated(Span::hours(1)).await;
    retired.old_secret_retired().await;
    let expired = client_that_expires(&server, "exp1", Span::hours(1)).await;
    expired.request_token("").await.assert_issued();
    server.advance(Span::hours(1)).await;

    let wrong = known.with_secret("nope").request_token("").await;

    wrong.assert_refused(ErrorCode::InvalidClient);
    let challenge = format!("Basic realm=\"{ISSUER}\", charset=\"UTF-8\"");
    assert_eq!(wrong.header("www-authenticate"), challenge);
    for other in [
        &server.stranger(),
        &disabled,
        &revoked,
        &retired,
        &expired,
        &known.with_secret(&known.secret.to_uppercase()),
        &known.with_secret(&"x".repeat(2000)),
        &Client::new(&server, "KNOWN", &known.secret),
    ] {
        let by_header = other.request_token("").await;
        assert_eq!(by_header.parts(), wrong.parts(), "{}", other.id);
        let by_body = other.request_token_by_body("").await;
        assert_eq!(by_body.parts(), wrong.parts(), "{}", other.id);
    }
    known.request_token("").await.assert_issued();
}

async fn client_that_expires<'s>(server: &'s TestServer, id: &str, after: Span) -> Client<'s> {
    use jeton::{
        admin::secrets::{NewSecret, RevokeSecret, RotateSecret},
        domain::{rotation::Overlap, secret::IfUsed},
    };
    let before = client(server, id).await;
    let (client, secret) = (before.client_id(), None);
    server.run(RevokeSecret { client, secret }).await;
    let rotate = RotateSecret {
        client: before.client_id(),
        new: NewSecret {
            expires_in: Some(after),
            ..NewSecret::default()
        },
        overlap: Overlap::None,
        if_used: IfUsed::Hold,
    };
    let rotated = server.run(rotate).await;
    before.with_secret(rotated.secret.reveal())
}

/// What is alike outside is told apart inside: whoever still sends a dead secret can be named.
#[tokio::test]
async fn each_dead_secret_is_counted_as_what_it_is() {
    let server = server().await;
    let retired = client(&server, "rot1").await;
    retired.rotated(Span::hours(1)).await;
    retired.old_secret_retired().await;
    let revoked = client(&server, "gone1").await.revoked().await;
    let disabled = client(&server, "off1").await.disabled().await;
    let expired = client_that_expires(&server, "exp1", Span::minutes(5)).await;
    server.advance(Span::minutes(5)).await;

    for (client, outcome) in [
        (&retired, Outcome::RetiredSecret),
        (&revoked, Outcome::RevokedSecret),
        (&disabled, Outcome::DisabledClient),
        (&expired, Outcome::ExpiredSecret),
    ] {
        client
            .request_token("")
            .await
            .assert_refused(ErrorCode::InvalidClient);
        let tally = server
            .app
            .usage(UsageOf::Client(client.client_id()))
            .await
            .unwrap();
        let (subject, hours) = tally
            .days
            .iter()
            .map(|((subject, _), hours)| (subject, hours))
            .next()
            .unwrap();
        let Subject { secret, .. } = subject;
        let secret = secret.as_ref().unwrap().as_str();
        assert!(client.secret.contains(secret), "{}", client.id);
        assert!(
            hours.keys().all(|hour| hour.outcome == outcome),
            "{hours:?}"
        );
    }
}

/// G2, D1
#[tokio::test]
async fn no_credentials_are_a_failed_authentication() {
    let server = server().await;
    let reply = server.post_form(&token_form("")).await;
    reply.assert_refused(ErrorCode::InvalidClient);
}

/// G5, T-42, H-16
#[tokio::test]
async fn two_ways_at_once_are_refused_even_if_both_are_right() {
    let server = server().await;
    let client = client(&server, "basic1").await;
    let form = token_form("read");
    let secret = encode(&client.secret);

    for extra in [
        format!("client_id=basic1&client_secret={secret}"),
        format!("client_secret={secret}"),
        "client_assertion=x&client_assertion_type=y".to_owned(),
    ] {
        let reply = client.ask(&format!("{form}&{extra}")).await;
        reply.assert_refused(ErrorCode::InvalidRequest);
    }
    let both = format!("{form}&client_id=basic1&client_secret={secret}&client_assertion=x");
    server
        .post_form(&both)
        .await
        .assert_refused(ErrorCode::InvalidRequest);
    let request = server.request("POST", "/oauth2/token");
    let request = request.header("authorization", &client.basic());
    let twice = request
        .header("authorization", &client.basic())
        .form(&form)
        .send()
        .await;
    twice.assert_refused(ErrorCode::InvalidRequest);
}

/// CA-02
#[tokio::test]
async fn a_client_id_in_the_body_says_the_same_as_the_header() {
    let server = server().await;
    let one = client(&server, "one").await;
    client(&server, "two").await;

    let same = one.ask(&format!("{}&client_id=one", token_form(""))).await;
    same.assert_issued();
    let other = one.ask(&format!("{}&client_id=two", token_form(""))).await;
    other.assert_refused(ErrorCode::InvalidRequest);
}

/// T-09, CA-05, CS-06, CS-07
#[tokio::test]
async fn half_a_credential_is_none() {
    let server = server().await;
    let client = client(&server, "basic1").await;
    let form = token_form("");

    let id_alone = server.post_form(&format!("{form}&client_id=basic1")).await;
    id_alone.assert_refused(ErrorCode::InvalidClient);
    let no_secret = server
        .post_form(&format!("{form}&client_id=basic1&client_secret="))
        .await;
    no_secret.assert_refused(ErrorCode::InvalidClient);
    let secret_alone = server
        .post_form(&format!("{form}&client_secret={}", client.secret))
        .await;
    secret_alone.assert_refused(ErrorCode::InvalidRequest);
    client
        .with_secret("")
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let assertion = server
        .post_form(&format!("{form}&client_id=basic1&client_assertion=x"))
        .await;
    assertion.assert_refused(ErrorCode::InvalidRequest);
}

/// CS-12
#[tokio::test]
async fn an_endless_secret_is_refused_unhashed() {
    let server = server().await;
    let chosen = "y".repeat(1024);
    let longest = server.client_with_secret("long", Some(&chosen)).await;
    let longest = longest.granted(API, "read").await;

    longest.request_token("").await.assert_issued();
    let longer = longest.with_secret(&"y".repeat(1025));
    longer
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    longer
        .request_token_by_body("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

/// CS-09
#[tokio::test]
async fn two_secrets_work_side_by_side_and_end_apart() {
    let server = server().await;
    let old = client(&server, "rot1").await;
    let new = old.rotated(Span::hours(24)).await;

    old.request_token("").await.assert_issued();
    new.request_token("").await.assert_issued();
    old.old_secret_retired().await;

    old.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    new.request_token("").await.assert_issued();
}

/// CS-11
#[tokio::test]
async fn a_secret_that_was_made_here_can_be_recognised_when_it_leaks() {
    let server = server().await;
    let client = client(&server, "basic1").await;
    assert!(client.secret.starts_with("jtn_"));
    assert_eq!(client.secret.len(), 62);
    assert!(jeton::domain::secret::public_id(&client.secret).is_some());
    let kept = format!("{:?}", **server.app.registry());
    assert!(!kept.contains(&client.secret[13..]));
}

/// CA-07
#[tokio::test]
async fn a_disabled_client_gets_no_token_until_it_is_enabled() {
    use jeton::admin::clients::EnableClient;
    let server = server().await;
    let off = client(&server, "off1").await.disabled().await;
    off.request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);

    let client = off.client_id();
    server.run(EnableClient { client }).await;

    off.request_token("").await.assert_issued();
}

#[tokio::test]
async fn a_chosen_secret_is_verified_slowly_once_and_then_remembered() {
    let server = server().await;
    let imported = server
        .client_with_secret("imported", Some("correct horse"))
        .await;
    let imported = imported.granted(API, "read").await;

    imported
        .with_secret("wrong")
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    imported.request_token("").await.assert_issued();
    let secret = server
        .app
        .registry()
        .find_client(&imported.client_id())
        .unwrap()
        .secrets[0]
        .id
        .clone();
    assert!(server.app.remembers(&secret, "correct horse"));
    assert!(!server.app.remembers(&secret, "wrong"));
    server.advance(Span::minutes(5)).await;
    assert!(!server.app.remembers(&secret, "correct horse"));
    imported.request_token("").await.assert_issued();
}

/// T-40: whatever is sent, nothing of it comes back.
#[tokio::test]
async fn nothing_that_was_sent_comes_back() {
    let server = server().await;
    let client = client(&server, "basic1").await;
    let odd = "<\"odd\\é😀\r\n>";
    for name in [
        "grant_type",
        "client_id",
        "client_secret",
        "scope",
        "resource",
        "audience",
    ] {
        let form = if name == "grant_type" {
            format!("grant_type={}", encode(odd))
        } else {
            format!("{}&{name}={}", token_form(""), encode(odd))
        };
        let reply = client.ask(&form).await;
        assert!(reply.status.is_client_error(), "{name}");
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(text.is_ascii() && !text.contains("odd"), "{text}");
        assert!(
            reply
                .headers
                .values()
                .all(|value| !value.to_str().unwrap().contains("odd"))
        );
    }
}
