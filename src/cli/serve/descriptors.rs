//! How many files this process may have open: each connection is one.

use std::io;

use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use tracing::warn;

/// What is open besides connections: the data file, sockets, the runtime's own, and what a backup needs for a moment.
const OTHERS: u64 = 100;

/// Lets this process open as many files as the system allows it, and says so if that is too few for `connections`.
///
/// The lower limit that most systems begin with, 1,024, is there for programs that use `select`; this one does not. To be
/// called before there are other threads.
pub(super) fn allow_for(connections: usize) {
    let given = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: given.maximum,
        maximum: given.maximum,
    };
    let raised = setrlimit(Resource::Nofile, most).is_ok();
    let allowed = if raised { given.maximum } else { given.current };
    let needed = connections as u64 + OTHERS;
    if let Some(allowed) = allowed.filter(|it| *it < needed) {
        warn!(
            "the system allows {allowed} open files, too few for {connections} connections: raise the limit (LimitNOFILE, ulimit -n) to {needed}, or lower max_connections"
        );
    }
    make_room(allowed.map_or(needed, |it| it.min(needed)));
}

/// Has the kernel's table take `count` open files at once. It doubles when it is full, and whoever opens a file then waits
/// for all processors, some twenty milliseconds, if other threads have the same table.
fn make_room(count: u64) {
    if let Ok(last) = i32::try_from(count.saturating_sub(1)) {
        // Without it, the table grows when it must.
        drop(fcntl_dupfd_cloexec(io::stderr(), last));
    }
}
