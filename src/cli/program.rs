//! What this program is called, for lines that can be copied.

use std::path::Path;

use super::pen::quoted;
use crate::config::{Config, DEFAULT_DATA};

/// By its path if it was called so, else by its name.
pub(crate) fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    if called.contains('/') && Path::new(&called).is_file() {
        quoted(&called)
    } else {
        "jeton".to_owned()
    }
}

/// The same, with the data directory unless it is the usual one.
pub(crate) fn program_with_data(config: &Config) -> String {
    let data = config.data.display().to_string();
    if data == DEFAULT_DATA {
        program()
    } else {
        format!("{} --data {}", program(), quoted(&data))
    }
}
