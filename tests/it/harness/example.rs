//! The programs of `examples/`, as processes of their own: what a user would have beside Jeton.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A running example, and every line it has printed. Killed when dropped.
pub(crate) struct Example {
    child: Child,
    lines: Lines,
}

/// Every line a program has printed so far, on either stream.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Example {
    /// Starts an example that goes on until it is ended.
    #[track_caller]
    pub(crate) fn start(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut child = command(name, arguments, settings)
            .spawn()
            .expect("the example runs");
        let lines = Lines::default();
        lines.follow(child.stdout.take().expect("a pipe was asked for"));
        lines.follow(child.stderr.take().expect("a pipe was asked for"));
        Self { child, lines }
    }

    /// Runs an example to its end.
    #[track_caller]
    pub(crate) fn run(name: &str, settings: &[(&str, &str)]) -> Output {
        command(name, &[], settings)
            .output()
            .expect("the example runs")
    }

    /// The first line that holds `text`, once it is printed.
    #[track_caller]
    pub(crate) fn line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(line) = self.lines().into_iter().find(|line| line.contains(text)) {
                return line;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("no line with {text:?} in 30 s, only {:#?}", self.lines());
    }

    /// What it has printed so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.0.lock().expect("no reader panics").clone()
    }
}

impl Lines {
    fn follow(&self, stream: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.0);
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                lines.lock().expect("no reader panics").push(line);
            }
        });
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Both fail only if the process is gone, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn command(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program(name));
    command
        .args(arguments)
        .env_clear()
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Cargo builds examples beside the binary, but does not say where.
#[track_caller]
fn program(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_jeton"))
        .with_file_name("examples")
        .join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    assert!(
        changed(&program) >= changed(&source),
        "the example {name} is not built, or out of date: run tests/run, or cargo build --examples"
    );
    program
}
