//! What is in this program's memory stays there: keys and secrets of clients among it.

use rustix::{
    io,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit},
};

use super::failure::Failure;

/// Whatever becomes of this process, no image of its memory is written, and no other process of the same
/// user reads it.
///
/// # Errors
/// The system does not let a process look after itself: then nothing secret may be read.
pub(super) fn keep() -> Result<(), Failure> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let kept = setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    kept.map_err(|error: io::Errno| {
        Failure::unavailable(format!("cannot keep memory out of core dumps: {error}"))
    })
}
