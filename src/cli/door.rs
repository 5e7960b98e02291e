//! Two doors to the same rooms: a running server's socket, or the data file if no server runs.

use std::{
    io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use serde_json::Value;

use super::{
    failure::{Exit, Failure},
    offline::Offline,
    remote::Remote,
};
use crate::config::Config;

/// How long a data file may be locked without a socket to talk to: a server that starts or stops, or
/// another command.
const LONGEST_LOCKED: Duration = Duration::from_secs(5);

/// The way to whoever answers.
pub(crate) enum Door {
    /// A server is running.
    Server(Remote),
    /// This process has the file.
    File(Box<Offline>),
}

impl Door {
    /// To the server of the data directory if it runs, else to the file.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let begun = Instant::now();
        loop {
            match Remote::find(&config.data).await {
                Ok(remote) => return Ok(Self::Server(remote)),
                Err(error) if nobody_listens(&error) => {}
                Err(error) => return Err(unreachable(config, &error)),
            }
            match Offline::open(config).await {
                Err(failure)
                    if failure.exit == Exit::InUse
                        && failure.word == "in-use"
                        && begun.elapsed() < LONGEST_LOCKED =>
                {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                opened => return Ok(Self::File(Box::new(opened?))),
            }
        }
    }

    /// Asks the admin API: gives the status and the answer, `null` if it has no body.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), Failure> {
        let request = request(method, path, body);
        let response = match self {
            Self::Server(remote) => remote.send(request).await?,
            Self::File(offline) => offline.send(request).await?,
        };
        let status = response.status().as_u16();
        let body = response.body();
        if body.is_empty() {
            return Ok((status, Value::Null));
        }
        match serde_json::from_slice(body) {
            Ok(answer) => Ok((status, answer)),
            Err(_) => Err(Failure::unavailable(format!(
                "the server answered with status {status} and something that is not JSON"
            ))),
        }
    }

    /// Leaves the data as they must be left.
    pub(crate) async fn close(self) {
        match self {
            Self::Server(_) => {}
            Self::File(offline) => offline.close().await,
        }
    }
}

fn request(method: Method, path: &str, body: Option<Value>) -> Request<Full<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/admin/v1{path}"))
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("jeton/", env!("CARGO_PKG_VERSION")),
        );
    let request = match &body {
        Some(_) => request.header(header::CONTENT_TYPE, "application/json"),
        None => request,
    };
    let bytes = body
        .map(|body| Bytes::from(body.to_string()))
        .unwrap_or_default();
    request
        .body(Full::new(bytes))
        .expect("an encoded path makes a request")
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
    )
}

fn unreachable(config: &Config, error: &io::Error) -> Failure {
    let data = config.data.display();
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Failure::new(
            Exit::Forbidden,
            "forbidden",
            format!("you may not enter {data}: run this as the user who owns it, or as root"),
        );
    }
    Failure::unavailable(format!(
        "the server's socket in {data} cannot be reached: {error}"
    ))
}
