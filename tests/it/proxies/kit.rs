//! A proxy between curl and an API that answers with what it was asked, and Jeton beside it.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use jeton::domain::time::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::harness::{
    curl::{Reply, curl},
    dpop::Key,
    process::ServerProcess,
};

/// A proxy: the file of its configuration, and how it is started with one.
#[derive(Clone, Copy)]
pub(crate) struct Proxy {
    file: &'static str,
    command: fn(&Path) -> Command,
}

pub(crate) const NGINX: Proxy = Proxy {
    file: "nginx.conf",
    command: |file| {
        let mut command = Command::new("/usr/sbin/nginx");
        command
            .arg("-p")
            .arg(file.parent().unwrap())
            .arg("-c")
            .arg(file);
        command.args(["-g", "daemon off;"]);
        command
    },
};

pub(crate) const CADDY: Proxy = Proxy {
    file: "Caddyfile",
    command: |file| {
        let mut command = Command::new("caddy");
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(file);
        command.env("HOME", file.parent().unwrap());
        command
    },
};

pub(crate) const ENVOY: Proxy = Proxy {
    file: "envoy.yaml",
    command: |file| {
        let mut command = Command::new(peers().join("envoy/bin/envoy"));
        command
            .args(["--concurrency", "1", "--use-dynamic-base-id", "-c"])
            .arg(file);
        command
    },
};

/// Where `tests/setup` puts what it installs.
fn peers() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).expect("target/debug/deps/it-…");
    target.join("peers")
}

/// All of it, running. The proxy is killed when dropped.
pub(crate) struct Behind {
    server: ServerProcess,
    proxy: Child,
    /// Where the proxy listens.
    pub(crate) address: SocketAddr,
    pub(crate) client: String,
    secret: String,
}

impl Behind {
    pub(crate) fn start(proxy: Proxy) -> Self {
        let server = ServerProcess::start_with(&["--behind-proxy", "127.0.0.0/8"]);
        let api = "https://api.example.com";
        let scopes = ["--scope", "read:orders", "--scope", "write:orders"];
        server.jeton(&[&["api", "create", api, "--name", "Orders"], &scopes[..]].concat());
        let grant = format!("{api}=read:orders,write:orders");
        let created = server.jeton(&["client", "create", "Report Service", "--grant", &grant]);
        let rule = format!("orders {api} read:orders");
        server.jeton(&["settings", "set", "--forward-policy", &rule]);
        let text = |member: &str| created[member].as_str().unwrap().to_owned();
        let (address, child) = start(proxy, &server);
        Self {
            client: text("client_id"),
            secret: text("client_secret"),
            proxy: child,
            address,
            server,
        }
    }

    pub(crate) fn issuer(&self) -> &str {
        self.server.issuer()
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        self.server.log()
    }

    pub(crate) fn jeton(&self, words: &[&str]) -> Value {
        self.server.jeton(words)
    }

    /// A request to the API, through the proxy.
    #[track_caller]
    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> Reply {
        let url = format!("http://{}{path}", self.address);
        let mut words = vec!["--path-as-is"];
        for header in headers {
            words.extend(["--header", header]);
        }
        words.push(&url);
        curl(&words)
    }

    #[track_caller]
    pub(crate) fn token(&self, scope: &str) -> String {
        let reply = self.ask(&format!("scope={scope}"), None);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A token that is bound to `key`. The server, just started, wants a nonce in the proof.
    #[track_caller]
    pub(crate) fn bound_token(&self, key: &Key) -> String {
        let url = format!("{}/oauth2/token", self.issuer());
        let proof = |more: Value| key.proof(("POST", &url), SystemClock.now(), &more);
        let asked = self.ask("scope=read:orders", Some(proof(json!({}))));
        let nonce = asked.header("dpop-nonce");
        assert!(!nonce.is_empty(), "{asked:?}");
        let proof = proof(json!({ "nonce": nonce }));
        let reply = self.ask("scope=read:orders", Some(proof));
        assert_eq!(reply.json()["token_type"], "DPoP", "{reply:?}");
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn ask(&self, form: &str, proof: Option<String>) -> Reply {
        let url = format!("{}/oauth2/token", self.issuer());
        let user = format!("{}:{}", self.client, self.secret);
        let form = format!("grant_type=client_credentials&{form}");
        let proof = proof.map(|proof| format!("DPoP: {proof}"));
        let mut words = vec!["--user", &user, "--data", &form];
        if let Some(proof) = &proof {
            words.extend(["--header", proof]);
        }
        words.push(&url);
        curl(&words)
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

/// Starts a proxy with its configuration, the ports aside, and waits until it listens.
fn start(proxy: Proxy, server: &ServerProcess) -> (SocketAddr, Child) {
    let api = start_api();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/proxies");
    let mut text = fs::read_to_string(folder.join(proxy.file)).unwrap();
    for (there, here) in [
        (8080, server.address().port()),
        (9000, api.port()),
        (8000, free.port()),
    ] {
        text = text.replace(&format!("127.0.0.1:{there}"), &format!("127.0.0.1:{here}"));
        text = text.replace(
            &format!("port_value: {there}"),
            &format!("port_value: {here}"),
        );
    }
    let file = server.home().join(proxy.file);
    fs::write(&file, text).unwrap();
    let log = fs::File::create(server.home().join("proxy.log")).unwrap();
    let child = (proxy.command)(&file)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("tests/setup installs the proxy");
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(free).is_err() {
        let log = fs::read_to_string(server.home().join("proxy.log")).unwrap();
        assert!(
            Instant::now() < deadline,
            "{} does not listen:\n{log}",
            proxy.file
        );
        thread::sleep(Duration::from_millis(20));
    }
    (free, child)
}

/// An API that answers with the head of the request, as long as the process lives.
fn start_api() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut buffer = [0; 4096];
                while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => return,
                        Ok(read) => head.extend_from_slice(&buffer[..read]),
                    }
                }
                let length = head.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let _ = stream.write_all(&[answer.as_bytes(), &head].concat());
            });
        }
    });
    address
}

/// What stands in the header `name` of a head, once for each time.
pub(crate) fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .filter(|(field, _)| field.replace('_', "-").eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}
