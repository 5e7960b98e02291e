//! Token requests, whole or half sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::harness::process::ServerProcess;

use super::changes::{self, API};

const FORM: &str = "grant_type=client_credentials&scope=read:analytics";

/// What a client proves itself with.
pub(crate) struct Login {
    client: String,
    basic: String,
}

/// Requests of which the server has seen the head and half the body.
pub(crate) struct Flight(Vec<TcpStream>);

impl Login {
    pub(crate) fn new(client: &str, secret: &str) -> Self {
        Self {
            client: client.to_owned(),
            basic: STANDARD.encode(format!("{client}:{secret}")),
        }
    }

    #[track_caller]
    pub(crate) fn of_a_new_client(server: &ServerProcess) -> Self {
        changes::create_api(server);
        let grant = format!("{API}=read:analytics");
        let created = server.jeton(&["client", "create", "Report Service", "--grant", &grant]);
        let text = |member: &str| created[member].as_str().unwrap().to_owned();
        Self::new(&text("client_id"), &text("client_secret"))
    }

    #[track_caller]
    pub(crate) fn ask(&self, server: &ServerProcess) {
        self.try_ask(server.address()).expect("a token");
    }

    /// A token, if a whole answer with one comes back.
    pub(crate) fn try_ask(&self, address: SocketAddr) -> Option<String> {
        let mut connection = connect(address)?;
        connection.write_all(self.head().as_bytes()).ok()?;
        connection.write_all(FORM.as_bytes()).ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let body: Value = serde_json::from_str(body).ok()?;
        Some(body["access_token"].as_str()?.to_owned())
    }

    /// The client's id.
    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    /// How often the server says the secret was used.
    #[track_caller]
    pub(crate) fn count(&self, server: &ServerProcess) -> u64 {
        let listed = server.jeton(&["secret", "list", &self.client]);
        listed["data"][0]["last_used"]["count"]
            .as_u64()
            .expect("a count")
    }

    fn head(&self) -> String {
        format!(
            "POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Basic {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n",
            self.basic,
            FORM.len()
        )
    }
}

impl Flight {
    /// Sends all of each request but the second half of its body.
    #[track_caller]
    pub(crate) fn of(requests: usize, login: &Login, server: &ServerProcess) -> Self {
        let begin = |_| {
            let mut connection = connect(server.address()).expect("a running server");
            let begun = format!("{}{}", login.head(), &FORM[..FORM.len() / 2]);
            connection.write_all(begun.as_bytes()).unwrap();
            connection
        };
        Self((0..requests).map(begin).collect())
    }

    /// Sends the rest of each, and reads the answers.
    #[track_caller]
    pub(crate) fn land(mut self) -> Vec<String> {
        for connection in &mut self.0 {
            connection
                .write_all(&FORM.as_bytes()[FORM.len() / 2..])
                .unwrap();
        }
        let read = |mut connection: TcpStream| {
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            answer
        };
        self.0.into_iter().map(read).collect()
    }
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let connection = TcpStream::connect(address).ok()?;
    connection
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    Some(connection)
}
