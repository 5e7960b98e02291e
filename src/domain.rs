//! Floor 1: the words of the business.
//!
//! Plain values and the rules that need nothing but them. Nothing here reads a clock, a random
//! number, a file or the network; whatever depends on the moment takes a [`time::Timestamp`].

pub mod acme;
pub mod actor;
pub mod api;
#[cfg(test)]
pub(crate) mod arbitrary;
pub mod assertion;
pub mod audit;
pub mod backup;
pub mod change;
pub mod checkpoint;
pub mod claims;
pub mod client;
pub mod clock;
pub mod credential;
pub mod details;
pub mod epoch;
pub mod forward;
pub mod halt;
pub mod handover;
pub mod hint;
pub mod id;
pub mod issued_token;
pub mod issuer;
pub mod key;
pub mod limits;
pub mod link;
pub mod marks;
pub mod name;
pub mod number;
pub mod operator;
pub mod order;
pub mod permission;
pub mod policy;
pub mod profile;
pub mod registration;
pub mod registry;
pub mod revocation;
pub mod rotation;
pub mod scope;
pub mod secret;
pub mod server_certificate;
pub mod session;
pub mod shared;
pub mod spiffe;
pub mod time;
pub mod usage;
pub mod verdict;
