//! A server that gets its certificate itself (ACME, RFC 8555): from a small directory that checks every signature and
//! really asks for the answers to its challenges.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    harness::{
        certificates::text,
        process::{ServerProcess, free_address},
    },
    peers::kit::Program,
};

/// A directory that is asked, and what it was asked for.
struct Directory {
    child: Child,
    folder: TempDir,
    address: String,
    challenges: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Directory {
    /// One whose certificates live for so many seconds.
    fn start(lifetime: u32, more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let challenges = free_address();
        let mut child = Program::Python("acme_directory")
            .command()
            .arg(folder.path())
            .args([challenges.port().to_string(), lifetime.to_string()])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = said.next().expect("its address").unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            for line in said.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self {
            child,
            folder,
            address,
            challenges: challenges.to_string(),
            lines,
        }
    }

    /// How often something was asked for.
    fn count(&self, what: &str) -> usize {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.starts_with(what)).count()
    }

    fn settings(&self) -> Vec<String> {
        let ca = self.folder.path().join("ca.pem");
        let words = [
            "--acme",
            &self.address,
            "--acme-agree",
            "--acme-domains",
            "127.0.0.1",
            "--acme-contact",
            "ops@example.com",
            "--acme-listen",
            &self.challenges,
            "--acme-ca",
            text(&ca),
        ];
        words.map(str::to_owned).to_vec()
    }

    /// The serial number of the certificate that the server shows, if it shows one of this authority.
    fn shown_by(&self, server: &ServerProcess) -> Option<String> {
        let ca = self.folder.path().join("ca.pem");
        let url = format!("{}/health/live", server.issuer());
        let format = "%{certs}";
        let words = [
            "--silent",
            "--max-time",
            "5",
            "--cacert",
            text(&ca),
            "--write-out",
            format,
            &url,
        ];
        let answer = Command::new("curl").args(words).output().unwrap();
        let certificates = String::from_utf8_lossy(&answer.stdout).into_owned();
        let mut lines = certificates.lines();
        let serial = lines.find_map(|line| line.trim().strip_prefix("Serial Number:"));
        (answer.status.success()).then(|| serial.unwrap_or_default().to_owned())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Both fail only if it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(directory: &Directory) -> ServerProcess {
    let settings = directory.settings();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    ServerProcess::start_with(&settings)
}

/// Waits until `is_so`, for a minute at most.
#[track_caller]
fn wait(what: &str, server: &ServerProcess, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}:\n{}", server.log());
        thread::sleep(Duration::from_millis(200));
    }
}

/// TLS-01
#[test]
fn a_server_on_an_empty_directory_gets_a_certificate_and_keeps_it_over_a_restart() {
    let directory = Directory::start(90 * 24 * 3600, &[]);
    let mut server = start(&directory);

    let serial = directory
        .shown_by(&server)
        .expect("a certificate of the authority");
    assert!(!serial.is_empty());
    assert_eq!(directory.count("account mailto:ops@example.com"), 1);
    assert_eq!(directory.count("order 127.0.0.1"), 1);
    assert_eq!(directory.count("challenge ready"), 1);

    server.restart();
    assert_eq!(directory.shown_by(&server), Some(serial));
    assert_eq!(directory.count("order"), 1, "nothing is ordered twice");
    assert_eq!(directory.count("account"), 1);
    let told = server.jeton(&["status"]);
    assert_eq!(told["certificate"]["directory"], directory.address);
    assert_eq!(told["certificate"]["names"], json!(["127.0.0.1"]));
    assert_eq!(told["certificate"].get("last_failure"), None);
}

#[test]
fn where_challenges_are_answered_there_is_nothing_else() {
    let directory = Directory::start(90 * 24 * 3600, &[]);
    let server = start(&directory);
    let status = |path: &str, more: &[&str]| {
        let url = format!("http://{}{path}", directory.challenges);
        let words = [
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} %{redirect_url}",
            &url,
        ];
        let answer = Command::new("curl")
            .args(words)
            .args(more)
            .output()
            .unwrap();
        String::from_utf8(answer.stdout).unwrap()
    };

    let page = status("/console", &[]);
    assert_eq!(page, format!("308 {}/console", server.issuer()));
    assert_eq!(status("/.well-known/acme-challenge/x", &[]), "404 ");
    assert_eq!(
        status(
            "/oauth2/token",
            &["--data", "grant_type=client_credentials"]
        ),
        "404 "
    );
}

#[test]
fn a_certificate_is_renewed_before_it_expires_and_shown_without_a_restart() {
    let directory = Directory::start(30, &[]);
    let server = start(&directory);
    let first = directory.shown_by(&server).expect("a certificate");

    wait("no second certificate", &server, || {
        directory.count("certificate") >= 2
    });
    wait("the second one is not shown", &server, || {
        directory
            .shown_by(&server)
            .is_some_and(|serial| serial != first)
    });
    assert_eq!(directory.count("account"), 1);
}

#[test]
fn a_directory_that_refuses_leaves_the_server_up_and_it_says_so() {
    let directory = Directory::start(90 * 24 * 3600, &["refuse"]);
    let settings = directory.settings();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let server = ServerProcess::spawn(&settings);

    wait("no try failed", &server, || {
        directory.count("challenge invalid") >= 1
    });
    wait(
        "the server does not say why it is degraded",
        &server,
        || {
            let told = server.jeton(&["status"]);
            let why = told["problems"][0].as_str().unwrap_or_default();
            told["ready"] == "degraded"
                && why.contains("The reason: the directory refused the order")
        },
    );
    let told = server.jeton(&["status"]);
    assert_eq!(told["certificate"]["names"], json!(["127.0.0.1"]));
    assert_eq!(told["certificate"].get("not_after"), None);
    wait("the log says nothing", &server, || {
        server.log().contains("no certificate for 127.0.0.1 from")
    });
    assert_eq!(
        directory.shown_by(&server),
        None,
        "nothing is shown in its place"
    );
    server.jeton(&["client", "list"]);
}
