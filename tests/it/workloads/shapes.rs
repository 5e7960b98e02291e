//! The tokens that pods of Kubernetes and workflow runs of GitHub come with.

use serde_json::{Value, json};

use super::{accepts, changed, refuses, trusting};
use crate::harness::{platform::Platform, server::ISSUER};

/// CF-03, CF-04, CF-08
#[tokio::test]
async fn a_pod_comes_with_its_projected_token() {
    let cluster = Platform::with_rsa("cluster-1");
    let server = trusting(json!({
        "issuer": "https://kubernetes.example", "subject": "system:serviceaccount:shop:deploy",
        "audience": ISSUER, "claims": { "kubernetes.io/serviceaccount/uid": "5f1c" },
        "jwks": { "keys": [cluster.jwk(&json!({ "use": "sig", "alg": "RS256" }))] },
    }))
    .await;
    let now = server.app.now().seconds();
    // As the API server makes it: no typ, aud a list, and no jti before 1.29.
    let claims = json!({
        "iss": "https://kubernetes.example", "sub": "system:serviceaccount:shop:deploy", "aud": [ISSUER],
        "iat": now, "nbf": now, "exp": now + 3607,
        "kubernetes.io": {
            "namespace": "shop", "serviceaccount": { "name": "deploy", "uid": "5f1c" },
            "pod": { "name": "deploy-7", "uid": "aa" }, "node": { "name": "n1", "uid": "bb" }, "warnafter": now + 3000,
        },
    });
    let token = |more: Value| cluster.token(&json!({ "alg": "RS256" }), &changed(&claims, &more));
    accepts(&server, &token(json!({}))).await;
    accepts(&server, &token(json!({}))).await;
    for more in [
        json!({ "sub": "system:serviceaccount:shop:other" }),
        json!({ "aud": ["https://kubernetes.default.svc.cluster.local"] }),
        json!({ "kubernetes.io": { "serviceaccount": { "uid": "other" } } }),
        json!({ "iat": now - 3601 }),
        // A token of old, out of a secret: for ever, and for everybody.
        json!({ "iss": "kubernetes/serviceaccount", "aud": null, "exp": null }),
    ] {
        refuses(&server, &token(more)).await;
    }
}

/// CF-06, CF-07
#[tokio::test]
async fn a_workflow_run_comes_with_its_jobs_token() {
    let github = Platform::with_rsa("gh-1");
    let issuer = "https://token.actions.githubusercontent.com";
    for (subject, ours, others) in [
        (
            "repo:acme/shop:ref:refs/heads/main",
            "repo:acme/shop:ref:refs/heads/main",
            [
                "repo:acme/shop-evil:ref:refs/heads/main",
                "repo:evil/shop:ref:refs/heads/main",
                "repo:acme/shop:pull_request",
                "repo:acme/shop:environment:x:ref:refs/heads/main",
                "repo:acme@12/shop@74:ref:refs/heads/main",
            ],
        ),
        (
            "repo:acme@12/shop@74:ref:refs/heads/main",
            "repo:acme@12/shop@74:ref:refs/heads/main",
            [
                // The same names, taken by others.
                "repo:acme@13/shop@74:ref:refs/heads/main",
                "repo:acme@12/shop@75:ref:refs/heads/main",
                "repo:acme@12/shop@74:pull_request",
                "repo:acme@12/shop@740:ref:refs/heads/main",
                "repo:acme/shop:ref:refs/heads/main",
            ],
        ),
    ] {
        let server = trusting(json!({
            "issuer": issuer, "subject": subject, "audience": ISSUER, "max_age": "10m",
            "claims": { "repository_id": "74", "event_name": "push" }, "algorithms": ["RS256"],
            "jwks": { "keys": [github.jwk(&json!({ "use": "sig", "alg": "RS256", "x5t": "AA" }))] },
        }))
        .await;
        let now = server.app.now().seconds();
        let claims = json!({
            "jti": "a", "iss": issuer, "sub": ours, "aud": ISSUER, "iat": now, "nbf": now - 10, "exp": now + 300,
            "ref": "refs/heads/main", "repository": "acme/shop", "repository_id": "74",
            "repository_owner": "acme", "repository_owner_id": "12", "event_name": "push",
            "job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
            "repository_visibility": "private", "run_attempt": "1",
        });
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": "AA" });
        let token = |more: Value| github.token(&header, &changed(&claims, &more));
        accepts(&server, &token(json!({}))).await;
        for other in others {
            refuses(&server, &token(json!({ "sub": other }))).await;
        }
        refuses(&server, &token(json!({ "repository_id": "75" }))).await;
        refuses(&server, &token(json!({ "iat": now - 601 }))).await;
    }
}
