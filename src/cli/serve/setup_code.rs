//! The code for whoever makes a new server theirs: told once, and kept in a file of their own until
//! there is an operator.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::{app::App, web::faces::Doors};

/// The file's name in the data directory.
const FILE_NAME: &str = "setup-code";

/// How often it is looked whether there is an operator.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where somebody makes this server theirs, the code included: where operators are served.
pub(super) fn address(app: &App, doors: &Doors) -> Option<Zeroizing<String>> {
    let code = app.setup().code()?;
    let path = format!("/console/set-up?code={}", *code);
    let operator = doors
        .operator
        .as_ref()
        .and_then(|it| Some((it.address()?, it.scheme())));
    let has_own = app.console_url() != app.issuer();
    Some(Zeroizing::new(match operator {
        Some((address, scheme)) if !has_own => {
            format!("{scheme}://{address}{}{path}", app.issuer().path())
        }
        Some(_) | None => app.console_url().endpoint(&path),
    }))
}

/// Writes the code and the address down, and takes the file away once there is an operator or the
/// server ends: then the code is worth nothing.
pub(super) fn keep(app: &App, data: &Path, address: &str) {
    let file = data.join(FILE_NAME);
    let Some(code) = app.setup().code() else {
        return;
    };
    match write(&file, &format!("{}\n{address}\n", *code)) {
        Ok(()) => {
            let path = file.display();
            info!(path = %path, "nobody owns this server yet: {path} says how to make it yours");
        }
        Err(error) => {
            let path = file.display();
            warn!(error = %error, path = %path, "the set-up code could not be written to {path}: {error}");
        }
    }
    let app = app.clone();
    let tasks = app.tasks().clone();
    tasks.spawn("set-up code", |stop| async move {
        while app.setup().is_open() {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => break,
            }
        }
        remove(&file);
        stop.cancelled().await;
    });
}

/// Takes away what a server that was killed has left.
pub(super) fn forget(data: &Path) {
    remove(&data.join(FILE_NAME));
}

fn remove(file: &Path) {
    let _gone = fs::remove_file(file);
}

/// Under another name first: a file that is there may be readable by others.
fn write(file: &PathBuf, text: &str) -> io::Result<()> {
    let draft = file.with_extension("new");
    let _stale = fs::remove_file(&draft);
    let mut options = OpenOptions::new();
    let mut opened = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    opened.write_all(text.as_bytes())?;
    fs::rename(&draft, file)
}
