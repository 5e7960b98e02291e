//! The command line from outside: what it prints where, how it ends, and what it leaves alone.

mod credentials;
mod exits;
mod help;
pub(crate) mod kit;
mod listeners;
mod proving;
mod rekeying;
mod restoring;
mod secrecy;
mod service_manager;
mod settings;
mod tls;
mod tokens;
mod transcript;
