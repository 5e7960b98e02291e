//! The server's own certificate, on every face: which it is, until when, and what is wrong with it.

use jeton::domain::{
    permission::Role,
    server_certificate::{CertificateSource, CertificateStatus, ShownCertificate},
    time::Span,
};
use serde_json::json;

use crate::harness::server::TestServer;

const PROBLEM: &str = "the directory could not verify as.test: no route to <192.0.2.1>";

/// A certificate that the server got itself, of which `left` is left.
fn issued(server: &TestServer, left: Span, problem: Option<&str>) -> CertificateStatus {
    let now = server.app.now();
    CertificateStatus {
        source: CertificateSource::Directory {
            url: "https://ca.test/directory".to_owned(),
            domains: vec!["as.test".to_owned()],
            next: now.plus(Span::minutes(20)),
        },
        shown: Some(ShownCertificate {
            names: vec!["as.test".to_owned(), "192.0.2.1".to_owned()],
            issuer: "CN=R11,O=Test Authority,C=DE".to_owned(),
            not_before: now.minus(Span::days(60)),
            not_after: now.plus(left),
        }),
        problem: problem.map(str::to_owned),
    }
}

/// A certificate in a file, of which `left` is left.
fn in_a_file(server: &TestServer, left: Span) -> CertificateStatus {
    CertificateStatus {
        source: CertificateSource::File("/etc/jeton/as.pem".to_owned()),
        ..issued(server, left, None)
    }
}

#[tokio::test]
async fn without_tls_there_is_no_certificate_to_tell_of() {
    let server = TestServer::start().await;
    let told = server.owner().read("/server").await;

    assert_eq!(told["ready"], "ready");
    assert_eq!(told["problems"], json!([]));
    assert_eq!(told.get("certificate"), None);
    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open("/settings/about").await;
    page.assert_says("None: this server speaks plain HTTP.");
}

#[tokio::test]
async fn a_certificate_that_is_well_is_told_of_and_needs_nobody() {
    let server = TestServer::start().await;
    server
        .app
        .note_certificate(issued(&server, Span::days(30), None));
    let now = server.app.now();

    let told = server.owner().read("/server").await;

    assert_eq!(told["ready"], "ready");
    assert_eq!(
        told["certificate"],
        json!({
            "source": "acme",
            "directory": "https://ca.test/directory",
            "names": ["as.test", "192.0.2.1"],
            "issuer": "CN=R11,O=Test Authority,C=DE",
            "not_before": now.minus(Span::days(60)).to_string(),
            "not_after": now.plus(Span::days(30)).to_string(),
            "next_try_at": now.plus(Span::minutes(20)).to_string(),
        })
    );
    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open("/settings/about").await;
    page.assert_says("Certificate Valid");
    page.assert_says("Issued by CN=R11,O=Test Authority,C=DE");
    page.assert_says("The directory https://ca.test/directory");
    page.assert_does_not_say("Last failure");
    let page = browser.open("").await;
    page.assert_says("Nothing needs you. Next: The server's TLS certificate is renewed");
}

#[tokio::test]
async fn a_renewal_that_fails_is_told_with_its_reason_wherever_operators_look() {
    let server = TestServer::start().await;
    server
        .app
        .note_certificate(issued(&server, Span::days(20), Some(PROBLEM)));

    let told = server.owner().read("/server").await;
    let why = "The TLS certificate for as.test could not be renewed and expires";
    assert_eq!(told["ready"], "degraded");
    let problem = told["problems"][0].as_str().unwrap();
    assert!(problem.starts_with(why), "{problem}");
    assert!(problem.contains(PROBLEM), "{problem}");
    assert_eq!(told["certificate"]["last_failure"], PROBLEM);

    let list = server.owner().read("/attention").await;
    assert_eq!(
        list["server"],
        json!([{
            "rule": "certificate_not_renewed",
            "level": "warning",
            "reason": problem,
            "action": "Look into it",
        }])
    );

    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("").await;
    page.assert_says("Needs attention This server");
    page.assert_says(
        "Not renewed This server The TLS certificate for as.test could not be renewed",
    );
    assert_eq!(page.text().matches(PROBLEM).count(), 1, "it is said once");
    page.assert_says("Health Needs a look “Needs attention”, above, says what is the matter.");
    page.assert_does_not_say("Postpone");
    let page = browser.open("/settings/about").await;
    assert_eq!(page.text().matches(PROBLEM).count(), 1, "it is said once");
    page.assert_does_not_say("Last failure");
    page.assert_says("in 20 minutes");
}

#[tokio::test]
async fn whether_it_is_ready_is_told_to_anybody_and_why_to_nobody() {
    let server = TestServer::start().await;
    server
        .app
        .note_certificate(issued(&server, Span::days(20), Some(PROBLEM)));

    let ready = server.get("/health/ready").await;

    ready.assert_status(200);
    assert_eq!(ready.json(), json!({"status": "degraded"}));
}

#[tokio::test]
async fn a_certificate_in_a_file_that_ends_soon_needs_somebody_while_all_is_well() {
    let server = TestServer::start().await;
    server
        .app
        .note_certificate(in_a_file(&server, Span::days(12)));
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("").await;
    page.assert_says("Expires soon This server The TLS certificate in /etc/jeton/as.pem expires");
    page.assert_says("All is well");
    let list = server.owner().read("/attention").await;
    assert_eq!(list["server"][0]["rule"], "certificate_ends_soon");
    assert_eq!(list["server"][0]["level"], "warning");

    server.advance(Span::days(10)).await;
    let list = server.owner().read("/attention").await;
    assert_eq!(list["server"][0]["level"], "danger");
    let told = server.owner().read("/server").await;
    assert_eq!(told["ready"], "ready");

    server.advance(Span::days(3)).await;
    let told = server.owner().read("/server").await;
    assert_eq!(told["ready"], "degraded");
    let problem = told["problems"][0].as_str().unwrap();
    assert!(problem.contains("no client accepts it"), "{problem}");
}
