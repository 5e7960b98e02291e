//! The real binary as a process of its own: a server on a free loopback port, and its command line.
//!
//! For tests that need sockets, files or other programs. Everything else belongs to the in-process server.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A `jeton serve` on a directory that was empty. Killed with SIGKILL when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    address: SocketAddr,
    issuer: String,
    home: TempDir,
    settings: Vec<String>,
    /// Of how many bytes the disk is on which its data lie, if it has one of its own.
    disk: Option<usize>,
}

impl ServerProcess {
    /// Starts on an empty directory and waits until `/health/ready` answers 200.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with further flags of `jeton serve`.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        Self::start_on(None, settings)
    }

    /// The same, with its data on a disk of so many bytes, which is gone with the process.
    pub(crate) fn start_on_small_disk(bytes: usize, settings: &[&str]) -> Self {
        Self::start_on(Some(bytes), settings)
    }

    fn start_on(disk: Option<usize>, settings: &[&str]) -> Self {
        let mut server = Self::spawn_on(disk, settings);
        // Between choosing a free port and listening on it, someone else may take it.
        for _ in 0..2 {
            if server.is_ready() {
                return server;
            }
            server = Self::spawn_on(disk, settings);
        }
        assert!(
            server.is_ready(),
            "jeton serve did not become ready:\n{}",
            server.log()
        );
        server
    }

    /// Ends the server without warning, as a crash would.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().expect("our own child");
    }

    /// Asks the server to end, and returns at once.
    pub(crate) fn ask_to_end(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a running server");
    }

    /// Ends the server as it would end of a fault of its own.
    pub(crate) fn abort(&self) {
        kill_process(Pid::from_child(&self.child), Signal::ABORT).expect("a running server");
    }

    /// Tells the server to read its certificates again.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).expect("a running server");
    }

    /// Waits until a server that was asked to end has ended.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!(
            "jeton serve, process {}, did not end within a minute:\n{}",
            self.pid(),
            self.log()
        );
    }

    /// Starts a server that ended, or was killed, on the same directory and address.
    pub(crate) fn spawn_again(&mut self) {
        self.child = spawn((self.home.path(), self.disk), self.address, &self.settings);
    }

    /// The same, and waits until it is ready.
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        // While nobody listened there, a connection of another test may have been given the port.
        for _ in 0..10 {
            self.spawn_again();
            if self.is_ready() {
                return;
            }
            self.kill();
            thread::sleep(Duration::from_millis(200));
        }
        panic!("jeton serve did not become ready again:\n{}", self.log());
    }

    /// Ends the server as its service manager would, and starts it again.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.ask_to_end();
        let status = self.ended();
        assert!(status.success(), "it ended with {status}:\n{}", self.log());
        self.start_again();
    }

    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's issuer, which is also its base URL.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A directory that lives as long as the server, for the files of a test.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs `jeton --data DIR … --json`, which must succeed, and parses what it prints.
    #[track_caller]
    pub(crate) fn jeton(&self, words: &[&str]) -> Value {
        let output = self.run(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "jeton {words:?} ended with {}:\n{errors}",
            output.status
        );
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("jeton {words:?} --json printed no JSON: {error}"))
    }

    /// Runs `jeton --data DIR … --json`, whatever comes of it.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        jeton()
            .arg("--data")
            .arg(self.data())
            .args(words)
            .arg("--json")
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs")
    }

    /// Starts on an empty directory, and waits for nothing.
    pub(crate) fn spawn(settings: &[&str]) -> Self {
        Self::spawn_on(None, settings)
    }

    fn spawn_on(disk: Option<usize>, settings: &[&str]) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        let address = free_address();
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        Self {
            child: spawn((home.path(), disk), address, &settings),
            address,
            issuer: issuer(address, &settings),
            home,
            settings,
            disk,
        }
    }

    /// Waits until the server is ready, or has ended, or has taken too long.
    pub(crate) fn is_ready(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if self.child.try_wait().expect("our own child").is_some() {
                return false;
            }
            if self
                .status_of("/health/ready")
                .is_some_and(|status| status.contains(" 200 "))
            {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// The status line of a GET, or `None` while nobody listens.
    fn status_of(&self, path: &str) -> Option<String> {
        if speaks_tls(&self.settings) {
            let url = format!("https://{}{path}", self.address);
            let words = ["--insecure", "--silent", "--head", "--max-time", "5", &url];
            let answer = Command::new("curl").args(words).output().ok()?;
            return Some(
                String::from_utf8_lossy(&answer.stdout)
                    .lines()
                    .next()?
                    .to_owned(),
            );
        }
        let authority = self.issuer.strip_prefix("http://")?;
        let mut connection = TcpStream::connect(authority).ok()?;
        connection
            .set_read_timeout(Some(Duration::from_secs(5)))
            .ok()?;
        write!(
            connection,
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        answer.lines().next().map(str::to_owned)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        let data = self.home.path().join("data");
        if self.disk.is_none() {
            return data;
        }
        // Only the process itself sees its disk.
        let seen = data.strip_prefix("/").expect("an absolute path");
        Path::new("/proc")
            .join(self.pid().to_string())
            .join("root")
            .join(seen)
    }

    /// What the server printed so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("serve.log")).expect("the log file")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail only if the process is gone, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let _ = writeln!(std::io::stderr(), "--- jeton serve\n{}", self.log());
        }
    }
}

fn speaks_tls(settings: &[String]) -> bool {
    let speaks = |setting: &String| setting == "--tls-cert" || setting == "--acme";
    settings.iter().any(speaks)
}

/// What the server calls itself: as it is told, else by its address.
fn issuer(address: SocketAddr, settings: &[String]) -> String {
    let scheme = if speaks_tls(settings) {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{address}")
}

fn spawn((home, disk): (&Path, Option<usize>), address: SocketAddr, settings: &[String]) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(home.join("serve.log"))
        .expect("a log file");
    let data = home.join("data");
    disk.map_or_else(jeton, |bytes| jeton_on_small_disk(&data, bytes))
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(["--listen", &address.to_string()])
        .args(settings)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the binary runs")
}

/// The binary, deaf to the settings of whoever runs the tests.
fn jeton() -> Command {
    deaf(Command::new(env!("CARGO_BIN_EXE_jeton")))
}

/// The same, with a disk of so many bytes at `data` that no other process sees.
fn jeton_on_small_disk(data: &Path, bytes: usize) -> Command {
    let mut command = deaf(Command::new("unshare"));
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let mount = r#"mkdir -p "$1" && mount -t tmpfs -o "size=$2,mode=0700" tmpfs "$1" && shift 2 && exec "$@""#;
    command
        .args(["--mount", "sh", "-c", mount, "sh"])
        .arg(data)
        .arg(bytes.to_string())
        .arg(env!("CARGO_BIN_EXE_jeton"));
    command
}

/// A command that is deaf to the settings of whoever runs the tests.
pub(crate) fn deaf(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JETON_") {
            command.env_remove(name);
        }
    }
    command
}

/// A loopback address on which nobody listens just now.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket")
}

/// Waits until something is so that a server brings about by itself.
#[track_caller]
pub(crate) fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(100));
    }
}
