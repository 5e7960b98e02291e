//! The faces Jeton shows to the network: HTTP and everything that is said over it.

pub mod acme;
pub mod api;
pub mod console;
pub(crate) mod exchange;
pub mod faces;
pub mod forward_auth;
pub mod front;
pub mod health;
pub mod layers;
pub mod leak_reports;
pub mod oauth;
pub mod outbound;
pub mod seen;
pub mod server;
pub mod tls;
