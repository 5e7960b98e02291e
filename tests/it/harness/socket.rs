//! The admin API through the Unix socket in the data directory, as the command line uses it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

/// The way to the admin API of whoever serves a data directory.
#[derive(Clone)]
pub(crate) struct AdminSocket(PathBuf);

/// One request.
pub(crate) struct AdminRequest<'a> {
    pub(crate) method: &'a str,
    /// Below `/admin/v1`.
    pub(crate) path: &'a str,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) body: Option<Value>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct AdminAnswer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl AdminSocket {
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join("jeton.sock"))
    }

    /// What is at a path, which must be there.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let request = AdminRequest {
            method: "GET",
            path,
            idempotency_key: None,
            body: None,
        };
        let answer = self.send(&request).expect("the admin API answers");
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.body
    }

    /// Everything in a list, page by page.
    #[track_caller]
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = format!("{path}?limit=200");
        loop {
            let mut page = self.get(&next);
            let Value::Array(data) = page["data"].take() else {
                panic!("{path} is no list: {page}");
            };
            all.extend(data);
            let Some(cursor) = page["next_cursor"].as_str() else {
                return all;
            };
            next = format!("{path}?limit=200&cursor={cursor}");
        }
    }

    /// Sends a request on a connection of its own. An error leaves it open whether it was carried out.
    pub(crate) fn send(&self, request: &AdminRequest<'_>) -> io::Result<AdminAnswer> {
        let mut connection = UnixStream::connect(&self.0)?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        connection.write_all(&request.written())?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer)?;
        parse(&answer).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl AdminRequest<'_> {
    fn written(&self) -> Vec<u8> {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut head = vec![
            format!("{} /admin/v1{} HTTP/1.1", self.method, self.path),
            "Host: localhost".to_owned(),
            "Connection: close".to_owned(),
            format!("Content-Length: {}", body.len()),
        ];
        if self.body.is_some() {
            head.push("Content-Type: application/json".to_owned());
        }
        if let Some(key) = self.idempotency_key {
            head.push(format!("Idempotency-Key: {key}"));
        }
        format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
    }
}

/// An answer, unless it was cut off.
fn parse(answer: &[u8]) -> Option<AdminAnswer> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    if length.1.trim().parse() != Ok(body.len()) {
        return None;
    }
    let body = match body {
        "" => Value::Null,
        json => serde_json::from_str(json).ok()?,
    };
    Some(AdminAnswer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        body,
    })
}
