//! The door to the data file itself, when no server has it: the same routes, in this process.

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use super::{data::Data, failure::Failure};
use crate::{app::App, config::Config, domain::actor::Actor, store::redb::Repair, web::faces};

/// The admin API over a data file that this process has open.
pub(crate) struct Offline {
    app: App,
    routes: Router,
}

impl Offline {
    /// Opens the data file of the data directory.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let data = Data::open(config, Repair::Refuse)?;
        let app = data
            .assemble(config, config.issuer_at(config.listen))
            .await?;
        Ok(Self::over(app))
    }

    /// The admin API of a server in this process.
    pub(crate) fn over(app: App) -> Self {
        Self {
            routes: faces::operator(&app),
            app,
        }
    }

    /// Sends `request`, as whoever runs this process.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Failure> {
        let (mut head, body) = request.into_parts();
        let user = rustix::process::geteuid().as_raw();
        head.extensions.insert(Actor::local(user));
        let request = Request::from_parts(head, Body::new(body));
        let response = match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| Failure::unavailable(format!("the answer broke off: {error}")))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    /// Writes down what is to be kept, and closes the file.
    pub(crate) async fn close(self) {
        self.app.shut_down().await;
    }
}
