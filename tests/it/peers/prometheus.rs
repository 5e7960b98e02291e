//! Prometheus, with the configuration of `deploy/clients`: a product that fetches tokens for what it scrapes.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use super::{World, world::claims};
use crate::harness::process::free_address;

const API: &str = "https://api.example.com";

/// RI-04
#[test]
fn prometheus_scrapes_with_a_token() {
    let world = World::new();
    let secret = world.server.home().join("prometheus.secret");
    let secret = secret.to_str().unwrap();
    let scope = ["--name", "Orders", "--scope", "read:orders"];
    world
        .server
        .jeton(&[&["api", "create", API], &scope[..]].concat());
    let grant = format!("{API}=read:orders");
    let words = ["client", "create", "Prometheus", "--id", "prometheus"];
    let more = ["--grant", &grant, "--secret-file", secret];
    world.server.jeton(&[&words[..], &more].concat());
    let (scraped, requests) = listen();

    let _prometheus = Prometheus::start(&world, scraped, secret);
    let authorization = requests
        .recv_timeout(Duration::from_secs(30))
        .expect("it scrapes every second");

    let claims = claims(authorization.strip_prefix("Bearer ").unwrap());
    assert_eq!(claims["client_id"], "prometheus");
    assert_eq!(claims["aud"], API);
    assert_eq!(claims["scope"], "read:orders");
}

/// Killed when dropped.
struct Prometheus(Child);

impl Prometheus {
    /// Starts it with its configuration, the addresses aside.
    fn start(world: &World, scraped: SocketAddr, secret: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/clients/prometheus.yml");
        let mut text = fs::read_to_string(file).unwrap();
        for (there, here) in [
            ("127.0.0.1:8080", world.server.address().to_string()),
            ("127.0.0.1:9000", scraped.to_string()),
            ("/etc/prometheus/jeton.secret", secret.to_owned()),
            ("scrape_interval: 15s", "scrape_interval: 1s".to_owned()),
        ] {
            assert!(text.contains(there), "{there}");
            text = text.replace(there, &here);
        }
        let home = world.server.home();
        let file = home.join("prometheus.yml");
        fs::write(&file, text).unwrap();
        let log = fs::File::create(home.join("prometheus.log")).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                home.join("tsdb").display()
            ))
            .arg(format!("--web.listen-address={}", free_address()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("tests/setup installs Prometheus");
        Self(child)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Something to scrape, as long as the process lives, and what came in `Authorization`.
fn listen() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let fields = BufReader::new(&stream).lines().map_while(Result::ok);
            let fields = fields.take_while(|line| !line.is_empty());
            let authorization = fields
                .filter_map(|line| line.strip_prefix("Authorization: ").map(str::to_owned))
                .last();
            let _ = tell.send(authorization.unwrap_or_default());
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: close\r\n\r\norders 42\n",
            );
        }
    });
    (address, told)
}
