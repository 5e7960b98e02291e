//! Who may do what over the admin API: each route, each scope, each way to come in.

use serde_json::{Value, json};

use crate::harness::{
    admin::{Admin, every_admin_scope},
    reply::Reply,
    server::TestServer,
};
use jeton::domain::{
    permission::{ADMIN_API, Permission},
    time::Span,
};

/// A route, as the OpenAPI document lists it.
struct Route {
    method: String,
    path: String,
    /// The scopes that it asks for; nothing if everybody may.
    scopes: Option<Vec<String>>,
}

impl Route {
    /// Every route, addressed to things that do not exist.
    async fn all(server: &TestServer) -> Vec<Self> {
        let document = server.unknown().read("/openapi.json").await;
        let mut routes = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let scopes = operation["security"][0]["token"].as_array();
                let text = |scope: &Value| scope.as_str().unwrap().to_owned();
                routes.push(Self {
                    method: method.to_uppercase(),
                    path: fill(path),
                    scopes: scopes.map(|scopes| scopes.iter().map(text).collect()),
                });
            }
        }
        routes
    }

    async fn called_by(&self, admin: &Admin<'_>) -> Reply {
        let call = admin.call(&self.method, &self.path);
        match self.method.as_str() {
            "GET" | "DELETE" => call.send().await,
            _ => call.json(&json!({})).send().await,
        }
    }
}

fn fill(path: &str) -> String {
    path.replace("{client_id}", "nobody")
        .replace("{secret_id}", "AAAAAAAA")
        .replace("{token_id}", "AAAAAAAA")
        .replace("{api}", "urn%3Anothing")
        .replace("{scope}", "nothing")
        .replace("{type}", "nothing")
        .replace("{rule}", "unused")
        .replace("{kid}", "nothing")
        .replace("{operator}", "nobody%40example.com")
}

fn lacks_scope(reply: &Reply) -> bool {
    let challenge = reply.headers.get("www-authenticate");
    challenge.is_some_and(|it| it.to_str().unwrap().contains("insufficient_scope"))
}

/// AD-11
#[tokio::test]
async fn every_route_refuses_who_shows_nothing_and_who_has_a_token_for_something_else() {
    let server = TestServer::start().await;
    server.api("urn:shop", "clients:read clients:write").await;
    let client = server.client("shopper").await;
    let client = client
        .granted("urn:shop", "clients:read clients:write")
        .await;
    let other = client.request_token("").await.assert_issued().text;

    for route in Route::all(&server).await {
        assert!(
            route.scopes.is_some(),
            "{} {} is open",
            route.method,
            route.path
        );
        let nothing = route.called_by(&server.unknown()).await;
        nothing.assert_problem("unauthenticated", &[]);
        assert_eq!(nothing.header("www-authenticate"), "Bearer realm=\"jeton\"");
        let foreign = route.called_by(&server.bearing(&other)).await;
        foreign.assert_problem("unauthenticated", &[]);
        assert!(foreign.header("www-authenticate").contains("invalid_token"));
    }
}

#[tokio::test]
async fn each_scope_opens_exactly_its_routes() {
    let server = TestServer::start().await;
    let deployer = server.deployer().await;
    let routes = Route::all(&server).await;
    assert!(routes.len() > 50, "{} routes", routes.len());
    for permission in Permission::ALL {
        let Some(scope) = permission.scope() else {
            continue;
        };
        let admin = deployer.managing(scope).await;
        for route in &routes {
            let needed = route.scopes.as_ref().unwrap();
            let reply = route.called_by(&admin).await;
            let opens = needed.is_empty() || needed.iter().any(|it| it == scope);
            let told = format!("{} {} with {scope}: {reply:?}", route.method, route.path);
            assert_ne!(reply.status, 401, "{told}");
            assert_eq!(lacks_scope(&reply), !opens, "{told}");
            if !opens {
                let problem = reply.assert_problem("forbidden", &[]);
                assert!(
                    problem["detail"].as_str().unwrap().contains(&needed[0]),
                    "{told}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_scope_opens_some_route() {
    let server = TestServer::start().await;
    let routes = Route::all(&server).await;
    for permission in Permission::ALL {
        let Some(scope) = permission.scope() else {
            continue;
        };
        let opens = |route: &Route| route.scopes.iter().flatten().any(|it| it == scope);
        assert!(routes.iter().any(opens), "{scope} opens nothing");
    }
}

#[tokio::test]
async fn no_scope_makes_a_program_an_owner() {
    let server = TestServer::start().await;
    let deployer = server.deployer().await;
    let admin = deployer.managing(&every_admin_scope()).await;
    let grants = json!([{"api": ADMIN_API, "scopes": ["clients:read"]}]);
    let grant = format!("/clients/deployer/grants/{}", ADMIN_API.replace(':', "%3A"));

    for reply in [
        admin
            .post("/clients", json!({"name": "x", "grants": grants}))
            .await,
        admin.put(&grant, json!({"scopes": ["clients:read"]})).await,
        admin.delete(&grant).await,
        admin
            .post("/clients/deployer/secrets/rotate", json!({}))
            .await,
        admin
            .post("/clients/deployer/secrets/revoke", json!({}))
            .await,
        admin.post("/clients/deployer/enable", json!({})).await,
        admin.delete("/clients/deployer").await,
        admin.post("/operators", operator("owner")).await,
        admin
            .post("/server/backup", json!({"path": "/tmp/backup"}))
            .await,
        admin.post("/server/rekey", json!(null)).await,
    ] {
        reply.assert_problem("forbidden", &[]);
        assert!(!lacks_scope(&reply), "no scope would help: {reply:?}");
    }
    admin.get("/clients/deployer").await.assert_status(200);
}

fn operator(role: &str) -> Value {
    json!({"email": "eve@example.com", "name": "Eve", "role": role})
}

/// AD-11
#[tokio::test]
async fn a_token_ends_with_its_time_its_grant_and_its_client() {
    let server = TestServer::start().await;
    let deployer = server.deployer().await;
    let admin = deployer.managing("clients:read apis:read").await;
    admin.get("/clients").await.assert_status(200);

    deployer.clone().granted(ADMIN_API, "apis:read").await;
    let withdrawn = admin.get("/clients").await;
    assert!(lacks_scope(&withdrawn), "{withdrawn:?}");
    admin.get("/apis").await.assert_status(200);

    let disabled = deployer.clone().disabled().await;
    admin
        .get("/apis")
        .await
        .assert_problem("unauthenticated", &[]);
    server
        .owner()
        .post("/clients/deployer/enable", json!({}))
        .await
        .assert_status(200);
    server.advance(Span(1)).await;
    admin
        .get("/apis")
        .await
        .assert_problem("unauthenticated", &[]);
    let admin = disabled.managing("apis:read").await;
    admin.get("/apis").await.assert_status(200);

    server.advance(Span::minutes(10)).await;
    let late = admin.get("/apis").await;
    late.assert_problem("unauthenticated", &[]);
    let fresh = disabled.managing("apis:read").await;
    fresh.get("/apis").await.assert_status(200);
    server
        .owner()
        .delete("/clients/deployer")
        .await
        .assert_status(204);
    fresh
        .get("/apis")
        .await
        .assert_problem("unauthenticated", &[]);
}

#[tokio::test]
async fn only_a_bearer_token_in_one_header_is_a_credential() {
    let server = TestServer::start().await;
    let deployer = server.deployer().await;
    let token = deployer.admin_token("clients:read").await;
    let call = |value: &str| {
        server
            .unknown()
            .call("GET", "/clients")
            .header("authorization", value)
    };

    call(&format!("Bearer {token}"))
        .send()
        .await
        .assert_status(200);
    call(&format!("bEARER  {token}"))
        .send()
        .await
        .assert_status(200);
    for odd in [
        format!("Basic {token}"),
        format!("Bearer{token}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token}x"),
        format!("Bearer {token} {token}"),
        deployer.basic(),
    ] {
        call(&odd)
            .send()
            .await
            .assert_problem("unauthenticated", &[]);
    }
    let twice =
        call(&format!("Bearer {token}")).header("authorization", &format!("Bearer {token}"));
    twice.send().await.assert_problem("unauthenticated", &[]);
    let query = server
        .unknown()
        .get(&format!("/clients?access_token={token}"))
        .await;
    query.assert_problem("unauthenticated", &[]);
}

#[tokio::test]
async fn the_socket_is_for_the_servers_user_and_root() {
    let server = TestServer::start().await;
    let own = rustix::process::geteuid().as_raw();

    for uid in [own, 0] {
        server
            .by_socket(uid)
            .get("/clients")
            .await
            .assert_status(200);
    }
    let other = server.by_socket(own + 4711).get("/clients").await;
    other.assert_problem("forbidden", &[]);
}
