//! Why a command did not do what it was asked, and the exit code that says so to programs.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::ConfigError;

/// How the program ends. The numbers are a promise; those above 60 are those of `sysexits.h`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// The server, or the rules, said no; or a token was refused.
    Refused = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// There is no data file, or it is empty, foreign or damaged.
    Damaged = 65,
    /// The server or its store cannot be reached.
    Unavailable = 69,
    /// The data file is in use, or cannot be created.
    InUse = 73,
    /// The disk failed to keep what was written.
    Disk = 74,
    /// The user may not.
    Forbidden = 77,
    /// The settings are wrong.
    Config = 78,
    /// A backup is sealed under another master key.
    MasterKey = 79,
    /// What was given, or what is there, is an older state than one that is known.
    Older = 80,
}

/// What the help ends with.
pub(crate) const EXAMPLES_AND_EXIT_CODES: &str = "\
Examples:
  jeton serve
  jeton demo
  jeton help secret rotate

Exit codes:
   0  done
   1  refused or failed: the message says why
   2  the command line makes no sense
  65  there is no data file, or it is empty, foreign or damaged
  69  the server or its store is unavailable
  73  the data file is in use, or cannot be created
  74  the disk failed to keep what was written: start again, and the data file is checked
  77  not permitted
  78  the settings are wrong
  79  the backup is sealed under another master key
  80  the data or the backup are older than what is known, or of another server";

/// Why a command failed: a line for people, a word for programs.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// The kind of failure, in one word of kebab case.
    pub(crate) word: String,
    /// What happened and what to do, in one line.
    pub(crate) message: String,
    /// What is wrong with which field.
    pub(crate) fields: Vec<FieldProblem>,
    /// The request, for finding it in the server's log.
    pub(crate) request_id: Option<String>,
}

/// One field of a request that the server did not take.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FieldProblem {
    /// Its name.
    pub(crate) field: String,
    /// What is wrong.
    pub(crate) message: String,
}

impl Failure {
    /// A failure of this program's own.
    pub(crate) fn new(exit: Exit, word: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            word: word.to_owned(),
            message: message.into(),
            fields: Vec::new(),
            request_id: None,
        }
    }

    /// The command cannot be carried out as written.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Something was refused, or did not work out.
    pub(crate) fn refused(word: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, word, message)
    }

    /// A file of the user's cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let message = format!("{}: {}", path.display(), in_words(error));
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            Self::new(Exit::Forbidden, "forbidden", message)
        } else {
            Self::refused("file", message)
        }
    }

    /// The server cannot be reached, or does not answer.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, "unavailable", message)
    }

    /// What a problem document (RFC 9457) of the admin API says.
    pub(crate) fn from_problem(status: u16, body: &Value) -> Self {
        let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
        let word = text("type")
            .and_then(|kind| kind.rsplit(':').next().map(str::to_owned))
            .unwrap_or_else(|| format!("status-{status}"));
        let message = text("detail")
            .or_else(|| text("title"))
            .unwrap_or_else(|| format!("the server answered with status {status}"));
        let fields = body.get("errors").cloned().unwrap_or_default();
        Self {
            exit: exit_of(status),
            word,
            message,
            fields: serde_json::from_value(fields).unwrap_or_default(),
            request_id: text("request_id"),
        }
    }

    /// The failure as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|problem| json!({ "field": problem.field, "message": problem.message }))
            .collect();
        json!({
            "error": self.word,
            "message": self.message,
            "errors": fields,
            "request_id": self.request_id,
            "exit_code": self.exit as u8,
        })
    }
}

fn exit_of(status: u16) -> Exit {
    match status {
        401 | 403 => Exit::Forbidden,
        503 => Exit::Unavailable,
        _ => Exit::Refused,
    }
}

/// An error of the operating system without its number.
fn in_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let mut words = text[..end].to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    words
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Config, "config", error.to_string())
    }
}
