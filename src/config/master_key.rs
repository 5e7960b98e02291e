//! Where the master key comes from.

use std::{
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{ConfigError, MASTER_KEY_FILE_NAME, MASTER_KEY_VARIABLE, wrong};

/// Where the master key comes from.
#[derive(Clone)]
pub enum MasterKeySource {
    /// A file; made at first start.
    File(PathBuf),
    /// The credential `master-key` of a service: a file of the service manager, which sees to who can read it.
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

impl MasterKeySource {
    /// Finds it: `file` is the one that was named, if one was.
    pub(super) fn find(file: Option<PathBuf>, data: &Path) -> Result<Self, ConfigError> {
        let value = std::env::var_os(MASTER_KEY_VARIABLE);
        match (value, file) {
            (Some(_), Some(_)) => Err(wrong(format!(
                "the master key is given twice, by {MASTER_KEY_VARIABLE} and by --master-key-file: \
                 give one"
            ))),
            (Some(value), None) => value
                .into_string()
                .map(|text| Self::Given(Zeroizing::new(text)))
                .map_err(|_| wrong(format!("{MASTER_KEY_VARIABLE} is not text"))),
            (None, Some(path)) if path == Path::new("-") => {
                let mut text = Zeroizing::new(String::new());
                io::stdin()
                    .take(1024)
                    .read_to_string(&mut text)
                    .map_err(|error| {
                        wrong(format!(
                            "cannot read the master key from standard input: {error}"
                        ))
                    })?;
                Ok(Self::Given(text))
            }
            (None, Some(path)) => Ok(Self::File(path)),
            (None, None) => Ok(match credential() {
                Some(path) => Self::Credential(path),
                None => Self::File(data.join(MASTER_KEY_FILE_NAME)),
            }),
        }
    }
}

/// The credential that systemd gives a service with `LoadCredential=master-key:…` (`systemd.exec(5)`).
fn credential() -> Option<PathBuf> {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let path = Path::new(&directory).join("master-key");
    path.exists().then_some(path)
}
