//! Routes that say themselves where they are and what they do.
//!
//! What they say is the document of [`super::openapi`]. It is a megabyte of program, so only tests make it.

use axum::{Router, routing::MethodRouter};

/// The handlers of one path.
pub(super) struct Routes<S> {
    /// Makes the path and what leads to them.
    pub(super) make: fn() -> (String, MethodRouter<S>),
    /// Makes what they say of themselves.
    #[cfg(test)]
    pub(super) describe: fn() -> utoipa_axum::router::UtoipaMethodRouter<S>,
}

/// Names the handlers of one path.
macro_rules! routes {
    ($first:ident $(, $other:ident)*) => {
        &$crate::web::api::described::Routes {
            make: || {
                let all = axum::routing::MethodRouter::new();
                $crate::web::api::described::routes!(@on all $first $($other)*);
                let path = utoipa_axum::paste! { <[<__path_ $first>] as utoipa::Path>::path() };
                (path, all)
            },
            #[cfg(test)]
            describe: || utoipa_axum::routes!($first $(, $other)*),
        }
    };
    (@on $all:ident $($handler:ident)+) => {
        $(
            let methods = utoipa_axum::paste! { <[<__path_ $handler>] as utoipa::Path>::methods() };
            let $all = methods.iter().fold($all, |all, method| {
                all.on(utoipa_axum::PathItemExt::to_method_filter(method), $handler)
            });
        )+
    };
}
pub(super) use routes;

/// Routes, and in tests what they say of themselves.
pub(super) struct OpenApiRouter<S> {
    routes: Router<S>,
    #[cfg(test)]
    described: Vec<fn() -> utoipa_axum::router::UtoipaMethodRouter<S>>,
}

impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
    /// No routes.
    pub(super) fn new() -> Self {
        Self {
            routes: Router::new(),
            #[cfg(test)]
            described: Vec::new(),
        }
    }

    /// Adds the routes of one path.
    pub(super) fn routes(mut self, routes: &Routes<S>) -> Self {
        let (path, all) = (routes.make)();
        self.routes = self.routes.route(&path, all);
        #[cfg(test)]
        self.described.push(routes.describe);
        self
    }

    /// Adds the routes of another part.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.routes = self.routes.merge(other.routes);
        #[cfg(test)]
        self.described.extend(other.described);
        self
    }

    /// The routes alone.
    pub(super) fn into_router(self) -> Router<S> {
        self.routes
    }

    /// What they say of themselves.
    #[cfg(test)]
    pub(super) fn document(&self) -> utoipa::openapi::OpenApi {
        let all = self.described.iter().map(|describe| describe());
        let empty = utoipa_axum::router::OpenApiRouter::new();
        all.fold(empty, utoipa_axum::router::OpenApiRouter::routes)
            .into_openapi()
    }
}
