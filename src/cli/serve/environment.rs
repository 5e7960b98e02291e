//! A master key in the environment could be read in `/proc/PID/environ` for as long as the server
//! runs. So the server begins anew without it, and is handed the key through a pipe.

use std::{
    io::{Write, pipe},
    os::unix::process::CommandExt,
    process::Command,
};

use crate::{
    cli::failure::Failure,
    config::{MASTER_KEY_FILE_VARIABLE, MASTER_KEY_VARIABLE},
};

/// Replaces this process by one without the master key in its environment, if it is there. Returns
/// only if it is not, or if that fails.
///
/// The pipe takes the place of the standard input, which a server does not read.
pub(super) fn hide_master_key() -> Result<(), Failure> {
    let Some(key) = std::env::var_os(MASTER_KEY_VARIABLE) else {
        return Ok(());
    };
    if std::env::var_os(MASTER_KEY_FILE_VARIABLE).is_some() {
        // Given twice: the settings say so.
        return Ok(());
    }
    let failed = |error| Failure::unavailable(format!("cannot hide the master key: {error}"));
    let (reader, mut writer) = pipe().map_err(failed)?;
    writer.write_all(key.as_encoded_bytes()).map_err(failed)?;
    drop(writer);
    let mut arguments = std::env::args_os();
    let mut anew = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        anew.arg0(name);
    }
    let error = anew
        .args(arguments)
        .env_remove(MASTER_KEY_VARIABLE)
        .env(MASTER_KEY_FILE_VARIABLE, "-")
        .stdin(reader)
        .exec();
    Err(failed(error))
}
