//! Jeton: an OAuth 2.0 authorization server for the client credentials grant.

pub mod crypto;
pub mod domain;
