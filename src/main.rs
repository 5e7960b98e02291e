//! The `jeton` program: parses the command line, runs it, and ends with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    jeton::cli::run()
}
