//! What the tests have in common.

pub(crate) mod caller;
pub(crate) mod process;
pub(crate) mod reply;
pub(crate) mod server;
