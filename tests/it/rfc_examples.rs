//! The RFCs' own examples, sent as they are printed.

use jeton::oauth::reason::ErrorCode;

use crate::harness::{reply::Reply, server::TestServer};

const FORM: &str = "application/x-www-form-urlencoded";

async fn server() -> TestServer {
    let server = TestServer::start().await;
    server.api("https://rs.example.com/", "read write").await;
    server
}

async fn present(server: &TestServer, authorization: &str, body: &str) -> Reply {
    let request = server.request("POST", "/oauth2/token");
    let request = request.header("authorization", authorization);
    request
        .header("content-type", FORM)
        .body(body.to_owned())
        .send()
        .await
}

/// The client `s6BhdRkqt3` of RFC 6749, with the secret that its headers carry.
async fn the_rfc_s_client(server: &TestServer, secret: &str) {
    let client = server.client_with_secret("s6BhdRkqt3", Some(secret)).await;
    client
        .granted("https://rs.example.com/", "read write")
        .await;
}

#[tokio::test]
async fn rfc_6749_2_3_1_basic_header_of_the_client() {
    let server = server().await;
    the_rfc_s_client(&server, "7Fjfp0ZBr1KtDRbnfVdmIw").await;

    let header = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3";
    let reply = present(&server, header, "grant_type=client_credentials").await;

    reply.assert_issued();
}

/// The request of RFC 6749 §2.3.1, but for the grant, which is not one of ours.
#[tokio::test]
async fn rfc_6749_2_3_1_credentials_in_the_body() {
    let server = server().await;
    the_rfc_s_client(&server, "7Fjfp0ZBr1KtDRbnfVdmIw").await;
    let body = "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA\
        &client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw";

    let reply = server.post_form(body).await;
    reply.assert_refused(ErrorCode::UnsupportedGrantType);
    let ours = body.replace("grant_type=refresh_token", "grant_type=client_credentials");
    server.post_form(&ours).await.assert_issued();
}

#[tokio::test]
async fn rfc_6749_4_4_2_access_token_request() {
    let server = server().await;
    the_rfc_s_client(&server, "gX1fBat3bV").await;

    let header = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
    let reply = present(&server, header, "grant_type=client_credentials").await;

    reply.assert_issued();
}

/// The refusals of RFC 6749 §5.2 for the requests of §4.1.3 and §4.3.2, whose grants are not ours.
#[tokio::test]
async fn rfc_6749_4_1_3_and_4_3_2_other_grants() {
    let server = server().await;
    the_rfc_s_client(&server, "gX1fBat3bV").await;
    let header = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
    for body in [
        "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA\
            &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb",
        "grant_type=password&username=johndoe&password=A3ddj3w",
    ] {
        let reply = present(&server, header, body).await;
        reply.assert_refused(ErrorCode::UnsupportedGrantType);
    }
}

/// T-01, CS-02: the text of Appendix B as a secret.
#[tokio::test]
async fn rfc_6749_appendix_b_encoding() {
    let server = server().await;
    let secret = " %&+";
    let client = server.client_with_secret("s6BhdRkqt3", Some(secret)).await;
    client.granted("https://rs.example.com/", "read").await;

    let body = "grant_type=client_credentials&client_id=s6BhdRkqt3&client_secret=+%25%26%2B";

    server.post_form(body).await.assert_issued();
}

#[tokio::test]
async fn rfc_7617_2_aladdin() {
    let server = server().await;
    let aladdin = server
        .client_with_secret("Aladdin", Some("open sesame"))
        .await;
    aladdin.granted("https://rs.example.com/", "read").await;

    let header = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    let reply = present(&server, header, "grant_type=client_credentials").await;

    reply.assert_issued();
}

/// The request of RFC 8707 §2.2 with our grant: two resources would be two audiences.
#[tokio::test]
async fn rfc_8707_2_2_resource_of_a_token_request() {
    let server = TestServer::start().await;
    server.api("https://cal.example.com/", "calendar").await;
    server
        .api("https://contacts.example.com/", "contacts")
        .await;
    let client = server
        .client_with_secret("s6BhdRkqt3", Some("gX1fBat3bV"))
        .await;
    let client = client.granted("https://cal.example.com/", "calendar").await;
    client
        .granted("https://contacts.example.com/", "contacts")
        .await;
    let header = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
    let one = "grant_type=client_credentials&resource=https%3A%2F%2Fcal.example.com%2F";

    let token = present(&server, header, one).await.assert_issued();
    assert_eq!(token.claims["aud"], "https://cal.example.com/");
    let two = format!("{one}&resource=https%3A%2F%2Fcontacts.example.com%2F");
    present(&server, header, &two)
        .await
        .assert_refused(ErrorCode::InvalidTarget);
}

/// RFC 8414 §3.1
#[tokio::test]
async fn rfc_8414_3_1_metadata_request() {
    let server = TestServer::with_issuer("https://example.com/issuer1").await;

    let reply = server
        .get("/.well-known/oauth-authorization-server/issuer1")
        .await;

    assert_eq!(reply.json()["issuer"], "https://example.com/issuer1");
}
