//! What the fuzz targets share: reading choices out of bytes, a small world, a server without sockets, JWTs
//! that are signed anew after they were changed, and what is watched while a target runs.
//!
//! Each target holds the server's answer against a second opinion: another parser, a slow one written there, or
//! what must hold of whatever was accepted. A panic is a finding.

pub mod bytes;
pub mod der;
pub mod form;
pub mod json;
pub mod jwt;
pub mod server;
pub mod watch;
pub mod world;

/// The tables of records, by the number that inputs of the target `records` begin with: new ones at the end.
pub const TABLES: [&str; 22] = [
    "clients",
    "removed_clients",
    "apis",
    "keys",
    "operators",
    "settings",
    "handovers",
    "registration_tokens",
    "revocations",
    "assertions",
    "acme",
    "sessions",
    "once",
    "usage_days",
    "usage_addresses",
    "usage_scopes",
    "usage_exercised",
    "usage_last",
    "usage_fetches",
    "state",
    "usage_spans",
    "usage_scope_spans",
];
