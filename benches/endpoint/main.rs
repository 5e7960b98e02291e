//! Endpoints over loopback, each beside a minimal server that does only what cannot be left out: the token
//! endpoint beside one that only signs, `/forward-auth` and introspection beside one that only verifies a signature.
//!
//! Tokens to look at are new to the server, more than it keeps in mind; the contests with `-again` show one and the same.
//!
//! Both are processes of their own and get the same requests on the same connections, in turns. The ratio says
//! what share of the machine's possible answers per second Jeton reaches; below [`LEAST`] the benchmark fails.
//!
//! ```text
//! cargo bench --bench endpoint
//! cargo bench --bench endpoint -- forward-auth introspect
//! ```
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails when it cannot go on"
)]

mod child;
mod headers;
mod load;
#[path = "../../tests/it/harness/process.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod process;
mod reference;
mod verifier;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use child::ReferenceProcess;
use load::{Round, Target};
use process::ServerProcess;

const API: &str = "https://sales.example.com";
const ROUNDS: usize = 5;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(4);

/// How many tokens are looked at: several times as many as a server keeps in mind.
const TOKENS: usize = 16_384;

/// The share that Jeton must reach.
const LEAST: f64 = 0.8;

fn main() -> ExitCode {
    let is_named = |name: &str| env::args().any(|argument| argument == name);
    if is_named(reference::ROLE) {
        reference::serve();
        return ExitCode::SUCCESS;
    }
    if is_named(verifier::ROLE) {
        verifier::serve();
        return ExitCode::SUCCESS;
    }
    let contests = [
        "token",
        "forward-auth",
        "introspect",
        "forward-auth-again",
        "introspect-again",
    ];
    let all = !contests.into_iter().any(is_named);
    let server = ServerProcess::start();
    let known = Known::register(&server);
    let mut code = ExitCode::SUCCESS;
    for name in contests.into_iter().filter(|name| all || is_named(name)) {
        println!("{name}");
        if known.contest(&server, name) < LEAST {
            println!("{name} is too slow: below {LEAST} of the reference");
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// What the requests are made of.
struct Known {
    client: String,
    secret: String,
    /// Who introspects.
    resource_server: (String, String),
    /// Tokens of the client.
    tokens: Vec<String>,
    /// The coordinates of the key that signed it.
    key: [String; 2],
}

impl Known {
    /// The client of the story and its API, on a server that has just been set up.
    fn register(server: &ServerProcess) -> Self {
        let api = [
            "api",
            "create",
            API,
            "--name",
            "Sales",
            "--scope",
            "read:analytics",
        ];
        server.jeton(&api);
        let grant = format!("{API}=read:analytics");
        let create = |arguments: &[&str]| {
            let created = server.jeton(arguments);
            let text = |member: &str| created[member].as_str().unwrap().to_owned();
            (text("client_id"), text("client_secret"))
        };
        let (client, secret) = create(&["client", "create", "Report Service", "--grant", &grant]);
        let resource_server = create(&["client", "create", "Sales", "--introspects", API]);
        let host = server.address().to_string();
        let login = STANDARD.encode(format!("{client}:{secret}"));
        let request = post(&host, "/oauth2/token", &login, TOKEN_FORM);
        let answers = load::answers(server.address(), request.as_bytes(), TOKENS);
        let request = format!("GET /oauth2/jwks HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answers_with_keys = load::answers(server.address(), request.as_bytes(), 1);
        let keys = body(&answers_with_keys[0]);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let key = &keys["keys"][0];
        Self {
            tokens: answers
                .iter()
                .map(|answer| text(&body(answer)["access_token"]))
                .collect(),
            key: [text(&key["x"]), text(&key["y"])],
            client,
            secret,
            resource_server,
        }
    }

    /// The share that Jeton reaches.
    fn contest(&self, server: &ServerProcess, name: &str) -> f64 {
        let reference = match name {
            "token" => ReferenceProcess::start(&[
                reference::ROLE,
                &self.client,
                &self.secret,
                server.issuer(),
            ]),
            _ => ReferenceProcess::start(&[verifier::ROLE, &self.key[0], &self.key[1]]),
        };
        let tokens = match name {
            "forward-auth" | "introspect" => self.tokens.as_slice(),
            _ => &self.tokens[..1],
        };
        let requests = tokens.iter().map(|token| self.request(server, name, token));
        let requests: Arc<[Vec<u8>]> = requests.map(String::into_bytes).collect();
        let expected: [&[u8]; 2] = match name {
            "token" => [b"\"access_token\":\""; 2],
            "forward-auth" | "forward-auth-again" => [b"", b"x-client-id: "],
            _ => [b"", b"{\"active\":true,"],
        };
        let target = |address, pid, expected| Target {
            address,
            pid,
            requests: Arc::clone(&requests),
            expected,
        };
        let jeton = target(server.address(), server.pid(), expected[1]);
        let reference = target(reference.address(), reference.pid(), expected[0]);
        compare(&reference, &jeton)
    }

    /// What is sent about a token, or for one.
    fn request(&self, server: &ServerProcess, name: &str, token: &str) -> String {
        let host = server.address().to_string();
        match name {
            "token" => {
                let login = STANDARD.encode(format!("{}:{}", self.client, self.secret));
                post(&host, "/oauth2/token", &login, TOKEN_FORM)
            }
            "forward-auth" | "forward-auth-again" => {
                let target =
                    "/forward-auth?audience=https%3A%2F%2Fsales.example.com&scope=read%3Aanalytics";
                format!(
                    "GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
                )
            }
            _ => {
                let (id, secret) = &self.resource_server;
                let login = STANDARD.encode(format!("{id}:{secret}"));
                post(
                    &host,
                    "/oauth2/introspect",
                    &login,
                    &format!("token={token}"),
                )
            }
        }
    }
}

const TOKEN_FORM: &str = "grant_type=client_credentials&scope=read%3Aanalytics";

fn post(host: &str, path: &str, login: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// The JSON of an answer.
fn body(answer: &[u8]) -> serde_json::Value {
    let answer = std::str::from_utf8(answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn compare(reference: &Target, jeton: &Target) -> f64 {
    load::round(reference, WARM_UP);
    load::round(jeton, WARM_UP);
    println!(
        "{} connections, rounds of {} s",
        load::CONNECTIONS,
        ROUND.as_secs()
    );
    println!(
        "round   reference answers/s   CPU/answer   jeton answers/s   CPU/answer   ratio   CPU ratio"
    );
    let pairs: Vec<(Round, Round)> = (1..=ROUNDS)
        .map(|number| {
            let pair = (load::round(reference, ROUND), load::round(jeton, ROUND));
            print_pair(number, &pair);
            pair
        })
        .collect();
    let reached = median(pairs.iter().map(ratio).collect());
    println!(
        "median ratio of answers/s: {reached:.2}; of CPU time per answer (reference / jeton): {:.2}",
        median(pairs.iter().map(cpu_ratio).collect())
    );
    reached
}

fn print_pair(number: usize, pair: &(Round, Round)) {
    println!(
        "{number:>5} {:>20.0} {:>8.1} µs {:>16.0} {:>8.1} µs {:>7.2} {:>11.2}",
        pair.0.per_second(),
        pair.0.cpu_micros(),
        pair.1.per_second(),
        pair.1.cpu_micros(),
        ratio(pair),
        cpu_ratio(pair)
    );
}

fn ratio((reference, jeton): &(Round, Round)) -> f64 {
    jeton.per_second() / reference.per_second()
}

fn cpu_ratio((reference, jeton): &(Round, Round)) -> f64 {
    reference.cpu_micros() / jeton.cpu_micros()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
