//! Jeton from outside: each module is a capability, each test a sentence about the product.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod acme;
mod admin_api;
mod assertions;
mod at_once;
mod audit;
mod authorization_details;
mod backups;
mod browser;
mod checklist;
mod checkpoints;
mod cli;
mod client_authentication;
mod clock;
mod console;
mod discovery;
mod dpop;
mod durability;
mod evidence;
mod fapi;
mod floors;
mod forward_auth;
mod halting;
mod harness;
mod http;
mod idempotency;
mod introspection;
mod issued_tokens;
mod key_fetching;
mod key_rotation;
mod leak_reports;
mod limiting;
mod mutual_tls;
mod peers;
mod permissions;
mod protected_resource;
mod proxies;
mod readme;
mod registration;
mod resource_servers;
mod restore;
mod revocation;
mod rfc_examples;
mod rotation;
mod scopes;
mod server_certificate;
mod story;
mod throttling;
mod token;
mod token_exchange;
mod workloads;
mod world;
