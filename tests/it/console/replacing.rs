//! A client that moves from its secret to a certificate or a key.

use jeton::domain::{credential::Method, permission::Role};

use super::rotation::{CREDENTIALS, report_service, to, works};
use crate::harness::{
    browser::{Browser, Page},
    certificates::self_signed,
    server::TestServer,
};

/// Valid from one year to another by this clock.
fn certificate(years: (i32, i32)) -> String {
    self_signed("svc.example", years)
}

async fn replace(browser: &mut Browser<'_>, filled: &[(&str, &str)]) -> Page {
    let page = browser.open(&to("replace")).await;
    browser.submit(&page, &to("replace"), filled).await
}

fn methods(server: &TestServer) -> Vec<Method> {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("report-service").unwrap();
    client.methods(server.app.now()).into_iter().collect()
}

#[tokio::test]
async fn a_client_gets_a_certificate_beside_its_secret_and_the_page_tells_what_it_is() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let pem = certificate((2020, 2028));
    let mut browser = server.signed_in(Role::Operator).await;

    let page = replace(
        &mut browser,
        &[("kind", "certificate"), ("certificate", &pem)],
    )
    .await;

    page.assert_at(CREDENTIALS);
    page.assert_says("The new credential works from now on.");
    assert_eq!(
        methods(&server),
        [Method::ClientSecret, Method::SelfSignedTlsClientAuth]
    );
    assert!(works(&old).await);
    let page = browser.open(CREDENTIALS).await;
    page.assert_says("2028");
}

#[tokio::test]
async fn each_kind_of_credential_is_taken_and_the_old_one_may_stop_at_once() {
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    for (filled, method) in [
        (
            &[
                ("kind", "subject"),
                ("subject_name", "tls_client_auth_san_uri"),
                ("subject", "spiffe://example/svc"),
            ][..],
            Method::TlsClientAuth,
        ),
        (&[("kind", "key"), ("key", key)], Method::PrivateKeyJwt),
        (
            &[("kind", "certificate_key"), ("certificate_key", key)],
            Method::SelfSignedTlsClientAuth,
        ),
        (
            &[
                ("kind", "jwks_uri"),
                ("jwks_uri", "https://svc.example/jwks"),
            ],
            Method::PrivateKeyJwt,
        ),
    ] {
        let server = TestServer::start().await;
        let old = report_service(&server).await;
        let mut browser = server.signed_in(Role::Operator).await;

        let page = replace(&mut browser, &[filled, &[("overlap", "now")]].concat()).await;

        page.assert_at(CREDENTIALS);
        assert_eq!(methods(&server), [method]);
        assert!(!works(&old).await);
        let page = browser.open(CREDENTIALS).await;
        assert!(page.text().contains("Kind"), "{}", page.text());
    }
}

#[tokio::test]
async fn what_cannot_be_a_credential_is_refused_where_it_stands() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let dead = certificate((2020, 2021));
    let mut browser = server.signed_in(Role::Operator).await;

    for (filled, words) in [
        (
            &[("kind", "certificate"), ("certificate", "x")][..],
            "no X.509 certificate",
        ),
        (
            &[("kind", "certificate"), ("certificate", dead.as_str())],
            "expired at 2021",
        ),
        (
            &[
                ("kind", "subject"),
                ("subject_name", "tls_client_auth_subject_dn"),
                ("subject", "nobody"),
            ],
            "RFC 4514",
        ),
        (&[("kind", "key"), ("key", "{}")], "JWK"),
        (
            &[("kind", "certificate_key"), ("certificate_key", "{}")],
            "JWK",
        ),
        (
            &[("kind", "other")],
            "Choose what the client proves itself with",
        ),
    ] {
        let page = replace(&mut browser, filled).await;
        page.assert_status(422);
        page.assert_says(words);
        page.assert_says("There is a problem");
    }
    assert_eq!(methods(&server), [Method::ClientSecret]);
    assert!(works(&old).await);
}

#[tokio::test]
async fn a_viewer_gives_nobody_a_credential() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    browser.open(&to("replace")).await.assert_status(403);
    let page = browser.post(&to("replace"), &[("kind", "key")]).await;

    page.assert_status(403);
}
