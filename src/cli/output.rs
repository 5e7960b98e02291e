//! The only place that prints: results to standard output, everything else to standard error.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{
    failure::{Exit, Failure},
    pen::Pen,
};
use crate::{
    config::{settings, wants_no_colour},
    domain::time::{Clock, SystemClock},
};

/// For whom results are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Words and tables.
    Human,
    /// JSON, and nothing but.
    Json,
}

impl Format {
    /// The pen to write for people with, on standard output.
    pub(crate) fn pen(self) -> Pen {
        Pen {
            now: SystemClock.now(),
            colours: self == Self::Human && io::stdout().is_terminal() && !wants_no_colour(),
        }
    }
}

/// Writes `text` to standard output as it is.
pub(crate) fn print(text: &str) {
    write(&mut io::stdout().lock(), text);
}

/// Writes `value` to standard output as JSON.
pub(crate) fn print_json(value: &Value) {
    print(&format!("{value:#}\n"));
}

/// Says something beside the result.
pub(crate) fn say(text: &str) {
    write(&mut io::stderr().lock(), &format!("{text}\n"));
}

/// Whether a person sees what is said on standard error.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whoever reads may go away at any time, as `head` does: that is no failure of ours.
fn write(stream: &mut impl Write, text: &str) {
    let _gone = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush());
}

/// Says why a command failed, and ends accordingly.
pub(crate) fn report(failure: &Failure, format: Format) -> ExitCode {
    match format {
        Format::Json => say(&failure.to_json().to_string()),
        Format::Human => {
            if let [_, _, ..] = failure.fields.as_slice() {
                say("jeton: this cannot be taken as it is:");
                for problem in &failure.fields {
                    say(&format!("  {}: {}", problem.field, problem.message));
                }
            } else {
                say(&format!("jeton: {failure}"));
            }
            if let Some(id) = failure
                .request_id
                .as_ref()
                .filter(|_| failure.exit == Exit::Unavailable)
            {
                say(&format!("  request {id} in the server's log"));
            }
        }
    }
    ExitCode::from(failure.exit as u8)
}

/// Says what is wrong with a command line, or shows the help that was asked for.
pub(crate) fn explain(error: &clap::Error, line: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        print(&error.render().to_string());
        return ExitCode::SUCCESS;
    }
    if let Some(variable) = wrong_variable(error, line) {
        let failure = Failure::new(Exit::Config, "config", variable);
        return report(&failure, wanted_format(line));
    }
    match wanted_format(line) {
        Format::Human => {
            let text = error.render();
            let colours = stderr_is_terminal() && !wants_no_colour();
            let text = if colours {
                text.ansi().to_string()
            } else {
                text.to_string()
            };
            write(&mut io::stderr().lock(), &text);
        }
        Format::Json => {
            let text = error.render().to_string();
            let first = text.split("\n\n").next().unwrap_or(&text);
            let message = first.strip_prefix("error: ").unwrap_or(first).trim();
            say(
                &json!({ "error": "usage", "message": message, "errors": [], "exit_code": 2 })
                    .to_string(),
            );
        }
    }
    ExitCode::from(Exit::Usage as u8)
}

fn wanted_format(line: &[OsString]) -> Format {
    if line.iter().any(|word| word == "--json") {
        Format::Json
    } else {
        Format::Human
    }
}

/// If the value that is wrong came from the environment: which variable, and why.
fn wrong_variable(error: &clap::Error, line: &[OsString]) -> Option<String> {
    let arg = error.get(clap::error::ContextKind::InvalidArg)?.to_string();
    let flag = arg.split([' ', '=', '[']).next()?.to_owned();
    let typed = line
        .iter()
        .any(|word| word.to_string_lossy().split('=').next() == Some(flag.as_str()));
    if typed {
        return None;
    }
    settings::variable_of(&arg)?;
    Some(settings::wrong_variable(error))
}
