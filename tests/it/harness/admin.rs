//! Who manages the server: over its socket, or with a token of the admin API.

use std::net::SocketAddr;

use axum::{
    body::Body,
    http::{self, HeaderName, HeaderValue, StatusCode, header},
};
use jeton::{
    domain::permission::{ADMIN_API, Permission},
    web::server::Peer,
};
use serde_json::{Value, json};

use super::{
    caller::{Client, encode},
    reply::Reply,
    server::TestServer,
};

/// Somebody who sends requests to the admin API.
#[derive(Clone)]
pub(crate) struct Admin<'s> {
    server: &'s TestServer,
    peer: Peer,
    token: Option<String>,
}

impl TestServer {
    /// The machine's owner, over the socket.
    pub(crate) fn owner(&self) -> Admin<'_> {
        let uid = rustix::process::geteuid().as_raw();
        self.by_socket(uid)
    }

    /// A user of the machine, over the socket.
    pub(crate) fn by_socket(&self, uid: u32) -> Admin<'_> {
        Admin {
            server: self,
            peer: Peer::Unix { uid },
            token: None,
        }
    }

    /// Somebody with this token, over the network.
    pub(crate) fn bearing(&self, token: &str) -> Admin<'_> {
        Admin {
            token: Some(token.to_owned()),
            ..self.unknown()
        }
    }

    /// Somebody without credentials, over the network.
    pub(crate) fn unknown(&self) -> Admin<'_> {
        Admin {
            server: self,
            peer: Peer::Tcp(SocketAddr::from(([192, 0, 2, 9], 50_000))),
            token: None,
        }
    }

    /// A client that may have every scope of the admin API.
    pub(crate) async fn deployer(&self) -> Client<'_> {
        let client = self.client("deployer").await;
        client.granted(ADMIN_API, &every_admin_scope()).await
    }
}

/// Every scope of the admin API.
pub(crate) fn every_admin_scope() -> String {
    let scopes = Permission::ALL.iter().filter_map(|it| it.scope());
    scopes.collect::<Vec<_>>().join(" ")
}

impl<'s> Client<'s> {
    /// A token of it for the admin API.
    pub(crate) async fn admin_token(&self, scopes: &str) -> String {
        let (resource, scopes) = (encode(ADMIN_API), encode(scopes));
        let form = format!("grant_type=client_credentials&resource={resource}&scope={scopes}");
        self.ask(&form).await.assert_issued().text
    }

    /// Manages the server with such a token.
    pub(crate) async fn managing(&self, scopes: &str) -> Admin<'s> {
        let token = self.admin_token(scopes).await;
        self.server().bearing(&token)
    }
}

impl<'s> Admin<'s> {
    /// A request to be filled in; `path` lies below the root of the admin API.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'s> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("/admin/v1{path}"))
            .header(header::HOST, "as.test");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        Call {
            server: self.server,
            peer: self.peer,
            request: request.body(Body::empty()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path).json(&body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call("PATCH", path).json(&body).send().await
    }

    /// What is there; panics if it is not.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> impl Future<Output = Value> + use<'s> {
        let reply = self.call("GET", path).send();
        let place = std::panic::Location::caller();
        async move {
            let reply = reply.await;
            assert_eq!(reply.status, 200, "{place}: {reply:?}");
            reply.json()
        }
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let mut target = format!("{path}?limit={limit}");
        loop {
            let page = self.read(&target).await;
            let data = page["data"].as_array().unwrap();
            assert!(
                data.len() <= limit,
                "{} items on a page of {limit}",
                data.len()
            );
            items.extend(data.iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else {
                return items;
            };
            target = format!("{path}?limit={limit}&cursor={cursor}");
        }
    }

    /// Defines an API `urn:shop` with the scopes `read` and `write`, and registers a client for it.
    pub(crate) async fn shop(&self) -> Value {
        let scopes = json!([{"name": "read"}, {"name": "write", "sensitive": true}]);
        let api = json!({"identifier": "urn:shop", "name": "Shop", "scopes": scopes});
        self.post("/apis", api).await.assert_status(201);
        self.register("Billing").await
    }

    /// Registers a client with both scopes of the shop.
    pub(crate) async fn register(&self, name: &str) -> Value {
        let grants = json!([{"api": "urn:shop", "scopes": ["read", "write"]}]);
        let client = json!({"name": name, "grants": grants});
        let reply = self.post("/clients", client).await;
        reply.assert_status(201);
        reply.json()
    }
}

/// A request to the admin API.
pub(crate) struct Call<'s> {
    server: &'s TestServer,
    peer: Peer,
    request: http::Request<Body>,
}

impl Call<'_> {
    /// Adds a header field.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        let name = HeaderName::from_static(name);
        self.request.headers_mut().append(name, value);
        self
    }

    /// A body as it is.
    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// A JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) async fn send(self) -> Reply {
        self.server.respond_to(self.peer, self.request).await
    }
}

impl Reply {
    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// It is a problem of this kind (RFC 9457), and names these fields.
    #[track_caller]
    pub(crate) fn assert_problem(&self, word: &str, fields: &[&str]) -> Value {
        let problem = self.json();
        assert_eq!(
            problem["type"],
            format!("urn:jeton:problem:{word}"),
            "{self:?}"
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        assert_eq!(
            problem["request_id"],
            self.header("x-request-id"),
            "{self:?}"
        );
        for text in ["title", "detail"] {
            assert!(!problem[text].as_str().unwrap().is_empty(), "{self:?}");
        }
        let errors = problem["errors"].as_array().unwrap();
        let named: Vec<&str> = errors
            .iter()
            .map(|it| it["field"].as_str().unwrap())
            .collect();
        assert_eq!(named, fields, "{self:?}");
        assert!(
            errors
                .iter()
                .all(|it| !it["message"].as_str().unwrap().is_empty())
        );
        let challenged = self.headers.contains_key("www-authenticate");
        assert!(
            challenged || self.status != StatusCode::UNAUTHORIZED,
            "{self:?}"
        );
        problem
    }
}
