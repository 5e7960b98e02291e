//! A server that a service manager starts, restarts and watches.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::process::deaf;

/// A manager that holds a socket, as systemd does for a socket unit.
struct Manager {
    home: TempDir,
    held: TcpListener,
    notices: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let notices = UnixDatagram::bind(home.path().join("notices")).unwrap();
        notices
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self {
            held: TcpListener::bind("127.0.0.1:0").unwrap(),
            home,
            notices,
        }
    }

    fn address(&self) -> String {
        self.held.local_addr().unwrap().to_string()
    }

    /// Starts a server that listens on `address`, and has the socket.
    fn start(&self, address: &str) -> Child {
        const HAND_OVER: &str =
            r#"exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@""#;
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("log"))
            .unwrap();
        deaf(Command::new("sh"))
            .args(["-c", HAND_OVER, "sh", env!("CARGO_BIN_EXE_jeton"), "serve"])
            .args(["--listen", address, "--data"])
            .arg(self.home.path().join("data"))
            .env("NOTIFY_SOCKET", self.home.path().join("notices"))
            .stdin(OwnedFd::from(self.held.try_clone().unwrap()))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// What the server tells next.
    #[track_caller]
    fn notice(&self) -> String {
        let mut notice = [0; 256];
        let read = self.notices.recv(&mut notice).unwrap_or_else(|error| {
            let log = fs::read_to_string(self.home.path().join("log")).unwrap();
            panic!("{error}:\n{log}")
        });
        String::from_utf8_lossy(&notice[..read]).into_owned()
    }

    #[track_caller]
    fn stop(&self, mut server: Child) {
        kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
        assert_eq!(self.notice().trim(), "STOPPING=1");
        assert!(server.wait().unwrap().success());
    }
}

#[test]
fn while_a_held_socket_outlives_the_server_no_request_is_refused() {
    let manager = Manager::new();
    let server = manager.start(&manager.address());
    assert_eq!(manager.notice().trim(), "READY=1");
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));

    let mut server = Some(server);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let answer = ask(&manager.address()).unwrap();
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for _ in 0..10 {
            let before = answered.load(Ordering::SeqCst);
            manager.stop(server.take().unwrap());
            server = Some(manager.start(&manager.address()));
            assert_eq!(manager.notice().trim(), "READY=1");
            while answered.load(Ordering::SeqCst) < before + 20 {
                thread::sleep(Duration::from_millis(5));
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
    manager.stop(server.unwrap());
}

/// Whether the server lives, over a connection of its own.
fn ask(address: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_held_socket_that_no_setting_names_is_refused() {
    let manager = Manager::new();

    let mut server = manager.start("127.0.0.1:0");

    assert_eq!(server.wait().unwrap().code(), Some(78));
    let log = fs::read_to_string(manager.home.path().join("log")).unwrap();
    assert!(log.contains(&manager.address()), "{log}");
    assert!(log.contains("which no setting names"), "{log}");
}

#[test]
fn the_unit_that_is_shipped_shuts_what_it_can() {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd");
    let unit = units.join("jeton.service");

    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=15"])
        .arg(&unit)
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}");
    let socket = fs::read_to_string(units.join("jeton.socket")).unwrap();
    assert!(socket.contains("ListenStream=127.0.0.1:8080"), "{socket}");
}
