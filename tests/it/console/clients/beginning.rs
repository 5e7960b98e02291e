//! A new client that begins with something else than a secret: a key, a certificate, or its platform's tokens.

use jeton::{
    crypto::random::Entropy,
    crypto::signer::{Algorithm, Signer, Typ},
    domain::{credential::Method, permission::Role, profile::Profile, secret::Proof, time::Span},
};
use serde_json::json;

use super::SALES;
use crate::harness::{
    assertion::{claims, present, sign, signer},
    browser::{Browser, Page},
    server::{ISSUER, TestServer},
};

const CREDENTIAL: &str = "/clients/new/credential";
const PLATFORM: &str = "/clients/new/platform";
const CHECK: &str = "/clients/new/check";

/// Fills in the first two pages: a client called Mailer that may read analytics.
async fn begun(browser: &mut Browser<'_>) -> Page {
    let page = browser.open("/clients/new").await;
    let about = [("name", "Mailer"), ("client_id", "mailer")];
    let page = browser.submit(&page, "/clients/new", &about).await;
    let scope = format!("{SALES} read:analytics");
    let access = "/clients/new/access";
    let page = browser.submit(&page, access, &[("scope", &scope)]).await;
    page.assert_at(CREDENTIAL);
    page
}

/// A server with an API, and somebody who makes clients.
async fn server() -> TestServer {
    let server = TestServer::start().await;
    server.api(SALES, "read:analytics").await;
    server
}

fn methods(server: &TestServer) -> Vec<Method> {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("mailer").unwrap();
    client.methods(server.app.now()).into_iter().collect()
}

fn certificate(until: i32) -> String {
    let mut params = rcgen::CertificateParams::new(vec!["svc.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

#[tokio::test]
async fn a_client_begins_with_each_kind_of_key_and_certificate() {
    let jwk = signer(5).public_jwk().unwrap().to_string();
    let pem = certificate(2028);
    for (filled, method, summary, programs) in [
        (
            &[("kind", "key"), ("key", jwk.as_str())][..],
            Method::PrivateKeyJwt,
            "on https://sales.example, until its key is replaced.",
            "JETON_KEY, the file of its private key",
        ),
        (
            &[
                ("kind", "jwks_uri"),
                ("jwks_uri", "https://svc.example/jwks"),
            ],
            Method::PrivateKeyJwt,
            "with the keys that it publishes.",
            "client_assertion",
        ),
        (
            &[("kind", "certificate"), ("certificate", pem.as_str())],
            Method::SelfSignedTlsClientAuth,
            "until 1 Jan 2028, when its certificate expires.",
            "JETON_CERT, the file of its certificate",
        ),
        (
            &[
                ("kind", "subject"),
                ("subject_name", "tls_client_auth_san_dns"),
                ("subject", "svc.example"),
            ],
            Method::TlsClientAuth,
            "as long as your authority gives it certificates.",
            "JETON_CERT",
        ),
    ] {
        let server = server().await;
        let mut browser = server.signed_in(Role::Operator).await;
        let page = begun(&mut browser).await;

        let filled = [filled, &[("note", "HSM 2")]].concat();
        let check = browser.submit(&page, CREDENTIAL, &filled).await;
        check.assert_at(CHECK);
        check.assert_says(summary);
        check.assert_says("HSM 2");
        check.assert_does_not_say("hand over");
        let page = browser.submit(&check, CHECK, &[]).await;

        page.assert_at("/clients/mailer");
        page.assert_says("Mailer is registered.");
        page.assert_says("Waiting for the first token");
        page.assert_says(programs);
        page.assert_does_not_say("JETON_SECRET");
        assert_eq!(methods(&server), [method]);
        let again = browser.open("/clients/new").await;
        again.assert_does_not_say("You began this client");
    }
}

#[tokio::test]
async fn a_client_made_with_a_key_gets_its_first_token_with_it() {
    let server = server().await;
    let key = signer(5);
    let jwk = key.public_jwk().unwrap().to_string();
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    let filled = [("kind", "key"), ("key", jwk.as_str())];
    let check = browser.submit(&page, CREDENTIAL, &filled).await;
    browser.submit(&check, CHECK, &[]).await;

    let assertion = sign(&key, &claims(&server, "mailer", "one"));
    let reply = present(&server, &assertion, "").await;

    assert_eq!(reply.status, 200, "{reply:?}");
    let page = browser.open("/clients/mailer").await;
    page.assert_says("First token issued");
}

#[tokio::test]
async fn a_client_that_trusts_its_platform_is_made_once_a_token_of_it_was_tried() {
    let server = server().await;
    let platform = signer(5);
    let keys = json!({ "keys": [platform.public_jwk().unwrap()] }).to_string();
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    let page = browser
        .submit(&page, CREDENTIAL, &[("kind", "platform")])
        .await;
    page.assert_at(PLATFORM);
    let page = browser.open(&format!("{PLATFORM}?platform=other")).await;
    let now = server.app.now().seconds();
    let token = |subject: &str| {
        let claims = json!({
            "iss": "https://idp.example", "sub": subject, "aud": ISSUER, "iat": now, "exp": now + 300,
        });
        let claims = claims.to_string();
        platform
            .sign(Typ::ClientAuthentication, claims.as_bytes())
            .unwrap()
    };
    let trust = [
        ("issuer", "https://idp.example"),
        ("subject", "shop:reports"),
        ("jwks", keys.as_str()),
    ];

    let attempt = |token: &str| {
        let token = token.to_owned();
        let mut filled = trust.map(|(name, value)| (name, value.to_owned())).to_vec();
        filled.extend([("try", "yes".to_owned()), ("token", token)]);
        filled
    };
    for (subject, words) in [
        (
            "shop:other",
            "This token would be refused. Nothing of it was kept.",
        ),
        (
            "shop:other",
            "Its subject (sub) is shop:other; the client trusts shop:reports.",
        ),
        ("shop:reports", "This token would be accepted."),
    ] {
        let filled = attempt(&token(subject));
        let filled: Vec<(&str, &str)> = filled.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let tried = browser.submit(&page, PLATFORM, &filled).await;
        tried.assert_status(200);
        tried.assert_says(words);
    }
    assert_eq!(server.app.registry().client_count(), 0);
    let check = browser.submit(&page, PLATFORM, &trust).await;

    check.assert_at(CHECK);
    check.assert_says("with the tokens of another issuer.");
    let page = browser.submit(&check, CHECK, &[]).await;
    page.assert_at("/clients/mailer");
    page.assert_says("How the workload gets its token");
    page.assert_says("JETON_ASSERTION");
    let reply = present(&server, &token("shop:reports"), "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn a_private_key_among_those_of_a_platform_is_not_shown_again() {
    let server = server().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    browser
        .submit(&page, CREDENTIAL, &[("kind", "platform")])
        .await;
    let page = browser.open(&format!("{PLATFORM}?platform=other")).await;
    let keys = json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    }]});
    let keys = keys.to_string();
    let filled = [
        ("issuer", "https://idp.example"),
        ("subject", "shop:reports"),
        ("jwks", keys.as_str()),
    ];

    let refused = browser.submit(&page, PLATFORM, &filled).await;

    refused.assert_status(422);
    let html = refused.html();
    assert!(!html.contains("nWGxne"), "{html}");
    assert!(html.contains("https://idp.example"), "{html}");
}

#[tokio::test]
async fn each_platform_asks_for_what_is_known_of_a_workload_there_and_going_back_keeps_it() {
    let server = server().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    browser
        .submit(&page, CREDENTIAL, &[("kind", "platform")])
        .await;
    let page = browser.open(&format!("{PLATFORM}?platform=github")).await;

    let wrong = [("repository", "acme"), ("name", "main")];
    let refused = browser.submit(&page, PLATFORM, &wrong).await;
    refused.assert_status(422);
    refused.assert_says("Write the repository as acme/shop");
    let right = [("repository", "acme/shop"), ("name", "main")];
    let check = browser.submit(&page, PLATFORM, &right).await;

    check.assert_says("with the tokens of GitHub Actions.");
    check.assert_says("repo:acme/shop:ref:refs/heads/main");
    let back = browser.open(PLATFORM).await;
    let kept = ("repository".to_owned(), "acme/shop".to_owned());
    assert!(back.form(PLATFORM).contains(&kept));
    let page = browser.submit(&check, CHECK, &[]).await;
    page.assert_says("$ACTIONS_ID_TOKEN_REQUEST_URL");
    let registry = server.app.registry();
    let client = registry.find_client_by_text("mailer").unwrap();
    assert!(matches!(&client.secrets[0].proof, Proof::Federated(it) if it.audience == ISSUER));
}

#[tokio::test]
async fn what_can_not_be_a_credential_is_refused_where_it_stands_and_a_private_key_is_not_shown_again()
 {
    let server = server().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    let dead = certificate(2021);
    let private = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;

    for (filled, words) in [
        (
            &[("kind", "other")][..],
            "Choose what it proves itself with",
        ),
        (
            &[("kind", "certificate"), ("certificate", dead.as_str())],
            "The certificate expired at 2021",
        ),
        (
            &[("kind", "key"), ("key", private.as_str())],
            "This is a private key",
        ),
        (&[("kind", "key"), ("key", jwk)], "This is a private key"),
        (
            &[("kind", "jwks_uri"), ("jwks_uri", "http://svc.example")],
            "https",
        ),
    ] {
        let refused = browser.submit(&page, CREDENTIAL, filled).await;
        refused.assert_status(422);
        refused.assert_says("There is a problem");
        refused.assert_says(words);
        let html = refused.html();
        assert!(!html.contains("PRIVATE KEY-----"), "{html}");
        assert!(!html.contains("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
    }
    browser.open(CHECK).await.assert_at(CREDENTIAL);
}

#[tokio::test]
async fn a_certificate_that_expires_before_the_client_is_made_makes_none() {
    let server = server().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    let mut params = rcgen::CertificateParams::new(vec!["svc.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    let end = server.app.now().seconds() + 60;
    params.not_after = time::OffsetDateTime::from_unix_timestamp(end).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let filled = [("kind", "certificate"), ("certificate", pem.as_str())];
    let check = browser.submit(&page, CREDENTIAL, &filled).await;
    check.assert_at(CHECK);

    server.advance(Span::minutes(2)).await;
    let refused = browser.submit(&check, CHECK, &[]).await;

    refused.assert_status(422);
    refused.assert_says("The certificate expired at");
    assert_eq!(server.app.registry().client_count(), 0);
}

#[tokio::test]
async fn a_form_that_is_sent_again_leads_to_the_client_that_it_made() {
    let server = server().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;
    let jwk = signer(5).public_jwk().unwrap().to_string();
    let filled = [("kind", "key"), ("key", jwk.as_str())];
    let check = browser.submit(&page, CREDENTIAL, &filled).await;
    browser.submit(&check, CHECK, &[]).await;

    let again = browser.submit(&check, CHECK, &[]).await;

    again.assert_at("/clients/mailer");
    again.assert_says("Mailer was made when this form was sent before.");
    again.assert_does_not_say("Its secret is not shown again");
    assert_eq!(server.app.registry().client_count(), 1);
}

/// FP-01, FP-02
#[tokio::test]
async fn a_strict_server_offers_only_what_it_takes() {
    let server = TestServer::with_profile(Profile::Fapi2).await;
    server.api(SALES, "read:analytics").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = begun(&mut browser).await;

    page.assert_says("This server keeps to the FAPI 2.0 security profile");
    page.assert_does_not_say("A client secret");
    page.assert_does_not_say("Tokens of its platform");
    for kind in ["secret", "platform"] {
        let filled = [("kind", kind), ("life", "90d")];
        let refused = browser.submit(&page, CREDENTIAL, &filled).await;
        refused.assert_status(422);
        refused.assert_says("Choose what it proves itself with");
    }
    let weak = Signer::generate(Algorithm::Rs256, &Entropy::seeded(5)).0;
    let weak = weak.public_jwk().unwrap().to_string();
    let filled = [("kind", "key"), ("key", weak.as_str())];
    let refused = browser.submit(&page, CREDENTIAL, &filled).await;
    refused.assert_status(422);
    refused.assert_says("This key signs with RS256");
    let strong = signer(5).public_jwk().unwrap().to_string();
    let filled = [("kind", "key"), ("key", strong.as_str())];
    let check = browser.submit(&page, CREDENTIAL, &filled).await;
    let page = browser.submit(&check, CHECK, &[]).await;

    page.assert_at("/clients/mailer");
    page.assert_says("DPoP");
    assert_eq!(methods(&server), [Method::PrivateKeyJwt]);
    let federate = "/clients/mailer/credentials/federate";
    let page = browser.open("/clients/mailer/credentials/replace").await;
    page.assert_does_not_say("trust the platform");
    let page = browser.open(&format!("{federate}?platform=github")).await;
    let trust = [("repository", "acme/shop"), ("name", "main")];
    let refused = browser.submit(&page, federate, &trust).await;
    refused.assert_status(422);
    refused.assert_says("The profile fapi2 of this server does not take this");
}
