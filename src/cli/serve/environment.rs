//! A master key in the environment could be read in `/proc/PID/environ` for as long as the server
//! runs. So the server begins anew without it, and is handed the key through a pipe.

use std::{
    env,
    io::{Write, pipe},
    os::unix::process::CommandExt,
    process::Command,
};

use crate::{
    cli::failure::Failure,
    config::{
        MASTER_KEY_FILE_VARIABLE, MASTER_KEY_VARIABLE, PREVIOUS_MASTER_KEY_FILE_VARIABLE,
        PREVIOUS_MASTER_KEY_VARIABLE,
    },
};

/// Replaces this process by one without master keys in its environment, if any is there. Returns
/// only if none is, or if that fails.
///
/// The pipe takes the place of the standard input, which a server does not read: a line for the present key, and one
/// for the previous.
pub(super) fn hide_master_keys() -> Result<(), Failure> {
    let keys = [
        (MASTER_KEY_VARIABLE, MASTER_KEY_FILE_VARIABLE),
        (
            PREVIOUS_MASTER_KEY_VARIABLE,
            PREVIOUS_MASTER_KEY_FILE_VARIABLE,
        ),
    ];
    let is_set = |name: &str| env::var_os(name).is_some();
    if !keys.iter().any(|(key, _)| is_set(key)) {
        return Ok(());
    }
    if keys.iter().any(|(key, file)| is_set(key) && is_set(file)) {
        // Given twice: the settings say so.
        return Ok(());
    }
    let failed = |error| Failure::unavailable(format!("cannot hide the master key: {error}"));
    let (reader, mut writer) = pipe().map_err(failed)?;
    let mut arguments = env::args_os();
    let mut anew = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        anew.arg0(name);
    }
    for (key, file) in keys {
        if let Some(text) = env::var_os(key) {
            writer.write_all(text.as_encoded_bytes()).map_err(failed)?;
            anew.env_remove(key).env(file, "-");
        }
        writer.write_all(b"\n").map_err(failed)?;
    }
    drop(writer);
    let error = anew.args(arguments).stdin(reader).exec();
    Err(failed(error))
}
