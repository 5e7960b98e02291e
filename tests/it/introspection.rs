//! `POST /oauth2/introspect`: what a resource server learns of a token (RFC 7662, RFC 9701).

use jeton::{
    admin::clients::{DisableClient, EditClient, EnableClient, RemoveClient, RevokeTokens},
    crypto::{jws::decode_unverified, signer::Algorithm, verifier::verify_with_jwk},
    domain::time::Span,
};
use serde_json::{Value, json};

use crate::harness::{
    assertion::{claims, sign, signer},
    caller::{Client, Request, encode},
    dpop::Key,
    reply::Reply,
    server::TestServer,
};

const SHOP: &str = "urn:shop";

const INACTIVE: &str = r#"{"active":false}"#;

/// A client that gets tokens for the shop.
async fn buyer(server: &TestServer) -> Client<'_> {
    server.api(SHOP, "read write").await;
    server.client("buyer").await.granted(SHOP, "read").await
}

/// The resource server of an API.
async fn looking_after<'s>(server: &'s TestServer, id: &str, api: &str) -> Client<'s> {
    let client = server.client(id).await;
    let edit = EditClient {
        introspects: Some([api.parse().unwrap()].into()),
        ..EditClient::of(client.client_id())
    };
    server.run(edit).await;
    client
}

async fn token_of(client: &Client<'_>) -> String {
    let reply = client.request_token("").await;
    reply.assert_status(200);
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

fn request<'s>(client: &Client<'s>) -> Request<'s> {
    Request::new(client.server(), "POST", "/oauth2/introspect")
        .header("authorization", &client.basic())
}

async fn ask(client: &Client<'_>, token: &str) -> Reply {
    let form = format!("token={}", encode(token));
    request(client).form(&form).send().await
}

#[track_caller]
fn assert_inactive(reply: &Reply) {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body, INACTIVE.as_bytes(), "{reply:?}");
}

/// IN-01, IN-03, IN-07, IN-10, IN-13
#[tokio::test]
async fn the_resource_server_is_told_what_a_token_says() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let token = token_of(&buyer).await;

    for hint in [
        "",
        "&token_type_hint=access_token",
        "&token_type_hint=foo",
        "&x=y",
    ] {
        let form = format!("token={token}{hint}");
        let reply = request(&shop).form(&form).send().await;
        reply.assert_status(200);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "no-store");
        let now = server.app.now().seconds();
        let mut answer = reply.json();
        assert!(answer["jti"].take().is_string());
        let expected = json!({
            "active": true, "scope": "read", "client_id": "buyer", "token_type": "Bearer",
            "exp": now + 3600, "iat": now, "sub": "buyer", "aud": SHOP,
            "iss": "https://as.test", "jti": null,
        });
        assert_eq!(answer, expected, "{hint}");
    }
}

/// IN-01
#[tokio::test]
async fn a_request_without_a_token_or_with_two_is_malformed() {
    let server = TestServer::start().await;
    buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;

    for form in ["", "token=", "token=a&token=b", "x=y"] {
        let reply = request(&shop).form(form).send().await;
        reply.assert_status(400);
        assert_eq!(reply.json()["error"], "invalid_request", "{form}");
    }
    let get = Request::new(&server, "GET", "/oauth2/introspect")
        .send()
        .await;
    get.assert_status(405);
    assert_eq!(get.header("allow"), "POST, OPTIONS");
    let query = Request::new(&server, "POST", "/oauth2/introspect?token=x")
        .header("authorization", &shop.basic())
        .form("token=x");
    query.send().await.assert_status(400);
}

/// IN-02
#[tokio::test]
async fn nobody_is_told_anything_without_proving_who_they_are() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let form = format!("token={}", token_of(&buyer).await);

    let anonymous = Request::new(&server, "POST", "/oauth2/introspect").form(&form);
    let wrong = request(&shop.with_secret("wrong")).form(&form);
    let bearer = Request::new(&server, "POST", "/oauth2/introspect")
        .header("authorization", "Bearer x")
        .form(&form);

    for request in [anonymous, wrong, bearer] {
        let reply = request.send().await;
        reply.assert_status(401);
        assert_eq!(reply.json()["error"], "invalid_client");
        assert!(reply.header("www-authenticate").starts_with("Basic "));
    }
    let body = format!(
        "{form}&client_id=shop&client_secret={}",
        shop.secret.as_str()
    );
    let by_body = Request::new(&server, "POST", "/oauth2/introspect").form(&body);
    assert_eq!(by_body.send().await.json()["active"], true);
}

/// IN-04, IN-09
#[tokio::test]
async fn whatever_does_not_count_is_inactive_and_no_more_is_said() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let token = token_of(&buyer).await;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let mut altered: Vec<u8> = signature.bytes().collect();
    altered[5] = if altered[5] == b'A' { b'B' } else { b'A' };
    let altered = format!("{head}.{}", String::from_utf8(altered).unwrap());
    let elsewhere = TestServer::with_issuer("https://other.test").await;
    let foreign = token_of(&self::buyer(&elsewhere).await).await;
    let assertion = sign(&signer(1), &claims(&server, "buyer", "one"));
    let url = "https://as.test/oauth2/introspect";
    let proof = Key::new().proof(("POST", url), server.app.now(), &json!({}));
    let made = json!({ "note": "Build farm", "expires_in": "1d" });
    let made = server.owner().post("/registration-tokens", made).await;
    made.assert_status(201);
    let registration = made.json()["token"].as_str().unwrap().to_owned();

    for not in [
        "x",
        "a.b.c",
        altered.as_str(),
        &foreign,
        buyer.secret.as_str(),
        &token[1..],
        &"x".repeat(15_000),
        "\u{1}\u{7f}",
        &assertion,
        &proof,
        &registration,
    ] {
        assert_inactive(&ask(&shop, not).await);
    }
    server.advance(Span::hours(1)).await;
    assert_inactive(&ask(&shop, &token).await);
}

/// IN-05, IN-06, IN-11
#[tokio::test]
async fn only_the_resource_server_of_a_token_s_api_learns_of_it() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    server.api("urn:bank", "pay").await;
    let bank = looking_after(&server, "bank", "urn:bank").await;
    let other = server
        .client("other")
        .await
        .granted(SHOP, "read write")
        .await;
    let token = token_of(&buyer).await;

    for stranger in [&bank, &other, &buyer] {
        let reply = ask(stranger, &token).await;
        assert_inactive(&reply);
        assert_eq!(reply.headers, with_id_of(&reply, &ask(stranger, "x").await));
    }
}

/// The headers of `other` under the request id of `reply`: all else must be the same.
fn with_id_of(reply: &Reply, other: &Reply) -> http::HeaderMap {
    let mut headers = other.headers.clone();
    headers.insert("x-request-id", reply.headers["x-request-id"].clone());
    headers
}

/// IN-04, IN-08, RV-09
#[tokio::test]
async fn a_token_stops_with_its_client_its_api_and_with_all_its_others() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let token = token_of(&buyer).await;
    let revoke = RevokeTokens {
        client: buyer.client_id(),
    };

    server.run(revoke).await;
    assert_inactive(&ask(&shop, &token).await);
    server.advance(Span(1)).await;
    let next = token_of(&buyer).await;
    assert_eq!(ask(&shop, &next).await.json()["active"], true);
    let disable = DisableClient {
        client: buyer.client_id(),
    };
    server.run(disable).await;

    assert_inactive(&ask(&shop, &next).await);
}

/// RV-09
#[tokio::test]
async fn a_client_that_is_enabled_again_gets_new_tokens_and_not_its_old_ones_back() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let old = token_of(&buyer).await;
    let client = buyer.client_id();
    let disable = DisableClient {
        client: client.clone(),
    };
    server.run(disable).await;
    server.advance(Span(1)).await;

    server.run(EnableClient { client }).await;

    assert_inactive(&ask(&shop, &old).await);
    let new = token_of(&buyer).await;
    assert_eq!(ask(&shop, &new).await.json()["active"], true);
}

/// IN-04
#[tokio::test]
async fn the_tokens_of_a_client_that_was_removed_are_inactive() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let token = token_of(&buyer).await;
    assert_eq!(ask(&shop, &token).await.json()["active"], true);
    let client = buyer.client_id();
    server.run(DisableClient { client }).await;
    let client = buyer.client_id();
    server.run(RemoveClient { client }).await;

    assert_inactive(&ask(&shop, &token).await);
}

/// IN-08
#[tokio::test]
async fn tokens_of_every_algorithm_are_known_and_those_of_the_old_key_too() {
    let server = TestServer::start().await;
    for (n, algorithm) in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256]
        .into_iter()
        .enumerate()
    {
        let api = format!("urn:api:{n}");
        server.api_with(&api, "read", algorithm).await;
        if algorithm == Algorithm::EdDsa {
            server
                .owner()
                .post("/keys", json!({"algorithm": "EdDSA", "when": "emergency"}))
                .await;
        }
        let client = server.client(&format!("client-{n}")).await;
        let client = client.granted(&api, "read").await;
        let own = looking_after(&server, &format!("api-{n}"), &api).await;
        let token = token_of(&client).await;
        assert_eq!(
            ask(&own, &token).await.json()["active"],
            true,
            "{algorithm}"
        );
        server
            .owner()
            .post("/keys", json!({"when": "emergency"}))
            .await;
        assert_eq!(
            ask(&own, &token).await.json()["active"],
            true,
            "{algorithm}"
        );
    }
}

/// IN-12
#[tokio::test]
async fn a_resource_server_gets_no_tokens_by_being_one() {
    let server = TestServer::start().await;
    buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;

    let reply = shop.request_token("").await;

    reply.assert_status(400);
    assert_eq!(reply.json()["error"], "invalid_scope");
}

/// IJ-01, IJ-02, IJ-03, IJ-05, AT-10
#[tokio::test]
async fn the_answer_is_signed_for_who_asks_so() {
    let server = TestServer::start().await;
    let buyer = buyer(&server).await;
    let shop = looking_after(&server, "shop", SHOP).await;
    let token = token_of(&buyer).await;
    let signed = |token: &str| {
        let request = request(&shop).header("accept", "application/token-introspection+jwt");
        request.form(&format!("token={}", encode(token))).send()
    };

    let active = signed(&token).await;
    let inactive = signed("x").await;
    let plain = request(&shop)
        .header("accept", "text/html, */*;q=0.1")
        .form("token=x")
        .send()
        .await;

    assert_eq!(
        active.header("content-type"),
        "application/token-introspection+jwt"
    );
    assert_eq!(active.header("vary"), "accept");
    let (header, claims) = parts(&server, &active).await;
    assert_eq!(header["typ"], "token-introspection+jwt");
    assert_eq!(claims["iss"], "https://as.test");
    assert_eq!(claims["aud"], "shop");
    assert_eq!(claims["token_introspection"]["active"], true);
    assert_eq!(claims["token_introspection"]["scope"], "read");
    assert!(
        claims.get("sub").is_none() && claims.get("exp").is_none(),
        "{claims}"
    );
    let (_, claims) = parts(&server, &inactive).await;
    assert_eq!(claims["token_introspection"], json!({"active": false}));
    assert_inactive(&plain);
    let as_a_token = String::from_utf8(active.body.to_vec()).unwrap();
    assert_inactive(&ask(&shop, &as_a_token).await);
}

/// Header and claims of a signed answer, which one of the published keys must have signed.
async fn parts(server: &TestServer, reply: &Reply) -> (Value, Value) {
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let (header, claims) = decode_unverified(&text).unwrap();
    let published = server.get("/oauth2/jwks").await.json();
    let mut keys = published["keys"].as_array().unwrap().iter();
    let key = keys.find(|it| it["kid"] == header["kid"]).unwrap();
    let signed = verify_with_jwk(key, &text).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&signed).unwrap(), claims);
    let (rest, _) = text.rsplit_once('.').unwrap();
    let forged = format!("{rest}.{}", "A".repeat(86));
    assert!(verify_with_jwk(key, &forged).is_err());
    (header, claims)
}

#[tokio::test]
async fn a_secret_that_only_introspects_is_in_use() {
    let server = TestServer::start().await;
    buyer(&server).await;
    let old = looking_after(&server, "shop", SHOP).await;
    let new = old.rotated(Span::hours(24)).await;
    ask(&new, "x").await;
    server.advance(Span::hours(2)).await;
    ask(&old, "x").await;

    let secrets = server.owner().read("/clients/shop/secrets").await;

    let verdict = secrets["rotation"]["verdict"].clone();
    assert_eq!(verdict["safe"], false, "{verdict}");
    assert!(
        verdict["sentence"]
            .as_str()
            .unwrap()
            .contains("Not safe to retire"),
        "{verdict}"
    );
}
