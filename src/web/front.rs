//! All routes of a listener, with a short way to those that services ask all day.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use tower::Service;

use super::{forward_auth, oauth};
use crate::{app::App, oauth::metadata::path};

/// What a listener answers with.
#[derive(Clone, Debug)]
pub struct Front {
    asked_all_day: Option<Arc<AskedAllDay>>,
    routes: Router,
}

/// Three endpoints, found by comparing the path.
#[derive(Debug)]
struct AskedAllDay {
    app: App,
    paths: Vec<(String, Endpoint)>,
}

#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Token,
    Introspection,
    ForwardAuth,
}

impl Front {
    /// Nothing but `routes`.
    pub fn new(routes: Router) -> Self {
        Self {
            asked_all_day: None,
            routes,
        }
    }

    /// `routes`, and before them the token endpoint, introspection and `/forward-auth`, at the root and
    /// below the issuer's path.
    pub fn of_protocol(app: &App, routes: Router) -> Self {
        let below = app.issuer().path();
        let endpoints = [
            (path::TOKEN, Endpoint::Token),
            (path::INTROSPECTION, Endpoint::Introspection),
            (path::FORWARD_AUTH, Endpoint::ForwardAuth),
        ];
        let at = |(path, endpoint): (&str, _)| {
            [
                (path.to_owned(), endpoint),
                (format!("{below}{path}"), endpoint),
            ]
        };
        Self {
            asked_all_day: Some(Arc::new(AskedAllDay {
                app: app.clone(),
                paths: endpoints.into_iter().flat_map(at).collect(),
            })),
            routes,
        }
    }

    /// The same, and `more`.
    #[must_use]
    pub fn merge(mut self, more: Router) -> Self {
        self.routes = self.routes.merge(more);
        self
    }
}

impl AskedAllDay {
    fn find(&self, path: &str) -> Option<Endpoint> {
        let mut paths = self.paths.iter();
        paths.find(|(known, _)| known == path).map(|(_, it)| *it)
    }

    async fn answer(&self, endpoint: Endpoint, request: Request<Body>) -> Response<Body> {
        match endpoint {
            Endpoint::Token => oauth::token::respond(&self.app, request).await,
            Endpoint::Introspection => oauth::introspect::respond(&self.app, request).await,
            Endpoint::ForwardAuth => forward_auth::respond(&self.app, request),
        }
    }
}

impl Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if let Some(endpoints) = &self.asked_all_day
            && let Some(endpoint) = endpoints.find(request.uri().path())
        {
            let endpoints = Arc::clone(endpoints);
            return Box::pin(async move { Ok(endpoints.answer(endpoint, request).await) });
        }
        Box::pin(self.routes.call(request))
    }
}
