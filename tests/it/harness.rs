//! What the tests have in common.

pub(crate) mod admin;
pub(crate) mod assertion;
pub(crate) mod browser;
pub(crate) mod caller;
pub(crate) mod certificates;
pub(crate) mod curl;
pub(crate) mod dpop;
pub(crate) mod example;
pub(crate) mod platform;
pub(crate) mod process;
pub(crate) mod reply;
pub(crate) mod server;
pub(crate) mod socket;
pub(crate) mod tab;
