//! Who calls the server: clients in the words of the protocol, and requests written by hand.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{self, HeaderName, HeaderValue, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jeton::{
    admin::{
        clients::{DisableClient, EditClient},
        grants::SetGrant,
        secrets::{NewSecret, RetireSecret, RevokeSecret, RotateSecret},
    },
    crypto::certificate::ClientCertificate,
    domain::{id::ClientId, rotation::Overlap, secret::IfUsed, time::Span},
};

use super::{reply::Reply, server::TestServer};

/// A client of the server, or somebody who says so.
#[derive(Clone)]
pub(crate) struct Client<'s> {
    server: &'s TestServer,
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl<'s> Client<'s> {
    pub(crate) fn new(server: &'s TestServer, id: &str, secret: &str) -> Self {
        Self {
            server,
            id: id.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// May have these scopes there from now on.
    pub(crate) async fn granted(self, api: &str, scopes: &str) -> Self {
        let grant = SetGrant {
            client: self.client_id(),
            api: api.parse().unwrap(),
            scopes: scopes.parse().unwrap(),
            details: None,
        };
        self.server.run(grant).await;
        self
    }

    /// Gets these scopes when it names none.
    pub(crate) async fn with_default_scopes(self, scopes: &str) -> Self {
        let mut edit = EditClient::of(self.client_id());
        edit.default_scopes = Some(scopes.parse().unwrap());
        self.server.run(edit).await;
        self
    }

    /// Gets no more tokens.
    pub(crate) async fn disabled(self) -> Self {
        let client = self.client_id();
        self.server.run(DisableClient { client }).await;
        self
    }

    /// The same client with its new secret; `self` has the old one.
    pub(crate) async fn rotated(&self, overlap: Span) -> Self {
        let rotate = RotateSecret {
            client: self.client_id(),
            new: NewSecret::default(),
            overlap: Overlap::of(overlap).unwrap(),
            if_used: IfUsed::Hold,
        };
        let rotated = self.server.run(rotate).await;
        self.with_secret(rotated.secret.reveal())
    }

    /// Its old secret stops.
    pub(crate) async fn old_secret_retired(&self) {
        let (client, secret) = (self.client_id(), None);
        self.server.run(RetireSecret { client, secret }).await;
    }

    /// Its only live secret is revoked.
    pub(crate) async fn revoked(self) -> Self {
        let (client, secret) = (self.client_id(), None);
        self.server.run(RevokeSecret { client, secret }).await;
        self
    }

    /// Under another id.
    pub(crate) fn named(&self, id: &str) -> Self {
        Self::new(self.server, id, &self.secret)
    }

    /// The same with another secret.
    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self::new(self.server, &self.id, secret)
    }

    /// Asks for a token with HTTP Basic, encoded as RFC 6749 says; no scope is named if it is empty.
    pub(crate) async fn request_token(&self, scope: &str) -> Reply {
        self.ask(&token_form(scope)).await
    }

    /// Asks with HTTP Basic and this form.
    pub(crate) async fn ask(&self, form: &str) -> Reply {
        let request = self.server.request("POST", "/oauth2/token");
        request
            .header("authorization", &self.basic())
            .form(form)
            .send()
            .await
    }

    /// Asks with the secret in the body.
    pub(crate) async fn request_token_by_body(&self, scope: &str) -> Reply {
        let (id, secret) = (encode(&self.id), encode(&self.secret));
        let form = token_form(scope);
        let form = format!("{form}&client_id={id}&client_secret={secret}");
        self.server.post_form(&form).await
    }

    /// Its `Authorization` header.
    pub(crate) fn basic(&self) -> String {
        basic(&encode(&self.id), &encode(&self.secret))
    }

    /// Whose client it is.
    pub(crate) fn server(&self) -> &'s TestServer {
        self.server
    }

    pub(crate) fn client_id(&self) -> ClientId {
        self.id.parse().unwrap()
    }
}

/// The form of a plain token request.
pub(crate) fn token_form(scope: &str) -> String {
    let form = "grant_type=client_credentials";
    if scope.is_empty() {
        form.to_owned()
    } else {
        format!("{form}&scope={}", encode(scope))
    }
}

/// An `Authorization` header of these two texts as they are.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// `text` as a form value.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    encoded
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16)
        .unwrap()
        .to_ascii_uppercase()
}

/// A request written by hand.
pub(crate) struct Request<'s> {
    server: &'s TestServer,
    request: http::Request<Body>,
}

impl<'s> Request<'s> {
    pub(crate) fn new(server: &'s TestServer, method: &str, target: &str) -> Self {
        let request = http::Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, "as.test")
            .body(Body::empty())
            .unwrap();
        Self { server, request }
    }

    /// Adds a header field; a second one of the same name stands beside the first.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        let name = HeaderName::from_static(name);
        self.request.headers_mut().append(name, value);
        self
    }

    /// On a connection on which this certificate was shown.
    pub(crate) fn showing(mut self, certificate: &Arc<ClientCertificate>) -> Self {
        self.request
            .extensions_mut()
            .insert(Arc::clone(certificate));
        self
    }

    /// A body, with its length and no type.
    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        let body: Bytes = body.into();
        let length = body.len().into();
        self.request
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        *self.request.body_mut() = Body::from(body);
        self
    }

    /// A body whose length is not told beforehand.
    pub(crate) fn chunked(mut self, body: Body) -> Self {
        let chunked = HeaderValue::from_static("chunked");
        self.request
            .headers_mut()
            .insert(header::TRANSFER_ENCODING, chunked);
        *self.request.body_mut() = body;
        self
    }

    /// A form.
    pub(crate) fn form(self, form: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned())
    }

    pub(crate) async fn send(self) -> Reply {
        self.server.respond(self.request).await
    }
}
