//! A client that trusts its platform: the guided form, and the dry run that says why a token would not do.

use jeton::{
    crypto::signer::{Signer, Typ},
    domain::{permission::Role, secret::Proof},
};
use serde_json::{Value, json};

use super::rotation::{CREDENTIALS, report_service, to};
use crate::harness::{
    assertion::{present, signer},
    browser::{Browser, Page},
    server::{ISSUER, TestServer},
};

async fn federate(browser: &mut Browser<'_>, platform: &str, filled: &[(&str, &str)]) -> Page {
    let form = to("federate");
    let page = browser.open(&format!("{form}?platform={platform}")).await;
    browser.submit(&page, &form, filled).await
}

/// Issuer and subject of what the client trusts.
fn trusts(server: &TestServer) -> Vec<(String, String)> {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("report-service").unwrap();
    let live = client.live_secrets(server.app.now());
    let mut trusts = Vec::new();
    for secret in live {
        if let Proof::Federated(trust) = &secret.proof {
            trusts.push((trust.issuer.clone(), trust.subject.clone()));
        }
    }
    trusts
}

/// CP-01, CF-05
#[tokio::test]
async fn a_trust_domain_is_trusted_without_an_issuer_and_a_trust_says_how_tokens_are_signed() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let id = "spiffe://acme.example/reports";
    let filled = [("subject", id), ("algorithms", "ES256")];
    let page = federate(&mut browser, "spiffe", &filled).await;
    page.assert_status(422);
    page.assert_says("Where is the trust domain's bundle?");

    let bundle = json!({ "keys": [signer(5).public_jwk().unwrap()] }).to_string();
    let filled = [
        ("subject", id),
        ("jwks", &bundle),
        ("algorithms", "ES256, PS256"),
        ("overlap", "now"),
    ];
    let page = federate(&mut browser, "spiffe", &filled).await;

    page.assert_at(CREDENTIALS);
    page.assert_says("ES256 PS256");
    let expected = ("spiffe://acme.example".to_owned(), id.to_owned());
    assert_eq!(trusts(&server), [expected]);
}

/// CF-06, CF-08
#[tokio::test]
async fn each_platform_has_a_form_that_asks_for_what_is_known_of_a_workload() {
    let kubernetes = "https://cluster.example";
    for (platform, filled, issuer, subject) in [
        (
            "github",
            &[("repository", "acme/shop"), ("name", "main")][..],
            "https://token.actions.githubusercontent.com",
            "repo:acme/shop:ref:refs/heads/main",
        ),
        (
            "github",
            &[("repository", "acme@12/shop@74"), ("name", "main")],
            "https://token.actions.githubusercontent.com",
            "repo:acme@12/shop@74:ref:refs/heads/main",
        ),
        (
            "gitlab",
            &[("project", "acme/tools/shop"), ("name", "main")],
            "https://gitlab.com",
            "project_path:acme/tools/shop:ref_type:branch:ref:main",
        ),
        (
            "kubernetes",
            &[
                ("namespace", "shop"),
                ("account", "reports"),
                ("issuer", kubernetes),
            ],
            kubernetes,
            "system:serviceaccount:shop:reports",
        ),
        (
            "spiffe",
            &[
                ("subject", "spiffe://acme.example/reports"),
                ("issuer", "https://spire.example"),
            ],
            "https://spire.example",
            "spiffe://acme.example/reports",
        ),
        (
            "other",
            &[
                ("subject", "me"),
                ("issuer", "https://idp.example"),
                ("claims", "team=shop"),
            ],
            "https://idp.example",
            "me",
        ),
    ] {
        let server = TestServer::start().await;
        report_service(&server).await;
        let mut browser = server.signed_in(Role::Operator).await;

        let page = federate(&mut browser, platform, filled).await;

        page.assert_at(CREDENTIALS);
        page.assert_says("It may show its platform’s tokens from now on.");
        assert_eq!(trusts(&server), [(issuer.to_owned(), subject.to_owned())]);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_trust_is_said_where_it_stands() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    for (platform, filled, words) in [
        (
            "github",
            &[("repository", "acme"), ("name", "main")][..],
            "Write the repository as acme/shop",
        ),
        (
            "github",
            &[("repository", "acme/shop"), ("name", "")],
            "Enter the name of the branch, tag or environment",
        ),
        (
            "kubernetes",
            &[("namespace", "*"), ("account", "*"), ("issuer", "")],
            "Enter the issuer",
        ),
        (
            "other",
            &[("subject", "*"), ("issuer", "https://idp.example")],
            "every workload",
        ),
        (
            "other",
            &[("subject", "me"), ("issuer", "http://idp.example")],
            "https",
        ),
        (
            "spiffe",
            &[("subject", "acme"), ("issuer", "https://a.example")],
            "begins with spiffe://",
        ),
    ] {
        let page = federate(&mut browser, platform, filled).await;
        page.assert_status(422);
        page.assert_says("There is a problem");
        page.assert_says(words);
    }
    assert!(trusts(&server).is_empty());
    let page = browser.post(&to("federate"), &[("platform", "mars")]).await;
    page.assert_status(400);
}

#[tokio::test]
async fn a_private_key_among_an_issuers_keys_is_not_shown_again() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let keys = json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    }]});
    let keys = keys.to_string();
    let filled = [
        ("issuer", "https://idp.example"),
        ("subject", "me"),
        ("jwks", keys.as_str()),
    ];

    let refused = federate(&mut browser, "other", &filled).await;

    refused.assert_status(422);
    let html = refused.html();
    assert!(!html.contains("nWGxne"), "{html}");
    assert!(html.contains("https://idp.example"), "{html}");
}

/// A token of the platform, for the audience.
fn token(server: &TestServer, signer: &Signer, more: &Value) -> String {
    let now = server.app.now().seconds();
    let mut claims = json!({
        "iss": "https://idp.example", "sub": "shop:reports", "aud": ISSUER, "iat": now, "exp": now + 300,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    signer
        .sign(Typ::ClientAuthentication, claims.to_string().as_bytes())
        .unwrap()
}

/// A client that trusts the platform whose key is `signer`, and nothing else.
async fn trusting<'s>(server: &'s TestServer, signer: &Signer) -> Browser<'s> {
    report_service(server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let keys = json!({ "keys": [signer.public_jwk().unwrap()] }).to_string();
    let filled = [
        ("subject", "shop:reports"),
        ("issuer", "https://idp.example"),
        ("jwks", &keys),
        ("overlap", "now"),
    ];
    let page = federate(&mut browser, "other", &filled).await;
    page.assert_at(CREDENTIALS);
    browser
}

async fn dry_run(browser: &mut Browser<'_>, token: &str) -> Page {
    let page = browser.open(&to("dry-run")).await;
    browser
        .submit(&page, &to("dry-run"), &[("token", token)])
        .await
}

#[tokio::test]
async fn a_client_that_trusts_nobody_has_nothing_to_try() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    browser
        .open(&to("dry-run"))
        .await
        .assert_says("trusts no other issuer");
}

/// CF-02, CF-03, CF-04
#[tokio::test]
async fn a_dry_run_tells_why_a_token_would_be_refused() {
    let server = TestServer::start().await;
    let platform = signer(5);
    let mut browser = trusting(&server, &platform).await;
    let now = server.app.now().seconds();
    let changed = |more: Value| token(&server, &platform, &more);
    for (token, words) in [
        (
            changed(json!({ "sub": "shop:other" })),
            "Its subject (sub) is shop:other; the client trusts shop:reports.",
        ),
        (
            changed(json!({ "iss": "https://other.example" })),
            "Its issuer (iss) is https://other.example",
        ),
        (
            changed(json!({ "aud": "https://other.example" })),
            "Its audience (aud) is",
        ),
        (
            changed(json!({ "exp": now - 1 })),
            "The assertion has expired.",
        ),
        (
            changed(json!({ "iat": now - 7200 })),
            "The assertion was issued too long ago",
        ),
        (
            token(&server, &signer(6), &json!({})),
            "None of the issuer's keys signed it.",
        ),
        ("nonsense".to_owned(), "It cannot be read"),
    ] {
        let page = dry_run(&mut browser, &token).await;
        page.assert_status(200);
        page.assert_says("Would be refused");
        page.assert_says(words);
    }
}

/// CF-01
#[tokio::test]
async fn a_dry_run_accepts_what_the_token_endpoint_does() {
    let server = TestServer::start().await;
    let platform = signer(5);
    let mut browser = trusting(&server, &platform).await;
    browser.open(CREDENTIALS).await.assert_says("Try a token");
    let good = token(&server, &platform, &json!({}));

    let page = dry_run(&mut browser, &good).await;

    page.assert_says("Would be accepted");
    assert_eq!(trusts(&server).len(), 1);
    let reply = present(&server, &good, "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Nobody who may not change a client's credentials has its tokens checked.
#[tokio::test]
async fn a_viewer_trusts_nobody_and_tries_nothing() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;
    for page in ["federate", "dry-run"] {
        browser.open(&to(page)).await.assert_status(403);
        browser
            .post(&to(page), &[("platform", "github")])
            .await
            .assert_status(403);
    }
}
