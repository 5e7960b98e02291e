//! The server under load: a process of its own, with an API and clients, and what can be seen of it from outside.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::drive::Target;
use crate::process::ServerProcess;

/// The secret of the client that chose it itself: compared by a slow hash.
const CHOSEN: &str = "a-secret-that-a-person-chose-somehow-and-keeps";

/// A server with what the load needs.
pub(crate) struct House {
    pub(crate) server: ServerProcess,
    /// Of the client that does everything right.
    pub(crate) secret: String,
    /// The secret of the client that never asks for more than it may.
    modest: String,
}

impl House {
    /// A server with these settings beside the defaults.
    pub(crate) fn open(settings: &[&str]) -> Self {
        let server = ServerProcess::start_with(settings);
        let api = [
            "api",
            "create",
            crate::API,
            "--name",
            "Sales",
            "--scope",
            "read:analytics",
        ];
        server.jeton(&api);
        let grant = format!("{}=read:analytics", crate::API);
        let create = |name: &str, more: &[&str]| {
            let words = ["client", "create", name, "--id", name, "--grant", &grant];
            server.jeton(&[&words, more].concat())
        };
        let secret = |made: serde_json::Value| made["client_secret"].as_str().unwrap().to_owned();
        let (good, modest) = (secret(create("good", &[])), secret(create("modest", &[])));
        let file = server.home().join("chosen.secret");
        fs::write(&file, CHOSEN).unwrap();
        create("victim", &["--secret-file", file.to_str().unwrap()]);
        Self {
            server,
            secret: good,
            modest,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Token requests of the client that does everything right.
    pub(crate) fn good(&self) -> Target {
        self.target([("good", self.secret.as_str())])
    }

    /// Token requests of a client that asks for few.
    pub(crate) fn modest(&self) -> Target {
        self.target([("modest", self.modest.as_str())])
    }

    /// Token requests of the client with the chosen secret.
    pub(crate) fn victim(&self) -> Target {
        self.target([("victim", CHOSEN)])
    }

    /// Token requests of these names and secrets.
    pub(crate) fn target<'a>(&self, of: impl IntoIterator<Item = (&'a str, &'a str)>) -> Target {
        let requests = of.into_iter().map(|(id, secret)| self.request(id, secret));
        Target {
            address: self.address(),
            requests: requests.collect(),
        }
    }

    fn request(&self, id: &str, secret: &str) -> Vec<u8> {
        token_request(&self.address().to_string(), id, secret)
    }

    /// Bytes of memory that the process has now.
    pub(crate) fn memory(&self) -> u64 {
        memory(self.server.pid())
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        descriptors(self.server.pid())
    }

    /// Looks at it every twentieth of a second until told to stop.
    pub(crate) fn watch(&self) -> Watch {
        let (pid, stop) = (self.server.pid(), Arc::new(AtomicBool::new(false)));
        let most = Arc::new(AtomicU64::new(0));
        let (stopped, seen) = (Arc::clone(&stop), Arc::clone(&most));
        let looking = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                seen.fetch_max(memory(pid), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(50));
            }
        });
        Watch {
            stop,
            most,
            looking: Mutex::new(Some(looking)),
        }
    }
}

/// Somebody who looks at the memory of a process.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    most: Arc<AtomicU64>,
    looking: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Watch {
    /// The most bytes of memory that it had.
    pub(crate) fn most(&self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.lock().unwrap().take() {
            looking.join().unwrap();
        }
        self.most.load(Ordering::Relaxed)
    }
}

/// A token request of HTTP/1.1.
pub(crate) fn token_request(host: &str, id: &str, secret: &str) -> Vec<u8> {
    let login = STANDARD.encode(format!("{id}:{secret}"));
    let form = FORM;
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// What a token request says.
pub(crate) const FORM: &str = "grant_type=client_credentials&scope=read%3Aanalytics";

fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}
