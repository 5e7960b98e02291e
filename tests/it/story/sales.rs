//! The cast of the story: Jeton, the Sales Analytics API, and the Report Service with its secret.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::harness::curl::{Reply, curl};
use crate::harness::example::Example;
use crate::harness::process::ServerProcess;

/// The identifier of the Sales Analytics API.
pub(crate) const API: &str = "https://sales.test";

/// Two addresses of this machine, for a service that runs in two places.
pub(crate) const HERE: &str = "127.0.0.1";
pub(crate) const ELSEWHERE: &str = "127.0.0.2";

/// All that the story needs, running.
pub(crate) struct Sales {
    pub(crate) server: ServerProcess,
    pub(crate) client: String,
    figures: String,
    secret_file: PathBuf,
    _api: Example,
}

/// The two secrets of a rotation.
pub(crate) struct Rotation {
    pub(crate) new: String,
    pub(crate) old: String,
}

impl Sales {
    /// Defines the API, registers the service, and starts the API.
    #[track_caller]
    pub(crate) fn open(token_lifetime: &str) -> Self {
        let server = ServerProcess::start();
        create_api(
            &server,
            API,
            &["read:analytics=Read the figures", "write:analytics"],
            token_lifetime,
        );
        let grant = format!("{API}=read:analytics");
        let created = server.jeton(&["client", "create", "Report Service", "--grant", &grant]);
        let secret_file = server.home().join("secret");
        fs::write(&secret_file, text(&created["client_secret"])).unwrap();
        let settings = [
            ("ISSUER", server.issuer()),
            ("AUDIENCE", API),
            ("LISTEN", "127.0.0.1:0"),
            ("JWKS_REFRESH", "1"),
        ];
        let api = Example::start("sales_analytics_api", &[], &settings);
        let line = api.line_with("http://");
        let figures = line.split(' ').next_back().unwrap().to_owned();
        let sales = Self {
            client: text(&created["client_id"]),
            server,
            figures,
            secret_file,
            _api: api,
        };
        let token = sales.token_for(API, "read:analytics");
        sales.wait_until("the API has fetched the keys", |sales| {
            sales.call_with(&token).status == 200
        });
        sales
    }

    pub(crate) fn create_api(&self, identifier: &str, scopes: &[&str]) {
        create_api(&self.server, identifier, scopes, "1h");
    }

    pub(crate) fn grant(&self, api: &str, scopes: &[&str]) {
        let words = [&["grant", "set", self.client.as_str(), api], scopes].concat();
        self.server.jeton(&words);
    }

    /// The secret the service has in its file.
    pub(crate) fn secret(&self) -> String {
        fs::read_to_string(&self.secret_file).unwrap()
    }

    /// Asks for a token to read, from an address of this machine.
    #[track_caller]
    pub(crate) fn ask(&self, secret: &str, from: &str) -> Reply {
        curl(&[
            "--interface",
            from,
            "--user",
            &format!("{}:{secret}", self.client),
            "--data",
            "grant_type=client_credentials&scope=read:analytics",
            &format!("{}/oauth2/token", self.server.issuer()),
        ])
    }

    /// A token got with the secret in the file.
    #[track_caller]
    pub(crate) fn token_for(&self, api: &str, scope: &str) -> String {
        let answer = curl(&[
            "--user",
            &format!("{}:{}", self.client, self.secret()),
            "--data",
            "grant_type=client_credentials",
            "--data-urlencode",
            &format!("scope={scope}"),
            "--data-urlencode",
            &format!("resource={api}"),
            &format!("{}/oauth2/token", self.server.issuer()),
        ]);
        assert_eq!(answer.status, 200, "{answer:?}");
        text(&answer.json()["access_token"])
    }

    /// Calls the API.
    #[track_caller]
    pub(crate) fn call(&self, how: &[&str]) -> Reply {
        curl(&[how, &[self.figures.as_str()]].concat())
    }

    #[track_caller]
    pub(crate) fn call_with(&self, token: &str) -> Reply {
        self.call(&["--header", &format!("Authorization: Bearer {token}")])
    }

    /// The secret gets a token, and the token gets the figures.
    #[track_caller]
    pub(crate) fn assert_works(&self, secret: &str, from: &str) {
        let answer = self.ask(secret, from);
        assert_eq!(answer.status, 200, "{answer:?}");
        let figures = self.call_with(&text(&answer.json()["access_token"]));
        assert_eq!(figures.status, 200, "{figures:?}");
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, secret: &str) {
        let answer = self.ask(secret, HERE);
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(answer.json()["error"], "invalid_client");
    }

    /// Gives the service a second secret, in its file, and leaves the first one working for a day.
    #[track_caller]
    pub(crate) fn rotate(&self) -> String {
        let rotated = self.secrets(&["rotate"]);
        let secret = text(&rotated["client_secret"]);
        // Put in place whole: the service may read it at any time.
        let fresh = self.secret_file.with_extension("new");
        fs::write(&fresh, &secret).unwrap();
        fs::rename(&fresh, &self.secret_file).unwrap();
        secret
    }

    /// `jeton secret VERB CLIENT …`.
    #[track_caller]
    pub(crate) fn secrets(&self, verb: &[&str]) -> Value {
        self.server.jeton(&secret_words(verb, &self.client))
    }

    /// The same, whatever comes of it.
    pub(crate) fn tried(&self, verb: &[&str]) -> Output {
        self.server.run(&secret_words(verb, &self.client))
    }

    /// What the command line prints for people.
    #[track_caller]
    pub(crate) fn in_words(&self, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_jeton"))
            .arg("--data")
            .arg(self.server.data())
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is said of stopping the old secret.
    #[track_caller]
    pub(crate) fn verdict(&self) -> Value {
        self.secrets(&["list"])["rotation"]["verdict"].take()
    }

    #[track_caller]
    pub(crate) fn old_secret_id(&self) -> String {
        rotation_of(self).old
    }

    /// How often a secret was used.
    #[track_caller]
    pub(crate) fn secret_count(&self, secret: &str) -> u64 {
        let listed = self.secrets(&["list"]);
        let mut secrets = listed["data"].as_array().unwrap().iter();
        let secret = secrets
            .find(|listed| listed["secret_id"] == secret)
            .unwrap();
        secret["last_used"]["count"].as_u64().unwrap_or_default()
    }

    /// The Report Service of `examples/`, once.
    #[track_caller]
    pub(crate) fn report(&self) -> String {
        let output = Example::run("report_service", &self.settings());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, going on.
    #[track_caller]
    pub(crate) fn service(&self, every: &str) -> Example {
        Example::start("report_service", &["--every", every], &self.settings())
    }

    fn settings(&self) -> [(&str, &str); 5] {
        [
            ("ISSUER", self.server.issuer()),
            ("CLIENT_ID", &self.client),
            ("CLIENT_SECRET_FILE", self.secret_file.to_str().unwrap()),
            ("AUDIENCE", API),
            ("API_URL", &self.figures),
        ]
    }

    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so(self) {
            assert!(Instant::now() < deadline, "30 s, and still not: {what}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn create_api(server: &ServerProcess, identifier: &str, scopes: &[&str], token_lifetime: &str) {
    let mut words = vec!["api", "create", identifier, "--name", "Analytics"];
    words.extend(["--token-lifetime", token_lifetime]);
    words.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    server.jeton(&words);
}

fn secret_words<'a>(verb: &[&'a str], client: &'a str) -> Vec<&'a str> {
    let (verb, rest) = verb.split_first().unwrap();
    [&["secret", verb, client], rest].concat()
}

/// The rotation that is under way.
#[track_caller]
pub(crate) fn rotation_of(sales: &Sales) -> Rotation {
    let rotation = sales.secrets(&["list"])["rotation"].take();
    Rotation {
        new: text(&rotation["new"]),
        old: text(&rotation["old"]),
    }
}

/// The header that carries the token of an answer, for curl.
pub(crate) fn bearer(answer: &Value) -> String {
    format!("-HAuthorization: Bearer {}", text(&answer["access_token"]))
}

/// Which key signed a token.
pub(crate) fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    text(&serde_json::from_slice::<Value>(&header).unwrap()["kid"])
}

/// The same token with another signature.
pub(crate) fn damaged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let swapped = if signature.starts_with('A') { "B" } else { "A" };
    format!("{signed}.{swapped}{}", &signature[1..])
}

/// What an example says when it cannot do its work.
#[track_caller]
pub(crate) fn complaint(name: &str, settings: &[(&str, &str)]) -> String {
    let output = Example::run(name, settings);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
