//! Routes with their descriptions. A description takes far more memory than its route (all of them 2 MB),
//! so it is dropped, and made again when somebody asks for the document.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{self, UtoipaMethodRouter};

/// Makes the routes of one path and their description.
type Describe<S> = fn() -> UtoipaMethodRouter<S>;

/// Names the handlers of one path, which say themselves where they are and what they do.
macro_rules! routes {
    ($($handlers:tt)+) => {
        || utoipa_axum::routes!($($handlers)+)
    };
}
pub(super) use routes;

/// Routes, and how their descriptions are made.
pub(super) struct OpenApiRouter<S> {
    routes: Router<S>,
    descriptions: Vec<Describe<S>>,
}

impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
    /// No routes.
    pub(super) fn new() -> Self {
        Self {
            routes: Router::new(),
            descriptions: Vec::new(),
        }
    }

    /// Adds the routes of one path.
    pub(super) fn routes(mut self, describe: Describe<S>) -> Self {
        let described = router::OpenApiRouter::new().routes(describe());
        self.routes = self.routes.merge(Router::from(described));
        self.descriptions.push(describe);
        self
    }

    /// Adds the routes of another part.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.routes = self.routes.merge(other.routes);
        self.descriptions.extend(other.descriptions);
        self
    }

    /// The routes, and what describes them.
    pub(super) fn into_parts(self) -> (Router<S>, Descriptions<S>) {
        (self.routes, Descriptions(self.descriptions))
    }
}

/// What describes the routes.
pub(super) struct Descriptions<S>(Vec<Describe<S>>);

impl<S: Clone + Send + Sync + 'static> Descriptions<S> {
    /// Makes all of them.
    pub(super) fn document(&self) -> OpenApi {
        let all = self.0.iter().map(|describe| describe());
        all.fold(router::OpenApiRouter::new(), router::OpenApiRouter::routes)
            .into_openapi()
    }
}
