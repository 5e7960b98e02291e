//! Floor 2: what operators may do, as commands: pure functions of the registry.
//!
//! The console, the admin API and the command line are three ways to write the same command down.
//! A [`command::Command`] names the permission it needs and decides, on the newest registry, which
//! changes to make. It reads no clock, no disk and no network; moments, ids and secrets come from
//! the [`draft::Draft`] it is given.

pub mod access;
pub mod account;
pub mod apis;
pub mod audit;
pub mod backup;
pub mod clients;
pub mod clock;
pub mod command;
pub mod credentials;
pub mod details;
pub mod draft;
pub mod evidence;
pub mod grants;
pub mod halts;
pub mod handovers;
pub mod holders;
pub mod init;
pub mod input;
pub mod invitations;
pub mod keys;
pub mod leaks;
pub mod limits;
pub mod marks;
pub mod operators;
pub mod refusal;
pub mod registrations;
pub mod rekey;
mod require;
pub mod restore;
pub mod scopes;
pub mod secrets;
pub mod settings;
pub mod setup;
pub mod test_token;
pub mod views;

#[cfg(test)]
mod tests;
