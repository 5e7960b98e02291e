//! The faces Jeton shows to the network: HTTP and everything that is said over it.

pub mod api;
#[expect(dead_code, reason = "the pages that use all of it are on their way")]
pub mod console;
pub mod faces;
pub mod health;
pub mod layers;
pub mod leak_reports;
pub mod oauth;
pub mod seen;
pub mod server;
