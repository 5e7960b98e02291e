//! Jeton: an OAuth 2.0 authorization server for the client credentials grant.
//!
//! # The map
//!
//! A module uses only what lies on floors below its own; `tests/it/floors.rs` holds it to that.
//!
//! ```text
//!  6   cli                                      the command line: a client of the admin API
//!  5   web                                      the network: listeners, protocol endpoints, admin API
//!  4   app                                      the running server: publish, execute, record, shut down
//!  3   store                                    where commits go: one trait, one file per backend
//!  2   oauth    admin    config                  decisions, pure: protocol, operators' commands; settings
//!  1   domain                                   the words of the business
//!  0   crypto   telemetry                       hashes and signatures; the log
//! ```
//!
//! | to learn about | read |
//! | --- | --- |
//! | a token request, from bytes to answer | [`oauth`], then `web::oauth` |
//! | what is asked for in detail, and the schemas for it | [`oauth::authorization_details`], [`domain::details`] |
//! | the token of a client's platform, and why one would not do | `oauth::assertion::federation`, [`app::dry_run`] |
//! | a token for a token, on behalf of a caller | [`oauth::token_exchange`] |
//! | a change, from wish to disk to memory | [`admin`], then [`app`]'s executor |
//! | people: invited, signed in, reset | [`admin::invitations`], [`admin::account`], `app::sessions` |
//! | a secret for who is no operator | [`domain::handover`], [`admin::handovers`] |
//! | rotation and "safe to retire" | [`domain::rotation`], [`domain::verdict`] |
//! | what pages say of usage, and what needs attention | [`admin::evidence`] |
//! | lists of clients, however many there are | [`admin::evidence::directory`], `app::directory` |
//! | halts, and limits of clients | [`admin::halts`], [`domain::limits`] |
//! | guessing, and how it is slowed down | [`app::throttle`] |
//! | what is on disk, and how it is sealed | [`store`] |
//! | backups on a schedule, and what a restore must not bring back | [`domain::backup`], [`domain::epoch`], `cli::restore` |
//! | whether the audit log is whole, and the newest | [`app::checkpoints`], [`domain::checkpoint`] |
//! | keys, hashes, seals | [`crypto`] |
//! | TLS, and clients with certificates | `web::tls`, [`crypto::certificate`], [`oauth::mutual_tls`] |
//! | settings and log fields | [`config`], [`telemetry`] |
//! | endpoints, limits, time-outs | [`web`] |
//! | commands and their output | [`cli`] |
//!
//! # What always holds
//!
//! - Everything the server knows is one immutable [`domain::registry::Registry`]; a request loads
//!   it once. Between a token request's body and its answer there is no lock, no await, no store;
//!   but whose credentials are refused waits a moment.
//! - A change is decided, then durable, then remembered, then visible, in that order, with its
//!   audit entry in the same transaction.
//! - The registry after `apply` equals the registry after `load`.
//! - Time, randomness and settings are handed in.
//! - A secret has no `Debug`, and leaves in one answer only.

pub mod admin;
pub mod app;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod oauth;
pub mod store;
pub mod telemetry;
pub mod web;
