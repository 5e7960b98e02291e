//! HTTP as a person would do it: with curl.

use std::process::Command;

use serde_json::Value;

/// What curl got.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    body: String,
}

/// Runs curl; whatever comes back is an answer, nothing coming back is a failure.
#[track_caller]
pub(crate) fn curl(arguments: &[&str]) -> Reply {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "20"])
        .args(arguments)
        .output()
        .expect("tests/setup installs curl");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "curl {arguments:?}: {errors}");
    let printed = String::from_utf8(output.stdout).expect("our answers are text");
    let (head, body) = printed
        .split_once("\r\n\r\n")
        .expect("a head ends with an empty line");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Reply {
        status: status.expect("a status line has a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

impl Reply {
    /// A header's value; an empty one if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// The body, as text.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the answer {self:?}"))
    }
}
