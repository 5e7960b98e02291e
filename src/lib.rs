//! Jeton: an OAuth 2.0 authorization server for the client credentials grant.

pub mod admin;
pub mod app;
pub mod crypto;
pub mod domain;
pub mod store;
