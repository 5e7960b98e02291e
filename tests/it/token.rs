//! The token endpoint: what is asked for, and what comes back.

mod over_http;

use jeton::{
    crypto::signer::Algorithm,
    domain::{
        time::{Lifetime, Span},
        usage::{Asked, Outcome},
    },
    oauth::reason::ErrorCode,
    store::UsageOf,
};
use serde_json::json;

use crate::harness::{
    caller::{Client, encode, token_form},
    server::{ISSUER, START, TestServer},
};

const SALES: &str = "https://sales.example/";

/// The Report Service of the story.
async fn report_service(server: &TestServer) -> Client<'_> {
    server.api(SALES, "read:analytics write:analytics").await;
    let client = server.client("report-service").await;
    client.granted(SALES, "read:analytics").await
}

/// G1, T-01, T-20, T-21, T-22, T-23, T-24, T-28, AT-02, AT-06
#[tokio::test]
async fn a_service_gets_a_token_for_its_api() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    let form = format!(
        "{}&resource={}",
        token_form("read:analytics"),
        encode(SALES)
    );
    let token = service.ask(&form).await.assert_issued();

    assert_eq!(token.scope, "read:analytics");
    let keys = server.get("/oauth2/jwks").await.json();
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": keys["keys"][0]["kid"] });
    assert_eq!(token.header, header);
    let jti = token.claims["jti"].clone();
    assert_eq!(jti.as_str().unwrap().len(), 22);
    let claims = json!({
        "iss": ISSUER, "sub": "report-service", "client_id": "report-service", "aud": SALES,
        "scope": "read:analytics", "iat": START.0, "exp": START.0 + 3600, "jti": jti,
    });
    assert_eq!(token.claims, claims);
}

/// T-27
#[tokio::test]
async fn asking_twice_gives_two_tokens() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    let one = service.request_token("").await.assert_issued();
    let two = service.request_token("").await.assert_issued();

    assert_ne!(one.text, two.text);
    assert_ne!(one.claims["jti"], two.claims["jti"]);
}

/// AT-01, AT-11
#[tokio::test]
async fn each_api_gets_the_algorithm_it_asked_for() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    for algorithm in [Algorithm::EdDsa, Algorithm::Hs256] {
        let api = format!("urn:api:{algorithm}");
        server.api_with(&api, "read", algorithm).await;
        let service = service.clone().granted(&api, "read").await;
        let token = service
            .ask(&format!("{}&audience={api}", token_form("")))
            .await;
        assert_eq!(token.assert_issued().header["alg"], algorithm.as_str());
    }
    let keys = server.get("/oauth2/jwks").await.json();
    let algorithms: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["alg"])
        .collect();
    assert_eq!(
        algorithms,
        ["ES256", "EdDSA"],
        "a shared key is not published"
    );
}

/// T-28
#[tokio::test]
async fn a_client_may_have_shorter_tokens_than_its_api() {
    use jeton::admin::clients::EditClient;
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    let mut edit = EditClient::of(service.client_id());
    edit.token_lifetime = Some(Some(Lifetime::try_from(300).unwrap()));
    server.run(edit).await;

    let reply = service.request_token("").await;
    reply.assert_issued();
    assert_eq!(reply.json()["expires_in"], 300);
}

/// T-01, T-02, T-03, T-11
#[tokio::test]
async fn a_form_is_decoded_strictly() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    for good in [
        "gr%61nt_type=client_credentials&scope=read%3aanalytics",
        "grant_type=client%5Fcredentials&foo=bar&a[b]=c&code=1&redirect_uri=x&username=u&assertion=y",
        "&grant_type=client_credentials&&scope=",
    ] {
        service.ask(good).await.assert_issued();
    }
    for bad in [
        "grant_type=client_credentials&scope=%",
        "grant_type=client_credentials&scope=%4",
        "grant_type=client_credentials&x=%zz",
        "grant_type=client_credentials&scope=%C0%AF",
        "grant_type=client_credentials&scope=%ED%A0%80",
        "Grant_Type=client_credentials",
        "grant_type=client_credentials;scope=read:analytics&grant_type=x",
    ] {
        service
            .ask(bad)
            .await
            .assert_refused(ErrorCode::InvalidRequest);
    }
}

/// G6, T-04, T-05, T-06, T-10
#[tokio::test]
async fn a_parameter_stands_once_and_an_empty_one_not_at_all() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let refused = async |form: &str| {
        service
            .ask(form)
            .await
            .assert_refused(ErrorCode::InvalidRequest);
    };

    refused("grant_type=client_credentials&grant_type=client_credentials").await;
    refused("grant_type=client_credentials&scope=a&scope=a").await;
    refused("grant_type=client_credentials&scope=a&sc%6Fpe=a").await;
    refused("grant_type=client_credentials&client_id=report-service&client_id=report-service")
        .await;
    refused("grant_type=client_credentials&audience=a&audience=a").await;
    refused("grant_type=").await;
    refused("scope=read%3Aanalytics").await;
    refused("grant_type=client_credentials&client_id=report-service%00").await;
    let control = service
        .ask("grant_type=client_credentials&scope=a%0Ab")
        .await;
    control.assert_refused(ErrorCode::InvalidScope);
    let empty =
        "grant_type=client_credentials&scope=&client_secret=&resource=&audience=&client_id=";
    service.ask(empty).await.assert_issued();
}

/// G7, T-07
#[tokio::test]
async fn there_is_one_grant_type() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    for other in [
        "password&username=a&password=b",
        "authorization_code&code=x",
        "refresh_token&refresh_token=x",
        "foo",
        "Client_Credentials",
        "client_credentials%20",
    ] {
        let reply = service.ask(&format!("grant_type={other}")).await;
        reply.assert_refused(ErrorCode::UnsupportedGrantType);
    }
}

/// H-23: with the clock before its first key the server cannot sign, and says so.
#[tokio::test]
async fn without_a_key_in_force_the_server_is_unavailable() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;

    server.rewind(Span::hours(1));

    let reply = service.request_token("").await;
    reply.assert_refused(ErrorCode::TemporarilyUnavailable);
    assert_eq!(reply.header("retry-after"), "1");
    server.advance(Span::hours(1)).await;
    service.request_token("").await.assert_issued();
}

/// CA-08: what was issued and what was refused is on record, with what it takes to ask who it was.
#[tokio::test]
async fn every_request_is_counted_for_whom_it_concerns() {
    let server = TestServer::start().await;
    let service = report_service(&server).await;
    let agent = |secret: &str| {
        let basic = service.with_secret(secret).basic();
        server
            .request("POST", "/oauth2/token")
            .header("authorization", &basic)
            .header("user-agent", "reports/1.0")
            .form(&token_form("read:analytics"))
    };

    agent(&service.secret).send().await.assert_issued();
    agent("wrong")
        .send()
        .await
        .assert_refused(ErrorCode::InvalidClient);
    service
        .request_token("nope")
        .await
        .assert_refused(ErrorCode::InvalidScope);
    server
        .stranger()
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);

    let tally = server.app.usage(UsageOf::Everyone).await.unwrap();
    let mut outcomes: Vec<_> = tally
        .days
        .iter()
        .flat_map(|((subject, _), hours)| {
            let known = (subject.client.is_some(), subject.secret.is_some());
            hours
                .iter()
                .map(move |(hour, count)| (hour.outcome, known, *count))
        })
        .collect();
    outcomes.sort_unstable();
    assert_eq!(
        outcomes,
        [
            (Outcome::Issued, (true, true), 1),
            (Outcome::UnknownClient, (false, false), 1),
            (Outcome::WrongSecret, (true, false), 1),
            (Outcome::InvalidScope, (true, true), 1),
        ]
    );
    let (_, last) = tally.last.iter().next().unwrap();
    assert_eq!(last.address.to_string(), "192.0.2.7");
    assert_eq!(last.agent.as_deref(), Some("reports/1.0"));
    assert_eq!((last.at, last.count), (START, 1));
    let (_, scope) = tally.scopes.iter().next().unwrap();
    assert_eq!((scope.named, scope.default), (1, 0), "{:?}", Asked::ByName);
}
