//! Clients that prove themselves with a JWT: `private_key_jwt`, `client_secret_jwt`, and tokens of other
//! issuers (RFC 7521, RFC 7523).

use std::{collections::BTreeMap, fs, sync::Arc};

use jeton::{
    admin::{
        clients::EditClient,
        secrets::{NewSecret, RetireSecret, RotateSecret},
        settings::SetPolicy,
    },
    crypto::signer::{Algorithm, PrivateKey, Signer},
    domain::{
        credential::{Federation, FederationKeys},
        rotation::Overlap,
        secret::{IfUsed, Proof},
        time::Span,
    },
    oauth::reason::ErrorCode,
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::harness::{
    assertion::{claims, form, move_to, present, public, sign, signer},
    caller::{Request, encode},
    curl::curl,
    dpop::Key,
    process::ServerProcess,
    server::{ISSUER, TestServer},
};

const SHOP: &str = "urn:shop";

/// A client with a key, and what signs for it.
async fn with_key(server: &TestServer) -> Signer {
    server.api(SHOP, "read").await;
    let client = server.client("svc").await.granted(SHOP, "read").await;
    let signer = signer(1);
    move_to(server, &client, Proof::Key(public(&signer)), Overlap::None).await;
    signer
}

/// CJ-01, CJ-02, CJ-03
#[tokio::test]
async fn a_client_gets_a_token_for_what_its_key_signed() {
    let server = TestServer::start().await;
    let signer = with_key(&server).await;
    for (n, more) in ["", "&client_id=svc", "&scope=read&resource=urn:shop"]
        .into_iter()
        .enumerate()
    {
        let assertion = sign(&signer, &claims(&server, "svc", &format!("id-{n}")));
        let token = present(&server, &assertion, more).await.assert_issued();
        assert_eq!(token.claims["client_id"], "svc");
        assert!(token.claims.get("cnf").is_none());
    }
    let assertion = sign(&signer, &claims(&server, "svc", "other"));
    let reply = present(&server, &assertion, "&client_id=other").await;
    reply.assert_refused(ErrorCode::InvalidClient);
}

/// CJ-20
#[tokio::test]
async fn every_failure_of_an_assertion_is_answered_alike() {
    let server = TestServer::start().await;
    let key = with_key(&server).await;
    let mut expired = claims(&server, "svc", "a");
    expired["exp"] = json!(server.app.now().seconds() - 300);
    let mut elsewhere = claims(&server, "svc", "b");
    elsewhere["aud"] = "https://as.test/oauth2/token".into();
    let answers = [
        present(&server, &sign(&key, &expired), "").await,
        present(&server, &sign(&key, &elsewhere), "").await,
        present(&server, &sign(&signer(2), &claims(&server, "svc", "c")), "").await,
        present(&server, &sign(&key, &claims(&server, "nobody", "d")), "").await,
        present(&server, "x.y.z", "").await,
    ];
    for answer in &answers {
        answer.assert_refused(ErrorCode::InvalidClient);
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        assert_eq!(answer.body, answers[0].body);
    }
}

/// CA-03
#[tokio::test]
async fn a_client_with_a_key_alone_has_no_secret_to_come_with() {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let client = server.client("svc").await.granted(SHOP, "read").await;
    move_to(
        &server,
        &client,
        Proof::Key(public(&signer(1))),
        Overlap::None,
    )
    .await;
    client
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

/// CJ-08
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_assertion_sent_a_thousand_times_is_accepted_once() {
    let server = Arc::new(TestServer::start().await);
    let signer = with_key(&server).await;
    let assertion = sign(&signer, &claims(&server, "svc", "once"));
    let mut requests = JoinSet::new();
    for _ in 0..1000 {
        let (server, assertion) = (Arc::clone(&server), assertion.clone());
        requests.spawn(async move { present(&server, &assertion, "").await });
    }
    let mut accepted = 0;
    for reply in requests.join_all().await {
        match reply.status.as_u16() {
            200 => accepted += 1,
            _ => reply.assert_refused(ErrorCode::InvalidClient),
        }
    }
    assert_eq!(accepted, 1);
}

/// CJ-08, CJ-09
#[tokio::test]
async fn an_assertion_is_spent_by_a_token_and_by_nothing_less() {
    let server = TestServer::start().await;
    let key = with_key(&server).await;
    let good = sign(&key, &claims(&server, "svc", "one"));
    // Somebody else cannot spend it, and a request that gets nothing does not.
    present(
        &server,
        &sign(&signer(2), &claims(&server, "svc", "one")),
        "",
    )
    .await
    .assert_refused(ErrorCode::InvalidClient);
    present(&server, &good, "&scope=unknown")
        .await
        .assert_refused(ErrorCode::InvalidScope);
    present(&server, &good, "").await.assert_issued();
    present(&server, &good, "")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    // The id is the client's own.
    let other = server.client("other").await.granted(SHOP, "read").await;
    move_to(&server, &other, Proof::Key(public(&key)), Overlap::None).await;
    let same_id = sign(&key, &claims(&server, "other", "one"));
    present(&server, &same_id, "").await.assert_issued();
}

/// CJ-09, G10: a proof without the nonce is told so before the assertion counts as used.
#[tokio::test]
async fn an_assertion_is_not_spent_by_a_proof_that_lacks_the_nonce() {
    let server = TestServer::start().await;
    let signer = with_key(&server).await;
    server.advance(Span::hours(2)).await;
    let policy = SetPolicy {
        dpop_nonces: Some(true),
        ..SetPolicy::default()
    };
    server.run(policy).await;
    let key = Key::new();
    let body = form(&sign(&signer, &claims(&server, "svc", "one")), "");
    let ask = async |more: &Value| {
        let url = format!("{ISSUER}/oauth2/token");
        let proof = key.proof(("POST", &url), server.app.now(), more);
        let request = Request::new(&server, "POST", "/oauth2/token").header("dpop", &proof);
        request.form(&body).send().await
    };

    let asked = ask(&json!({})).await;
    assert_eq!(asked.json()["error"], "use_dpop_nonce", "{asked:?}");
    let nonce = asked.header("dpop-nonce");
    let reply = ask(&json!({ "nonce": nonce })).await;

    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["token_type"], "DPoP");
    ask(&json!({ "nonce": nonce }))
        .await
        .assert_refused(ErrorCode::InvalidClient);
}

/// CJ-08, CJ-09: what was answered is kept, whatever ends the process.
#[test]
fn an_assertion_that_was_used_is_refused_after_the_process_was_killed() {
    let mut server = ServerProcess::start();
    let signer = signer(1);
    let jwk = server.home().join("svc.jwk");
    fs::write(&jwk, signer.public_jwk().unwrap().to_string()).unwrap();
    server.jeton(&["api", "create", SHOP, "--name", "Shop", "--scope", "read"]);
    let create = ["client", "create", "svc", "--id", "svc", "--grant"];
    let key = ["urn:shop=read", "--jwks", jwk.to_str().unwrap()];
    server.jeton(&[&create[..], &key].concat());
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let issuer = server.issuer().to_owned();
    let assertion = |id: &str| {
        let claims = json!({
            "iss": "svc", "sub": "svc", "aud": issuer, "jti": id, "iat": now, "exp": now + 600,
        });
        form(&sign(&signer, &claims), "")
    };
    let ask = |form: &str| curl(&["--data", form, &format!("{issuer}/oauth2/token")]).status;
    let used = assertion("one");
    assert_eq!(ask(&used), 200);

    server.kill();
    server.start_again();

    assert_eq!(ask(&used), 401);
    assert_eq!(ask(&assertion("two")), 200);
}

#[tokio::test]
async fn a_client_moves_from_a_secret_to_a_key_without_an_outage() {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let client = server.client("svc").await.granted(SHOP, "read").await;
    client.request_token("").await.assert_issued();
    let key = signer(1);
    let day = Overlap::For(Span::hours(24));

    move_to(&server, &client, Proof::Key(public(&key)), day).await;

    client.request_token("").await.assert_issued();
    let assertion = sign(&key, &claims(&server, "svc", "one"));
    present(&server, &assertion, "").await.assert_issued();
    let id = client.client_id();
    let registry = server.app.registry_arc();
    let new = registry
        .find_client(&id)
        .unwrap()
        .new_secret(server.app.now())
        .unwrap()
        .id
        .clone();
    assert!(
        server.app.last_use(&new).is_some(),
        "the key's uses are on record"
    );
    let retire = RetireSecret {
        client: id,
        secret: None,
    };
    server.run(retire).await;
    client
        .request_token("")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let assertion = sign(&key, &claims(&server, "svc", "two"));
    present(&server, &assertion, "").await.assert_issued();
}

/// CJ-19
#[tokio::test]
async fn a_client_signs_with_its_secret_where_that_was_chosen() {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let client = server.client("svc").await.granted(SHOP, "read").await;
    let sign_with = |secret: &str, id: &str| {
        let key = PrivateKey::from_bytes(secret.as_bytes().to_vec());
        let signer = Signer::from_private(Algorithm::Hs256, &key).unwrap();
        sign(&signer, &claims(&server, "svc", id))
    };
    present(&server, &sign_with(&client.secret, "one"), "")
        .await
        .assert_refused(ErrorCode::InvalidClient);
    let metadata = "/.well-known/oauth-authorization-server";
    assert!(
        !server
            .get(metadata)
            .await
            .json()
            .to_string()
            .contains("client_secret_jwt")
    );

    let rotated = server
        .run(RotateSecret {
            client: client.client_id(),
            new: NewSecret {
                signs: Some(true),
                ..NewSecret::default()
            },
            overlap: Overlap::None,
            if_used: IfUsed::Hold,
        })
        .await;

    let secret = rotated.secret.reveal();
    present(&server, &sign_with(secret, "two"), "")
        .await
        .assert_issued();
    let sent = client.with_secret(secret).request_token("").await;
    sent.assert_refused(ErrorCode::InvalidClient);
    assert!(
        server
            .get(metadata)
            .await
            .json()
            .to_string()
            .contains("client_secret_jwt")
    );
}

/// CA-04
#[tokio::test]
async fn an_assertion_counts_at_introspection_and_revocation_too() {
    let server = TestServer::start().await;
    let signer = with_key(&server).await;
    let looking_after = EditClient {
        introspects: Some([SHOP.parse().unwrap()].into()),
        ..EditClient::of("svc".parse().unwrap())
    };
    server.run(looking_after).await;
    let assertion = sign(&signer, &claims(&server, "svc", "one"));
    let token = present(&server, &assertion, "").await.assert_issued().text;
    for (n, target) in ["/oauth2/introspect", "/oauth2/revoke"]
        .into_iter()
        .enumerate()
    {
        let assertion = sign(&signer, &claims(&server, "svc", &format!("at-{n}")));
        let kind = encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let form =
            format!("token={token}&client_assertion_type={kind}&client_assertion={assertion}");
        let ask = || Request::new(&server, "POST", target).form(&form).send();
        ask().await.assert_status(200);
        ask().await.assert_refused(ErrorCode::InvalidClient);
    }
}

/// CF-01, CF-03, CF-10
#[tokio::test]
async fn a_workload_comes_with_its_platforms_token_and_has_no_secret() {
    let server = TestServer::start().await;
    server.api(SHOP, "read").await;
    let client = server.client("deploy").await.granted(SHOP, "read").await;
    let platform = signer(3);
    let trust = Federation {
        issuer: "https://token.actions.githubusercontent.com".to_owned(),
        subject: "repo:acme/shop:ref:refs/heads/*".to_owned(),
        audience: ISSUER.to_owned(),
        claims: BTreeMap::from([("repository_id".to_owned(), "74".to_owned())]),
        max_age: Span::minutes(10),
        algorithms: std::collections::BTreeSet::new(),
        keys: FederationKeys::Given(vec![public(&platform)]),
    };
    move_to(
        &server,
        &client,
        Proof::Federated(trust.into()),
        Overlap::None,
    )
    .await;
    let now = server.app.now().seconds();
    let job = |subject: &str, repository: &str| {
        sign(
            &platform,
            &json!({
                "iss": "https://token.actions.githubusercontent.com", "sub": subject, "aud": ISSUER,
                "repository_id": repository, "iat": now, "exp": now + 300, "jti": "same",
            }),
        )
    };
    let ours = job("repo:acme/shop:ref:refs/heads/main", "74");
    for more in ["", "&client_id=deploy", ""] {
        let token = present(&server, &ours, more).await.assert_issued();
        assert_eq!(token.claims["sub"], "deploy");
        assert!(
            token.claims.get("repository_id").is_none(),
            "nothing of theirs is taken over"
        );
    }
    for other in [
        job("repo:acme/shop:pull_request", "74"),
        job("repo:evil/shop:ref:refs/heads/main", "74"),
        job("repo:acme/shop:ref:refs/heads/main", "75"),
    ] {
        present(&server, &other, "")
            .await
            .assert_refused(ErrorCode::InvalidClient);
    }
}
