//! A person at a terminal: a directory to work in, and what became of each command.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::process::deaf;

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// Where commands are typed: the working directory, the variables, and the user.
#[derive(Clone)]
pub(crate) struct Terminal {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(String, String)>,
    user: Option<u32>,
}

/// A temporary directory with a terminal in it. The data directory is `data`, unless a command says
/// otherwise.
pub(crate) struct Home {
    pub(crate) terminal: Terminal,
    folder: TempDir,
}

impl Home {
    /// Nothing there yet.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        let terminal = Terminal::at(folder.path()).with("JETON_DATA", "data");
        Self { terminal, folder }
    }

    /// A data directory as `jeton init` makes it.
    #[track_caller]
    pub(crate) fn with_data() -> Self {
        let home = Self::empty();
        home.jeton(&["init"]).assert(0);
        home
    }

    /// A data directory whose data file holds these bytes.
    #[track_caller]
    pub(crate) fn with_file(content: &[u8]) -> Self {
        let home = Self::with_data();
        fs::write(home.file(), content).expect("our own file");
        home
    }

    /// Runs `jeton` on the data directory.
    pub(crate) fn jeton(&self, words: &[&str]) -> Ended {
        self.terminal.jeton(words)
    }

    /// A path in this directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data file.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("data/jeton.redb")
    }

    /// Everything in this directory, byte by byte.
    pub(crate) fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut content = BTreeMap::new();
        collect(self.folder.path(), &mut content);
        content
    }

    /// A terminal of somebody whom the modes of files bind: the user of the tests, or nobody if that is root.
    #[track_caller]
    pub(crate) fn stranger(&self) -> Terminal {
        let mut terminal = self.terminal.clone();
        if rustix::process::geteuid().is_root() {
            set_mode(self.folder.path(), 0o755);
            // The build may lie where only root may go.
            terminal.program = self.path("jeton");
            fs::copy(env!("CARGO_BIN_EXE_jeton"), &terminal.program).expect("room for a copy");
            terminal.user = Some(NOBODY);
        }
        terminal
    }
}

/// The user that owns nothing.
const NOBODY: u32 = 65534;

/// Gives a file or directory a mode.
#[track_caller]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

fn collect(folder: &Path, content: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a directory") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            collect(&path, content);
            content.insert(path, Vec::new());
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            content.insert(path, bytes);
        }
    }
}

impl Terminal {
    /// In `folder`, with no variables.
    pub(crate) fn at(folder: &Path) -> Self {
        Self {
            program: env!("CARGO_BIN_EXE_jeton").into(),
            folder: folder.to_owned(),
            variables: Vec::new(),
            user: None,
        }
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same, with a variable.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut terminal = self.clone();
        terminal.variables.push((name.to_owned(), value.to_owned()));
        terminal
    }

    /// Runs `jeton` with nothing on its standard input.
    pub(crate) fn jeton(&self, words: &[&str]) -> Ended {
        self.run(words, Stdio::null())
    }

    /// Runs `jeton` with a text on its standard input.
    pub(crate) fn jeton_reading(&self, text: &str, words: &[&str]) -> Ended {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), text).expect("our own file");
        self.run(words, file.reopen().expect("our own file"))
    }

    fn run(&self, words: &[&str], input: impl Into<Stdio>) -> Ended {
        let mut command = deaf(Command::new(&self.program));
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let output = command
            .args(words)
            .current_dir(&self.folder)
            .envs(self.variables.clone())
            .stdin(input)
            .output()
            .expect("the binary runs");
        Ended {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).expect("it prints text"),
            err: String::from_utf8(output.stderr).expect("it prints text"),
        }
    }
}

impl Ended {
    /// It ended with this exit code.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// It failed with this exit code and a single line about it, which says `about`.
    #[track_caller]
    pub(crate) fn assert_one_line(&self, code: i32, about: &str) {
        self.assert(code);
        assert_eq!(self.out, "", "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        assert!(self.err.starts_with("jeton: "), "{}", self.err);
        assert!(self.err.contains(about), "{about:?}: {}", self.err);
    }

    /// What it printed, which must be JSON and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// What it said of its failure with `--json`.
    #[track_caller]
    pub(crate) fn failure(&self) -> Value {
        assert_eq!(self.out, "", "{}", self.err);
        serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {}", self.err))
    }
}

/// A text of a JSON answer.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
