//! Runs a program of `tests/browser` against a world, and does what it asks for on the server's side.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{ChildStdout, Command, Stdio},
};

use jeton::web::server::{Limits, Listener, serve};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::world::{Place, World};

/// Lets `program` look at the world; everything that it found wrong.
pub(crate) async fn drive(world: &World, program: &str) -> Vec<String> {
    let driving = async {
        let wrong = run(program, &world.as_json(), async |wish| {
            world.grant(&wish).await
        })
        .await;
        for place in &world.places {
            place.server.app.tasks().stop();
        }
        wrong
    };
    let [one, two, three, four, five] = world.places.each_ref().map(open);
    let (wrong, ..) = tokio::join!(driving, one, two, three, four, five);
    wrong
}

/// Serves one of the servers until its tasks are stopped: the same that a test talks to directly, so
/// that a secret which was just made is still shown.
async fn open(place: &Place) {
    let listener = Listener::Tcp(place.listener());
    let stopping = place.server.app.tasks().stopping();
    let limits = Limits::default();
    serve(listener, place.server.edge(), limits, stopping).await;
}

/// Runs `program`, tells it what it `must_know`, and grants it what it wishes for.
pub(crate) async fn run(
    program: &str,
    must_know: &Value,
    mut grant: impl AsyncFnMut(Value) -> Value,
) -> Vec<String> {
    let mut child = command(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect(SET_UP);
    let mut answers = child.stdin.take().unwrap();
    writeln!(answers, "{must_know}").unwrap();
    let mut lines = Lines(BufReader::new(child.stdout.take().unwrap()));
    let mut wrong = Vec::new();
    let mut is_whole = false;
    loop {
        let (rest, line) = spawn_blocking(move || lines.next()).await.unwrap();
        lines = rest;
        let Some(line) = line else { break };
        match line.split_once(' ') {
            Some(("wrong", what)) => wrong.push(what.to_owned()),
            Some(("ask", wish)) => {
                let answer = grant(serde_json::from_str(wish).unwrap()).await;
                writeln!(answers, "{answer}").unwrap();
            }
            _ => is_whole = line == "end",
        }
    }
    let status = child.wait().unwrap();
    assert!(is_whole, "{program} broke off ({status}): {wrong:#?}");
    wrong
}

/// What a program prints, line by line, read where waiting keeps nobody else waiting.
struct Lines(BufReader<ChildStdout>);

impl Lines {
    fn next(mut self) -> (Self, Option<String>) {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap();
        let line = (read > 0).then(|| line.trim_end().to_owned());
        (self, line)
    }
}

/// What to do if the programs are not installed.
const SET_UP: &str = "tests/setup installs what the tests need";

fn command(program: &str) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let installed = target.join("peers/browser");
    let mut command = Command::new("node");
    command
        .args(["--preserve-symlinks", "--preserve-symlinks-main"])
        .arg(installed.join(format!("programs/{program}.mjs")));
    command
}
