//! Where the master key comes from, and the one before it.

use std::{
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    ConfigError, MASTER_KEY_FILE_NAME, MASTER_KEY_VARIABLE, PREVIOUS_MASTER_KEY_VARIABLE, wrong,
};

/// Where the master key comes from.
#[derive(Clone)]
pub enum MasterKeySource {
    /// A file; made at first start.
    File(PathBuf),
    /// A credential of a service: a file of the service manager, which sees to who can read it.
    Credential(PathBuf),
    /// The environment or the standard input: its text.
    Given(Zeroizing<String>),
}

impl fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Credential(path) => write!(f, "Credential({})", path.display()),
            Self::Given(_) => f.write_str("Given(..)"),
        }
    }
}

/// Where the master key and the one before it come from.
pub(super) struct MasterKeys {
    pub(super) present: MasterKeySource,
    pub(super) previous: Option<MasterKeySource>,
}

impl MasterKeys {
    /// Finds them: the files are those that were named, if any were.
    pub(super) fn find(
        (file, previous_file): (Option<PathBuf>, Option<PathBuf>),
        data: &Path,
    ) -> Result<Self, ConfigError> {
        let is_piped = |file: &Option<PathBuf>| file.as_deref() == Some(Path::new("-"));
        let mut lines = Lines::default();
        if is_piped(&file) || is_piped(&previous_file) {
            lines = Lines::read()?;
        }
        let names = Names {
            words: "the master key",
            variable: MASTER_KEY_VARIABLE,
            flag: "--master-key-file",
            credential: "master-key",
        };
        let present = names.find(file, lines.present)?;
        let names = Names {
            words: "the previous master key",
            variable: PREVIOUS_MASTER_KEY_VARIABLE,
            flag: "--previous-master-key-file",
            credential: "previous-master-key",
        };
        Ok(Self {
            present: present
                .unwrap_or_else(|| MasterKeySource::File(data.join(MASTER_KEY_FILE_NAME))),
            previous: names.find(previous_file, lines.previous)?,
        })
    }
}

/// What a key's places are called.
struct Names {
    words: &'static str,
    variable: &'static str,
    flag: &'static str,
    credential: &'static str,
}

impl Names {
    fn find(
        &self,
        file: Option<PathBuf>,
        piped: Zeroizing<String>,
    ) -> Result<Option<MasterKeySource>, ConfigError> {
        match (std::env::var_os(self.variable), file) {
            (Some(_), Some(_)) => Err(wrong(format!(
                "{} is given twice, by {} and by {}: give one",
                self.words, self.variable, self.flag
            ))),
            (Some(value), None) => value
                .into_string()
                .map(|text| Some(MasterKeySource::Given(Zeroizing::new(text))))
                .map_err(|_| wrong(format!("{} is not text", self.variable))),
            (None, Some(path)) if path == Path::new("-") => Ok(Some(MasterKeySource::Given(piped))),
            (None, Some(path)) => Ok(Some(MasterKeySource::File(path))),
            (None, None) => Ok(credential(self.credential).map(MasterKeySource::Credential)),
        }
    }
}

/// The standard input: the present key, and on the next line the one before it.
#[derive(Default)]
struct Lines {
    present: Zeroizing<String>,
    previous: Zeroizing<String>,
}

impl Lines {
    fn read() -> Result<Self, ConfigError> {
        // With room for all, so that no half of it stays behind in a smaller allocation.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST_INPUT));
        let read = io::stdin()
            .take(LONGEST_INPUT as u64)
            .read_to_string(&mut text);
        read.map_err(|error| {
            wrong(format!(
                "cannot read the master key from standard input: {error}"
            ))
        })?;
        let (present, previous) = text.split_once('\n').unwrap_or((text.as_str(), ""));
        Ok(Self {
            present: Zeroizing::new(present.to_owned()),
            previous: Zeroizing::new(previous.to_owned()),
        })
    }
}

/// Longer than two master keys and the white space around them.
const LONGEST_INPUT: usize = 1024;

/// A credential that systemd gives a service with `LoadCredential=master-key:…` (`systemd.exec(5)`).
fn credential(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let path = Path::new(&directory).join(name);
    path.exists().then_some(path)
}
