//! The README's tables of what Jeton is tested with, made of what the tests run.

use std::{collections::BTreeMap, process::Command};

use super::assert_fresh;
use crate::{
    mutual_tls,
    peers::{
        self,
        asks::{EXCHANGERS, PROGRAMS, PROVERS},
        assertions::SIGNERS,
        kit::{Auth, Program},
        mcp::MCP,
    },
};

/// What a client does, or how a resource server takes tokens: a column.
type Way = &'static str;

const BASIC: Way = "secret: Basic";
const BODY: Way = "secret: body";
const KEY: Way = "`private_key_jwt`";
const JWT: Way = "`client_secret_jwt`";
const CERTIFICATE: Way = "certificate";
const DPOP: Way = "DPoP";
const ASKS: Way = "introspects, revokes";
const EXCHANGES: Way = "exchanges";
const REGISTERS: Way = "registers itself";

const KEYS: Way = "JWT by the public keys";
const INTROSPECTION: Way = "introspection";
const FORWARD_AUTH: Way = "forward-auth";
const PROOF: Way = "bound to a key (DPoP)";
const BOUND: Way = "bound to a certificate";

/// Who does what, and the test that shows it.
struct Shown {
    who: &'static str,
    way: Way,
    test: &'static str,
}

/// One of the tables.
struct Table {
    /// Between which marks it stands in the README.
    mark: &'static str,
    /// What the first column has.
    first: &'static str,
    ways: &'static [Way],
    shown: fn() -> Vec<Shown>,
}

const TABLES: [Table; 2] = [
    Table {
        mark: "clients",
        first: "client",
        ways: &[
            BASIC,
            BODY,
            KEY,
            JWT,
            CERTIFICATE,
            DPOP,
            ASKS,
            EXCHANGES,
            REGISTERS,
        ],
        shown: clients,
    },
    Table {
        mark: "resource servers",
        first: "resource server",
        ways: &[KEYS, INTROSPECTION, FORWARD_AUTH, PROOF, BOUND],
        shown: resource_servers,
    },
];

/// To bring the README up to date: `UPDATE=1 cargo nextest run readme`.
#[test]
fn the_tables_of_what_is_tested_are_of_what_the_tests_run() {
    let tests = tests();
    let missing: Vec<&str> = TABLES
        .iter()
        .flat_map(|table| (table.shown)())
        .map(|shown| shown.test)
        .filter(|test| !tests.contains(&(*test).to_owned()))
        .collect();
    assert_eq!(missing, [""; 0], "no such tests are run");

    for table in TABLES {
        assert_fresh(table.mark, &table.text());
    }
}

fn clients() -> Vec<Shown> {
    let mut all = Vec::new();
    let mut add = |program: Program, way, test| {
        let who = library(program);
        all.push(Shown { who, way, test });
    };
    for client in peers::CLIENTS {
        for way in client.methods.iter().filter_map(|auth| way(*auth)) {
            add(client.program, way, serves(client.program));
        }
    }
    for way in MCP.methods.iter().filter_map(|auth| way(*auth)) {
        let test = "peers::mcp::mcp_finds_its_way_from_the_api_to_a_token";
        add(MCP.program, way, test);
    }
    add(MCP.program, KEY, "peers::mcp::mcp_signs_with_a_key");
    for (client, _) in SIGNERS {
        let test = "peers::assertions::libraries_sign_with_a_key_that_was_registered_as_pem";
        add(client.program, KEY, test);
        let test = "peers::assertions::libraries_sign_with_a_secret_that_was_made_for_it";
        add(client.program, JWT, test);
    }
    for program in mutual_tls::peers::PEERS {
        let test = "mutual_tls::peers::libraries_find_the_way_and_get_bound_tokens";
        add(program, CERTIFICATE, test);
    }
    let test = "mutual_tls::a_client_with_its_own_certificate_gets_a_token_bound_to_it";
    add(Program::Curl, CERTIFICATE, test);
    for program in PROVERS {
        let test = "peers::asks::libraries_get_tokens_that_are_bound_to_their_keys";
        add(program, DPOP, test);
    }
    for program in PROGRAMS {
        add(
            program,
            ASKS,
            "peers::asks::libraries_introspect_and_revoke_tokens",
        );
    }
    for program in EXCHANGERS {
        add(program, EXCHANGES, "peers::asks::libraries_exchange_tokens");
    }
    let test = "peers::registers::openid_client_registers_itself_and_gets_a_token";
    add(peers::registers::OPENID_CLIENT, REGISTERS, test);
    all.extend(ALONE.map(|(who, way, test)| Shown { who, way, test }));
    all
}

/// Clients that run in a test of their own.
const ALONE: [(&str, Way, &str); 9] = [
    (
        "huskarl (Rust)",
        BASIC,
        "peers::huskarl::huskarl_gets_a_token_with_basic_and_with_the_body_and_revokes_it",
    ),
    (
        "huskarl (Rust)",
        BODY,
        "peers::huskarl::huskarl_gets_a_token_with_basic_and_with_the_body_and_revokes_it",
    ),
    (
        "huskarl (Rust)",
        KEY,
        "peers::huskarl::huskarl_signs_with_a_key",
    ),
    (
        "huskarl (Rust)",
        DPOP,
        "peers::huskarl::huskarl_gets_a_token_that_is_bound_to_its_key",
    ),
    (
        "huskarl (Rust)",
        CERTIFICATE,
        "mutual_tls::in_rust::huskarl_shows_its_certificate_and_gets_a_bound_token",
    ),
    (
        "oauth2 (Rust)",
        ASKS,
        "mutual_tls::in_rust::the_oauth2_crate_introspects_and_revokes_its_token",
    ),
    (
        "oauth2 (Rust)",
        BASIC,
        "peers::the_oauth2_crate_gets_a_token_with_basic_and_with_the_body",
    ),
    (
        "oauth2 (Rust)",
        BODY,
        "peers::the_oauth2_crate_gets_a_token_with_basic_and_with_the_body",
    ),
    (
        "Prometheus",
        BASIC,
        "peers::prometheus::prometheus_scrapes_with_a_token",
    ),
];

fn resource_servers() -> Vec<Shown> {
    let validators = peers::VALIDATORS.map(|validator| Shown {
        who: library(validator.program),
        way: KEYS,
        test: "peers::every_validator_accepts_a_token_of_every_algorithm",
    });
    let others = SERVERS.map(|(who, way, test)| Shown { who, way, test });
    validators.into_iter().chain(others).collect()
}

const SERVERS: [(&str, Way, &str); 16] = [
    (
        "express-oauth2-jwt-bearer (Node)",
        PROOF,
        "peers::asks::libraries_of_resource_servers_take_a_bound_token_with_proofs_of_its_key_alone",
    ),
    (
        "oauth4webapi (Node)",
        PROOF,
        "peers::asks::libraries_of_resource_servers_take_a_bound_token_with_proofs_of_its_key_alone",
    ),
    (
        "tower-oauth2-resource-server",
        KEYS,
        "story::the_report_service_reads_the_sales_analytics",
    ),
    (
        "Apache mod_oauth2",
        KEYS,
        "resource_servers::mod_oauth2_takes_tokens_by_the_public_keys",
    ),
    (
        "Apache mod_oauth2",
        INTROSPECTION,
        "resource_servers::mod_oauth2_takes_tokens_by_introspection",
    ),
    (
        "Apache mod_oauth2",
        PROOF,
        "resource_servers::mod_oauth2_takes_a_token_that_is_bound_to_a_key_with_proofs_of_it",
    ),
    (
        "Apache mod_oauth2",
        BOUND,
        "resource_servers::mod_oauth2_takes_a_token_that_is_bound_to_a_certificate_from_who_shows_it",
    ),
    (
        "Apache mod_auth_openidc",
        KEYS,
        "resource_servers::mod_auth_openidc_takes_tokens_by_the_public_keys",
    ),
    (
        "Apache mod_auth_openidc",
        INTROSPECTION,
        "resource_servers::mod_auth_openidc_takes_tokens_by_introspection",
    ),
    (
        "nginx",
        FORWARD_AUTH,
        "proxies::nginx::lets_through_whoever_has_the_token_and_says_who_it_is",
    ),
    (
        "nginx",
        PROOF,
        "proxies::nginx::checks_proofs_against_the_request_that_was_really_made",
    ),
    (
        "Caddy",
        FORWARD_AUTH,
        "proxies::caddy::lets_through_whoever_has_the_token_and_says_who_it_is",
    ),
    (
        "Caddy",
        PROOF,
        "proxies::caddy::checks_proofs_against_the_request_that_was_really_made",
    ),
    (
        "Envoy",
        KEYS,
        "resource_servers::envoy_takes_tokens_by_the_public_keys",
    ),
    (
        "Envoy",
        FORWARD_AUTH,
        "proxies::envoy::lets_through_whoever_has_the_token_and_says_who_it_is",
    ),
    (
        "Envoy",
        PROOF,
        "proxies::envoy::checks_proofs_against_the_request_that_was_really_made",
    ),
];

const fn way(auth: Auth) -> Option<Way> {
    match auth {
        Auth::Basic | Auth::Raw => Some(BASIC),
        Auth::Body => Some(BODY),
        Auth::Key => Some(KEY),
        Auth::Jwt => Some(JWT),
        Auth::Challenge | Auth::Auto => None,
    }
}

/// What people call the library that a program of `tests/peers` drives.
#[track_caller]
fn library(program: Program) -> &'static str {
    let program = program.to_string();
    let stem = program.trim_end_matches("_mtls");
    let kinds = ["client_", "asks_", "exchanges_", "registers_", "validator_"];
    let stem = kinds
        .iter()
        .find_map(|kind| stem.strip_prefix(kind))
        .unwrap_or(stem);
    match stem {
        "curl" => "curl",
        "authlib" => "Authlib (Python)",
        "badgateway" => "@badgateway/oauth2-client (Node)",
        "credentials" => "golang.org/x/oauth2",
        "express_oauth2_jwt_bearer" => "express-oauth2-jwt-bearer (Node)",
        "go_oidc" => "go-oidc",
        "google_auth" => "google-auth (Python)",
        "HttpClientPeer" => "the JDK's HttpClient",
        "jose" => "jose (Node)",
        "mcp" => "mcp (Python)",
        "oauth4webapi" => "oauth4webapi (Node)",
        "openid_client" => "openid-client (Node)",
        "pyjwt" => "PyJWT",
        "requests_oauth2client" => "requests-oauth2client (Python)",
        "requests_oauthlib" => "requests-oauthlib (Python)",
        "simple_oauth2" => "simple-oauth2 (Node)",
        other => panic!("{other} has no name in the README"),
    }
}

/// The test in which a library gets a token with its secret.
fn serves(program: Program) -> &'static str {
    match program {
        Program::Curl => "peers::curl_gets_a_token_with_basic_and_with_the_body",
        Program::Go(_) => {
            "peers::golang_oauth2_gets_a_token_with_basic_and_with_the_body_and_by_trying_both"
        }
        Program::Java(_) => {
            "peers::the_jdk_gets_a_token_with_basic_and_with_the_body_and_when_challenged"
        }
        Program::Python("client_authlib") => {
            "peers::authlib_gets_a_token_with_basic_and_with_the_body"
        }
        Program::Python("client_requests_oauth2client") => {
            "peers::requests_oauth2client_gets_a_token_with_basic_and_with_the_body"
        }
        Program::Python(_) => "peers::requests_oauthlib_gets_a_token_with_basic_and_with_the_body",
        Program::Node("client_openid_client") => {
            "peers::openid_client_gets_a_token_with_basic_and_with_the_body"
        }
        Program::Node("client_oauth4webapi") => {
            "peers::oauth4webapi_gets_a_token_with_basic_and_with_the_body"
        }
        Program::Node("client_simple_oauth2") => {
            "peers::simple_oauth2_gets_a_token_with_basic_and_with_the_body"
        }
        Program::Node(_) => "peers::badgateway_gets_a_token_with_basic_and_with_the_body",
    }
}

/// The tests that this binary runs, by their paths; not those that are run by others or not at all.
fn tests() -> Vec<String> {
    let list = |more: &[&str]| {
        let program = std::env::current_exe().unwrap();
        let listed = Command::new(program)
            .args(["--list", "--format", "terse"])
            .args(more)
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let tests = listed
            .lines()
            .filter_map(|line| line.strip_suffix(": test"));
        tests.map(str::to_owned).collect::<Vec<_>>()
    };
    let ignored = list(&["--ignored"]);
    let mut all = list(&[]);
    all.retain(|test| !ignored.contains(test));
    assert!(all.len() > 100, "the list of tests was not understood");
    all
}

impl Table {
    /// A row for each peer, a column for each way.
    fn text(&self) -> String {
        let mut rows: BTreeMap<(String, &str), Vec<Way>> = BTreeMap::new();
        for Shown { who, way, .. } in (self.shown)() {
            let key = (who.trim_start_matches('@').to_lowercase(), who);
            rows.entry(key).or_default().push(way);
        }
        let line = |first: &str, of: &dyn Fn(Way) -> &'static str| {
            let cells = self.ways.iter().map(|way| match of(way) {
                "" => " |".to_owned(),
                text => format!(" {text} |"),
            });
            format!("| {first} |{}\n", cells.collect::<String>())
        };
        let mut text = line(self.first, &|way| way) + &line("---", &|_| "---");
        for ((_, who), done) in &rows {
            text += &line(who, &|way| if done.contains(&way) { "yes" } else { "" });
        }
        text
    }
}
