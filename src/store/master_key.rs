//! Where the master key comes from: a file that only its owner can read, or a text handed in.

pub mod change;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::partial::sync_directory;
use crate::{
    config::MasterKeySource,
    crypto::{
        random::Entropy,
        sealed::{MasterKey, MasterKeyError},
    },
};

/// The master key of the data file `data`, or a new one for it if there is neither.
///
/// # Errors
/// [`MasterKeyFault::Lost`] if there is a data file without its key: a new one would not open it.
/// The others as for [`load`].
pub fn load_or_create(
    source: &MasterKeySource,
    data: &Path,
    entropy: &Entropy,
) -> Result<MasterKey, MasterKeyFault> {
    match (source, load(source)) {
        (MasterKeySource::File(path), Err(MasterKeyFault::Missing(_))) => {
            if fs::symlink_metadata(data).is_ok() {
                return Err(MasterKeyFault::Lost {
                    key: path.clone(),
                    data: data.to_owned(),
                });
            }
            let key = MasterKey::generate(entropy);
            write(path, &key).map_err(|error| MasterKeyFault::unwritable(path, &error))?;
            Ok(key)
        }
        (_, loaded) => loaded,
    }
}

/// The master key.
///
/// # Errors
/// If there is none, if others than its owner can read it, or if it is no master key.
pub fn load(source: &MasterKeySource) -> Result<MasterKey, MasterKeyFault> {
    match source {
        MasterKeySource::File(path) => read(path, check_access),
        MasterKeySource::Credential(path) => read(path, |_, _| Ok(())),
        MasterKeySource::Given(text) => Ok(MasterKey::parse(text)?),
    }
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyFault {
    /// There is no such file.
    #[error("there is no master key {}", .0.display())]
    Missing(PathBuf),
    /// There is a data file, and no key to it.
    #[error("the master key {} is missing, and nothing else opens the data file {}; put it back from where you keep it", .key.display(), .data.display())]
    Lost {
        /// Where the key was looked for.
        key: PathBuf,
        /// The data file.
        data: PathBuf,
    },
    /// Others can read it.
    #[error("the master key {} can be read by others than its owner (mode {mode:04o}); make it 0600", .path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("the master key {} belongs to the user {owner}, and this process runs as {user}; change its owner", .path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        user: u32,
    },
    /// It is something else.
    #[error(transparent)]
    Malformed(#[from] MasterKeyError),
    /// It cannot be read.
    #[error("cannot read the master key {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// It cannot be made.
    #[error("cannot write the master key {}: {error}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
}

impl MasterKeyFault {
    /// What the process ends with: as in `sysexits.h`.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Unwritable { .. } => 73,
            Self::Missing(_)
            | Self::Lost { .. }
            | Self::Mode { .. }
            | Self::Owner { .. }
            | Self::Malformed(_)
            | Self::Unreadable { .. } => 78,
        }
    }

    fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            error: error.to_string(),
        }
    }

    fn unwritable(path: &Path, error: &io::Error) -> Self {
        Self::Unwritable {
            path: path.to_owned(),
            error: error.to_string(),
        }
    }
}

fn read(
    path: &Path,
    check: impl Fn(&Path, &fs::Metadata) -> Result<(), MasterKeyFault>,
) -> Result<MasterKey, MasterKeyFault> {
    let file = File::open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            MasterKeyFault::Missing(path.to_owned())
        } else {
            MasterKeyFault::unreadable(path, &error)
        }
    })?;
    let unreadable = |error| MasterKeyFault::unreadable(path, &error);
    check(path, &file.metadata().map_err(unreadable)?)?;
    // With room for all, so that no half of it stays behind in a smaller allocation.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST));
    file.take(LONGEST as u64)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    Ok(MasterKey::parse(&text)?)
}

/// Refuses a file that somebody else may have read, or written.
fn check_access(path: &Path, about: &fs::Metadata) -> Result<(), MasterKeyFault> {
    let mode = about.mode() & 0o7777;
    if mode & !0o600 != 0 {
        return Err(MasterKeyFault::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    let (owner, user) = (about.uid(), rustix::process::geteuid().as_raw());
    if owner != user && !is_roots_to_read(path, owner, user) {
        return Err(MasterKeyFault::Owner {
            path: path.to_owned(),
            owner,
            user,
        });
    }
    Ok(())
}

/// Longer than any master key and the white space around it.
const LONGEST: usize = 1024;

/// Root may use the key of a service that owns the whole directory.
fn is_roots_to_read(path: &Path, owner: u32, user: u32) -> bool {
    let directory = path.parent().and_then(|parent| fs::metadata(parent).ok());
    user == 0 && directory.is_some_and(|directory| directory.uid() == owner)
}

fn write(path: &Path, key: &MasterKey) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(key.to_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    sync_directory(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use tempfile::TempDir;

    use super::*;

    const FILE_NAME: &str = "master.key";

    fn source_in(directory: &TempDir) -> MasterKeySource {
        MasterKeySource::File(directory.path().join(FILE_NAME))
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_start_makes_a_key_that_the_second_finds() {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("jeton.redb");
        let source = source_in(&directory);
        let made = load_or_create(&source, &data, &Entropy::seeded(1)).unwrap();
        let found = load_or_create(&source, &data, &Entropy::seeded(2)).unwrap();
        assert_eq!(made.id(), found.id());
        let permissions = fs::metadata(directory.path().join(FILE_NAME))
            .unwrap()
            .mode();
        assert_eq!(permissions & 0o7777, 0o600);
        let text = load(&source).unwrap().to_text();
        let handed_in = MasterKeySource::Given(text);
        assert_eq!(load(&handed_in).unwrap().id(), made.id());
    }

    #[test]
    fn no_key_is_made_for_a_file_that_it_could_not_open() {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("jeton.redb");
        fs::write(&data, b"sealed").unwrap();
        let source = source_in(&directory);
        let fault = load_or_create(&source, &data, &Entropy::seeded(1)).unwrap_err();
        assert!(matches!(fault, MasterKeyFault::Lost { .. }), "{fault}");
        assert_eq!(fault.exit_code(), 78);
        assert!(!directory.path().join(FILE_NAME).exists());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("jeton.redb");
        let source = source_in(&directory);
        load_or_create(&source, &data, &Entropy::seeded(1)).unwrap();
        let path = directory.path().join(FILE_NAME);
        for open in [0o640, 0o604, 0o700, 0o660] {
            set_mode(&path, open);
            assert!(
                matches!(load(&source), Err(MasterKeyFault::Mode { mode, .. }) if mode == open)
            );
        }
        set_mode(&path, 0o400);
        assert!(load(&source).is_ok());
    }

    #[test]
    fn another_users_key_is_refused_but_for_root_where_that_user_has_the_directory() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(FILE_NAME);
        let user = rustix::process::geteuid().as_raw();

        assert!(is_roots_to_read(&path, user, 0));
        assert!(!is_roots_to_read(&path, user, 1000));
        assert!(!is_roots_to_read(&path, user + 1, 0));
        if user != 0 {
            return;
        }
        let source = source_in(&directory);
        load_or_create(&source, &directory.path().join("data"), &Entropy::seeded(1)).unwrap();
        chown(&path, Some(1000), None).unwrap();
        assert!(matches!(
            load(&source),
            Err(MasterKeyFault::Owner {
                owner: 1000,
                user: 0,
                ..
            })
        ));
        chown(directory.path(), Some(1000), None).unwrap();
        assert!(load(&source).is_ok());
    }

    #[test]
    fn half_a_key_is_no_key() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(FILE_NAME);
        let text = MasterKey::generate(&Entropy::seeded(1)).to_text();
        fs::write(&path, &text[..20]).unwrap();
        set_mode(&path, 0o600);
        let fault = load(&source_in(&directory)).unwrap_err();
        assert!(matches!(fault, MasterKeyFault::Malformed(_)), "{fault}");
    }
}
