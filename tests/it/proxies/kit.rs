//! A server between curl and an API that answers with what it was asked, and Jeton beside it.

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
use rcgen::SanType;
use serde_json::{Value, json};

use crate::harness::{
    certificates::{Authority, Pair, Wanted, text},
    curl::{Reply, curl},
    dpop::Key,
    process::{ServerProcess, free_address},
};

/// A proxy: the file of its configuration below `deploy`, those that it names, and how it is started with one.
#[derive(Clone, Copy)]
pub(crate) struct Proxy {
    pub(crate) file: &'static str,
    pub(crate) more: &'static [&'static str],
    pub(crate) command: fn(&Path) -> Command,
}

pub(crate) const NGINX: Proxy = Proxy {
    file: "proxies/nginx.conf",
    more: &[],
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
    file: "proxies/Caddyfile",
    more: &[],
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
    file: "proxies/envoy.yaml",
    more: &[],
    command: |file| {
        let mut command = Command::new(peers().join("envoy/bin/envoy"));
        command
            .args(["--concurrency", "1", "--use-dynamic-base-id", "-c"])
            .arg(file);
        command
    },
};

pub(crate) const TRAEFIK: Proxy = Proxy {
    file: "proxies/traefik/traefik.yaml",
    more: &["proxies/traefik/api.yaml"],
    command: |file| {
        let mut command = Command::new(peers().join("traefik/bin/traefik"));
        command.arg("--configFile").arg(file);
        command
    },
};

/// What the API is called at the proxy.
const HOST: &str = "api.example.com";

/// Where `tests/setup` puts what it installs.
fn peers() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).expect("target/debug/deps/it-…");
    target.join("peers")
}

/// All of it, running. The proxy is killed when dropped.
pub(crate) struct Behind {
    /// Whom the proxy's certificate is from, and Jeton's if it has one.
    pub(crate) authority: Authority,
    server: ServerProcess,
    proxy: Child,
    /// Where the proxy listens.
    pub(crate) address: SocketAddr,
    doors: Doors,
    pub(crate) client: String,
    secret: String,
}

impl Behind {
    pub(crate) fn start(proxy: Proxy) -> Self {
        Self::start_with(proxy, Authority::new(), &[])
    }

    /// One with these settings of Jeton besides.
    pub(crate) fn start_with(proxy: Proxy, authority: Authority, more: &[&str]) -> Self {
        let settings = ["--behind-proxy", "127.0.0.0/8"];
        let server = ServerProcess::start_with(&[&settings[..], more].concat());
        let api = "https://api.example.com";
        let scopes = ["--scope", "read:orders", "--scope", "write:orders"];
        server.jeton(&[&["api", "create", api, "--name", "Orders"], &scopes[..]].concat());
        let grant = format!("{api}=read:orders,write:orders");
        let created = server.jeton(&["client", "create", "Report Service", "--grant", &grant]);
        let asks = ["client", "create", "Orders API", "--id", "orders-api"];
        let asks = server.jeton(&[&asks[..], &["--introspects", api]].concat());
        let rule = format!("orders {api} read:orders");
        server.jeton(&["settings", "set", "--forward-policy", &rule]);
        let text = |made: &Value, member: &str| made[member].as_str().unwrap().to_owned();
        let doors = Doors::new(&server);
        let name = SanType::DnsName(HOST.try_into().unwrap());
        let own = authority.issue(Wanted {
            names: &[name],
            ..Wanted::server("proxy")
        });
        let secret = text(&asks, "client_secret");
        let configuration = configuration(proxy, &doors, (&authority, &own), &server, &secret);
        let child = start(proxy, &configuration, &server, doors.at(8000));
        Self {
            client: text(&created, "client_id"),
            secret: text(&created, "client_secret"),
            address: doors.at(8000),
            doors,
            proxy: child,
            authority,
            server,
        }
    }

    /// Where it listens that stands at this port in the configuration.
    pub(crate) fn door(&self, port: u16) -> SocketAddr {
        self.doors.at(port)
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
        get(&format!("http://{}{path}", self.address), headers)
    }

    #[track_caller]
    pub(crate) fn token(&self, scope: &str) -> String {
        let reply = self.ask(&format!("scope={scope}"), None);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A request to the API over TLS, showing a certificate or none.
    #[track_caller]
    pub(crate) fn get_shown(&self, path: &str, shown: Option<&Pair>, headers: &[&str]) -> Reply {
        let door = self.door(8443);
        let here = format!("{HOST}:{}:{}", door.port(), door.ip());
        let url = format!("https://{HOST}:{}{path}", door.port());
        let ca = self.authority.file();
        let mut words = vec!["--cacert", text(&ca), "--resolve", &here];
        for header in headers {
            words.extend(["--header", header]);
        }
        if let Some(pair) = shown {
            words.extend(["--cert", text(&pair.certificate), "--key", text(&pair.key)]);
        }
        words.push(&url);
        curl(&words)
    }

    /// A token of a new client, bound to its certificate, which this header tells the server of.
    #[track_caller]
    pub(crate) fn certificate_bound_token(&self, header: &str, pair: &Pair) -> String {
        let grant = "https://api.example.com=read:orders";
        let words = ["client", "create", "Own", "--id", "own", "--grant", grant];
        self.jeton(&[&words[..], &["--cert", text(&pair.certificate)]].concat());
        let header = pair.in_header(header);
        let form = "grant_type=client_credentials&client_id=own";
        let url = format!("{}/oauth2/token", self.issuer());
        let told = curl(&["--header", &header, "--data", form, &url]).json();
        told["access_token"].as_str().unwrap().to_owned()
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
        let authority = self.authority.file();
        let mut words = vec!["--cacert", text(&authority), "--user", &user];
        words.extend(["--data", &form]);
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

/// Where everything really listens, by the port at which the configurations have it.
struct Doors(Vec<(u16, SocketAddr)>);

impl Doors {
    fn new(server: &ServerProcess) -> Self {
        let mut all = vec![(8080, server.address()), (9000, start_api())];
        all.extend([8000, 8001, 8443].map(|port| (port, free_address())));
        Self(all)
    }

    fn at(&self, port: u16) -> SocketAddr {
        let mut all = self.0.iter().filter(|(there, _)| *there == port);
        all.next().expect("a port of the configurations").1
    }
}

/// The proxy's configuration, with what is true here in the place of what is said there.
fn configuration(
    proxy: Proxy,
    doors: &Doors,
    (authority, own): (&Authority, &Pair),
    server: &ServerProcess,
    secret: &str,
) -> PathBuf {
    let ca = authority.file();
    let site = format!("{HOST}:{}", doors.at(8443).port());
    let truths = [
        ("api.example.com:8443", site.as_str()),
        ("https://auth.example.com", server.issuer()),
        ("/etc/ssl/certs/ca-certificates.crt", text(&ca)),
        ("/etc/ssl/api.example.com.pem", text(&own.certificate)),
        ("/etc/ssl/api.example.com.key", text(&own.key)),
        ("/etc/traefik", text(server.home())),
        ("SECRET", secret),
    ];
    let written = |file: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        let mut words = fs::read_to_string(folder.join(file)).unwrap();
        for (there, here) in &doors.0 {
            for before in ["127.0.0.1:", "port_value: "] {
                let here = format!("{before}{}", here.port());
                words = words.replace(&format!("{before}{there}"), &here);
            }
        }
        for (there, here) in &truths {
            words = words.replace(there, here);
        }
        let name = Path::new(file).file_name().unwrap();
        let file = server.home().join(name);
        fs::write(&file, words).unwrap();
        file
    };
    for file in proxy.more {
        written(file);
    }
    written(proxy.file)
}

/// Starts a proxy with its configuration, and waits until it listens.
fn start(proxy: Proxy, file: &Path, server: &ServerProcess, door: SocketAddr) -> Child {
    let log = fs::File::create(server.home().join("proxy.log")).unwrap();
    let child = (proxy.command)(file)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("tests/setup installs the proxy");
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(door).is_err() {
        let log = fs::read_to_string(server.home().join("proxy.log")).unwrap();
        assert!(
            Instant::now() < deadline,
            "{} does not listen:\n{log}",
            proxy.file
        );
        thread::sleep(Duration::from_millis(20));
    }
    // It may listen before it knows its whole configuration.
    while get(&format!("http://{door}/"), &[]).status == 404 {
        assert!(Instant::now() < deadline, "{} knows no API", proxy.file);
        thread::sleep(Duration::from_millis(20));
    }
    child
}

/// A request as it stands there.
#[track_caller]
pub(crate) fn get(url: &str, headers: &[&str]) -> Reply {
    let mut words = vec!["--path-as-is"];
    for header in headers {
        words.extend(["--header", header]);
    }
    words.push(url);
    curl(&words)
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
