//! Endpoints over loopback, each beside a minimal server that does only what cannot be left out: the token
//! endpoint beside one that only signs, `/forward-auth` and introspection beside one that only verifies a signature.
//!
//! Both are processes of their own and get the same request on the same connections, in turns. The ratio says
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
mod load;
#[path = "../../tests/it/harness/process.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod process;
mod reference;
mod verifier;

use std::env;
use std::process::ExitCode;
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
    let contests = ["token", "forward-auth", "introspect"];
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
    /// A token of the client.
    token: String,
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
        let answer = exchange(&host, &post(&host, "/oauth2/token", &login, TOKEN_FORM));
        let keys = exchange(
            &host,
            &format!("GET /oauth2/jwks HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        );
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let key = &keys["keys"][0];
        Self {
            token: text(&answer["access_token"]),
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
        let (request, expected): (String, [&[u8]; 2]) = self.request(server, name);
        let target = |address, pid, expected| Target {
            address,
            pid,
            request: request.clone().into_bytes(),
            expected,
        };
        let jeton = target(server.address(), server.pid(), expected[1]);
        let reference = target(reference.address(), reference.pid(), expected[0]);
        compare(&reference, &jeton)
    }

    /// What is sent, and what the answers of the reference and of Jeton hold.
    fn request(&self, server: &ServerProcess, name: &str) -> (String, [&'static [u8]; 2]) {
        let host = server.address().to_string();
        match name {
            "token" => {
                let login = STANDARD.encode(format!("{}:{}", self.client, self.secret));
                let token: &[u8] = b"\"access_token\":\"";
                (
                    post(&host, "/oauth2/token", &login, TOKEN_FORM),
                    [token, token],
                )
            }
            "forward-auth" => {
                let target =
                    "/forward-auth?audience=https%3A%2F%2Fsales.example.com&scope=read%3Aanalytics";
                let request = format!(
                    "GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
                    self.token
                );
                (request, [b"", b"x-client-id: "])
            }
            _ => {
                let (id, secret) = &self.resource_server;
                let login = STANDARD.encode(format!("{id}:{secret}"));
                let form = format!("token={}", self.token);
                let request = post(&host, "/oauth2/introspect", &login, &form);
                (request, [b"", b"{\"active\":true,"])
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

/// One request and the JSON of its answer.
fn exchange(host: &str, request: &str) -> serde_json::Value {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let closing = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(closing.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
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
