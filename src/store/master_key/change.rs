//! Changing a master key that is kept in a file, in steps each of which may be the last before a crash.
//!
//! 1. The new key is written beside the old one, as `master.key.next` ([`begin`]).
//! 2. The keys of the data file are wrapped by it, in one commit.
//! 3. The old key is kept as `master.key.previous`: it opens the backups that were made before.
//! 4. The new key takes the name of the old one ([`finish`]).
//!
//! Which key the data file wants stands in it, so whoever opens it knows after which step that was ([`find_other`]).

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{MasterKeyFault, check_access, load, read, write};
use crate::{
    config::MasterKeySource,
    crypto::{random::Entropy, sealed::MasterKey},
    domain::change::MasterKeyChange,
    store::partial::sync_directory,
};

/// Makes the new key, beside the one in the file `path`. One that was left there and never used gives way.
///
/// # Errors
/// If there is no key in `path`, or none can be written beside it.
pub fn begin(path: &Path, entropy: &Entropy) -> Result<MasterKeyChange, MasterKeyFault> {
    let old = read(path, check_access)?;
    let new = MasterKey::generate(entropy);
    put(&next(path), &new)?;
    Ok(MasterKeyChange {
        old: Arc::new(old),
        new: Arc::new(new),
    })
}

/// Puts the new key, which the data file now wants, in the place of the old one, which is kept. Once more if it was
/// done half.
///
/// # Errors
/// If a file cannot be read or written. The data file goes on to open with what [`find_other`] finds.
pub fn finish(path: &Path) -> Result<(), MasterKeyFault> {
    put(&previous(path), &read(path, check_access)?)?;
    let moved = fs::rename(next(path), path).and_then(|()| sync_directory(path));
    moved.map_err(|error| MasterKeyFault::unwritable(path, &error))
}

/// Takes away a new key that no data file wants.
pub fn abandon(path: &Path) {
    // If it cannot be removed, it opens nothing.
    fs::remove_file(next(path)).ok();
}

/// A key that opens what the present one does not.
#[derive(Debug)]
pub enum Other {
    /// The one that was about to take the present one's place.
    Next(MasterKey),
    /// The one that was there before.
    Previous(MasterKey),
}

impl Other {
    /// The key, handed over.
    pub fn into_key(self) -> MasterKey {
        match self {
            Self::Next(key) | Self::Previous(key) => key,
        }
    }

    /// The key.
    pub fn key(&self) -> &MasterKey {
        match self {
            Self::Next(key) | Self::Previous(key) => key,
        }
    }
}

/// Among the keys around the one that `source` gives, and the previous one if another place is given for that, the one
/// called `wanted`.
///
/// # Errors
/// If the previous key was given and is none. What merely lies there and is none is passed over.
pub fn find_other(
    source: &MasterKeySource,
    given: Option<&MasterKeySource>,
    wanted: &str,
) -> Result<Option<Other>, MasterKeyFault> {
    let is_wanted = |key: &MasterKey| key.id() == wanted;
    if let MasterKeySource::File(path) = source {
        let lying = |path: PathBuf| read(&path, check_access).ok().filter(is_wanted);
        if let Some(key) = lying(next(path)) {
            return Ok(Some(Other::Next(key)));
        }
        if let Some(key) = lying(previous(path)) {
            return Ok(Some(Other::Previous(key)));
        }
    }
    let given = given.map(load).transpose()?.filter(is_wanted);
    Ok(given.map(Other::Previous))
}

/// Where the key that was there before is kept.
pub fn previous(path: &Path) -> PathBuf {
    beside(path, "previous")
}

fn next(path: &Path) -> PathBuf {
    beside(path, "next")
}

fn beside(path: &Path, tail: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{tail}"))
}

/// Writes `key` to `path`, in the place of whatever is there.
fn put(path: &Path, key: &MasterKey) -> Result<(), MasterKeyFault> {
    let put = match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => write(path, key),
    };
    put.map_err(|error| MasterKeyFault::unwritable(path, &error))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn made(directory: &TempDir) -> (PathBuf, String) {
        let path = directory.path().join("master.key");
        let key = MasterKey::generate(&Entropy::seeded(1));
        write(&path, &key).unwrap();
        (path, key.id().to_owned())
    }

    fn id(path: &Path) -> String {
        read(path, check_access).unwrap().id().to_owned()
    }

    #[test]
    fn the_new_key_takes_the_place_of_the_old_which_is_kept() {
        let directory = TempDir::new().unwrap();
        let (path, old) = made(&directory);
        let change = begin(&path, &Entropy::seeded(2)).unwrap();
        assert_eq!(change.old.id(), old);
        assert_eq!(id(&path), old, "until the data file wants the new one");

        finish(&path).unwrap();

        assert_eq!(id(&path), change.new.id());
        assert_eq!(id(&previous(&path)), old);
        assert!(!next(&path).exists());
    }

    #[test]
    fn after_any_step_the_key_that_is_wanted_is_found() {
        let directory = TempDir::new().unwrap();
        let (path, old) = made(&directory);
        let source = MasterKeySource::File(path.clone());
        let find = |wanted: &str| find_other(&source, None, wanted).unwrap();
        let change = begin(&path, &Entropy::seeded(2)).unwrap();
        let new = change.new.id();

        assert!(matches!(find(new), Some(Other::Next(_))));
        put(&previous(&path), &change.old).unwrap();
        assert!(matches!(find(new), Some(Other::Next(_))), "half done");
        finish(&path).unwrap();

        assert!(matches!(find(&old), Some(Other::Previous(_))), "a backup");
        assert!(find(new).is_none(), "the present one is no other");
        assert!(find("00000000").is_none());
    }

    #[test]
    fn a_key_that_no_data_file_wants_gives_way_to_the_next() {
        let directory = TempDir::new().unwrap();
        let (path, _) = made(&directory);
        let first = begin(&path, &Entropy::seeded(2)).unwrap();
        let second = begin(&path, &Entropy::seeded(3)).unwrap();
        assert_ne!(first.new.id(), second.new.id());
        assert_eq!(id(&next(&path)), second.new.id());

        abandon(&path);

        assert!(!next(&path).exists());
    }

    #[test]
    fn what_merely_lies_there_and_is_no_key_is_passed_over() {
        let directory = TempDir::new().unwrap();
        let (path, _) = made(&directory);
        let source = MasterKeySource::File(path.clone());
        fs::write(previous(&path), "half a").unwrap();
        assert!(find_other(&source, None, "00000000").unwrap().is_none());

        let given = MasterKeySource::File(previous(&path));
        find_other(&source, Some(&given), "00000000").unwrap_err();
    }

    #[test]
    fn what_cannot_be_replaced_is_named_with_its_reason() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("master.key");
        fs::create_dir(&path).unwrap();
        let refused = put(&path, &MasterKey::generate(&Entropy::seeded(1)));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.to_lowercase().contains("directory"), "{refused}");
    }
}
