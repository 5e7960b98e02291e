//! Clients register themselves with a token that an operator made (RFC 7591), and manage what they
//! registered (RFC 7592).

mod lasting;
mod managing;
mod registering;

use http::Method;
use serde_json::{Value, json};

use super::harness::{caller::Client, reply::Reply, server::TestServer};

/// A server at which clients register themselves, and the token of an operator for them.
struct World {
    server: TestServer,
    token: String,
}

/// A client that registered itself, as it was told of itself.
struct Registered(Value);

impl World {
    /// With an API `urn:shop`, and a token for a hundred clients that may `read` and `list` there.
    async fn new() -> Self {
        Self::on(TestServer::with_registration().await).await
    }

    async fn on(server: TestServer) -> Self {
        server.api("urn:shop", "read write list").await;
        let mut world = Self {
            server,
            token: String::new(),
        };
        world.token = world.make_token(json!({ "limit": 100 })).await;
        world
    }

    /// Makes another token, which differs from the usual one in this.
    async fn make_token(&self, other: Value) -> String {
        let mut body = json!({
            "note": "for the build farm",
            "expires_in": "7d",
            "grants": [{ "api": "urn:shop", "scopes": ["read", "list"] }],
            "methods": ["client_secret", "private_key_jwt", "self_signed_tls_client_auth"],
        });
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.server.owner().post("/registration-tokens", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["token"].as_str().unwrap().to_owned()
    }

    /// Registers a client that says this of itself, with a token.
    async fn post(&self, token: &str, body: &Value) -> Reply {
        self.call((Method::POST, "/oauth2/register"), Some(token), Some(body))
            .await
    }

    async fn register(&self, body: Value) -> Registered {
        let made = self.post(&self.token, &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.assert_private_json();
        Registered(made.json())
    }

    async fn call(
        &self,
        (method, target): (Method, &str),
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let mut request = self.server.request(method.as_str(), target);
        if let Some(token) = token {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        request.send().await
    }

    /// Does something to a registration by its own token.
    async fn manage(&self, method: Method, it: &Registered, body: Option<&Value>) -> Reply {
        self.call((method, &it.path()), Some(it.access()), body)
            .await
    }

    /// A client with the secret that it was told.
    fn client(&self, it: &Registered) -> Client<'_> {
        Client::new(&self.server, it.id(), it.text("client_secret"))
    }
}

impl Registered {
    fn text(&self, name: &str) -> &str {
        self.0[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    fn id(&self) -> &str {
        self.text("client_id")
    }

    fn access(&self) -> &str {
        self.text("registration_access_token")
    }

    /// Where it manages its registration.
    fn path(&self) -> String {
        let address = self.text("registration_client_uri");
        let path = address.strip_prefix("https://as.test").unwrap();
        assert_eq!(path, format!("/oauth2/register/{}", self.id()));
        path.to_owned()
    }
}
