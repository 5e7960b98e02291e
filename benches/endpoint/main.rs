//! The token endpoint over loopback, beside a minimal server that does only what cannot be left out.
//!
//! Both are processes of their own and get the same request on the same connections, in turns. The ratio says
//! what share of the machine's possible tokens per second Jeton reaches.
//!
//! ```text
//! cargo bench --bench endpoint
//! ```
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and fails when it cannot go on"
)]

mod load;
#[path = "../../tests/it/harness/process.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod process;
mod reference;

use std::env;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use load::{Round, Target};
use process::ServerProcess;
use reference::ReferenceProcess;

const API: &str = "https://sales.example.com";
const ROUNDS: usize = 5;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(4);

fn main() {
    if env::args().any(|argument| argument == reference::ROLE) {
        return reference::serve();
    }
    let jeton = ServerProcess::start();
    let (client, secret) = register(&jeton);
    let reference = ReferenceProcess::start(&client, &secret, jeton.issuer());
    let request = |host: &str| token_request(host, &client, &secret);
    let jeton = Target {
        address: jeton.address(),
        pid: jeton.pid(),
        request: request(&jeton.address().to_string()),
        _process: Box::new(jeton),
    };
    let reference = Target {
        address: reference.address(),
        pid: reference.pid(),
        request: request(&reference.address().to_string()),
        _process: Box::new(reference),
    };
    load::round(&reference, WARM_UP);
    load::round(&jeton, WARM_UP);

    println!(
        "{} connections, rounds of {} s",
        load::CONNECTIONS,
        ROUND.as_secs()
    );
    println!(
        "round   reference tokens/s   CPU/token   jeton tokens/s   CPU/token   ratio   CPU ratio"
    );
    let pairs: Vec<(Round, Round)> = (1..=ROUNDS)
        .map(|number| {
            let pair = (load::round(&reference, ROUND), load::round(&jeton, ROUND));
            print_pair(number, &pair);
            pair
        })
        .collect();
    println!(
        "median ratio of tokens/s: {:.2}; of CPU time per token (reference / jeton): {:.2}",
        median(pairs.iter().map(ratio).collect()),
        median(pairs.iter().map(cpu_ratio).collect())
    );
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

/// The client of the story, on a server that has just been set up.
fn register(server: &ServerProcess) -> (String, String) {
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
    let created = server.jeton(&["client", "create", "Report Service", "--grant", &grant]);
    let text = |member: &str| created[member].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

fn token_request(host: &str, client: &str, secret: &str) -> Vec<u8> {
    let form = "grant_type=client_credentials&scope=read%3Aanalytics";
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        STANDARD.encode(format!("{client}:{secret}")),
        form.len()
    )
    .into_bytes()
}
