//! Making a data file, opening one, and saying clearly why one cannot be opened.

mod error;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use redb::{
    Builder, ConcurrencyMode, Database, DatabaseError, ReadableDatabase, ReadableTable,
    WriteTransaction,
};

pub use self::error::OpenError;
use self::error::{Wrong, damaged, refusal, unpublished, unwritable};
use super::{
    Fault,
    disk::Disk,
    guard::GuardedFile,
    head::{Clear, FORMAT, Head},
    migrations,
    tables::{ALL_RECORDS, AUDIT, KEYRING, META},
};
use crate::{
    crypto::{random::Entropy, sealed::MasterKey},
    domain::change::MasterKeyChange,
    store::{
        StoreError,
        keyring::{Keyring, Purpose, WrappedKey, corrupt, read_wrapped},
        partial::Partial,
        records::to_json,
    },
};

/// What to do with a file that can only be opened by taking back its last change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repair {
    /// Refuse it.
    Refuse,
    /// Take the change back.
    Accept,
}

/// Makes a data file where there is none. It appears under its name only once it is whole.
pub(super) fn create(path: &Path, master: &MasterKey, entropy: &Entropy) -> Result<(), OpenError> {
    let unwritable = |error: &dyn ToString| unwritable(path, error);
    if fs::symlink_metadata(path).is_ok() {
        return Err(OpenError::Exists(path.to_owned()));
    }
    let partial = Partial::beside(path, entropy);
    let database =
        new_database((&partial.0, &Disk::default())).map_err(|error| unwritable(&error))?;
    initialise(&database, master, entropy).map_err(|error| unwritable(&error))?;
    database.close().map_err(|error| unwritable(&error))?;
    partial
        .publish(path)
        .map_err(|error| unpublished(path, &error))
}

/// A new, empty database in a file that did not exist.
pub(super) fn new_database((path, disk): (&Path, &Disk)) -> Result<Database, DatabaseError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let file = GuardedFile::new(disk.backend(file)?, disk.clone());
    // There is nothing in it that could be harmed.
    file.release()?;
    builder().create_with_backend(file)
}

/// How every data file is opened. All processes must agree on the mode.
pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .set_cache_size(CACHE_BYTES)
        .set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

/// The registry is in memory; the store is read at start and for usage and audit only, mostly each page once. What the
/// database keeps of it stays for good, beside what the system keeps of the file.
const CACHE_BYTES: usize = 262_144;

/// Makes the tables and the keys of a new data file.
pub(super) fn initialise(
    database: &Database,
    master: &MasterKey,
    entropy: &Entropy,
) -> Result<Keyring, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    for records in ALL_RECORDS {
        transaction.open_table(records.definition())?;
    }
    transaction.open_table(AUDIT)?;
    for purpose in Purpose::ALL {
        let key = to_json(&WrappedKey::generate(purpose, master, entropy));
        let mut table = transaction.open_table(KEYRING)?;
        table.insert(purpose.word(), key.as_slice())?;
    }
    let keys = unwrap_keys(&transaction.open_table(KEYRING)?, master, entropy)?;
    Head::new(master.id()).store(&transaction, &keys)?;
    transaction.commit()?;
    Ok(keys)
}

/// Opens a data file that exists. Whatever is wrong with it, its bytes stay as they are.
pub(super) fn open(
    (path, disk): (&Path, &Disk),
    (master, entropy): (&MasterKey, &Entropy),
    repair: Repair,
) -> Result<(Database, Keyring), OpenError> {
    let (database, keys, guarded) = open_checked((path, disk), repair, |database| {
        check_content(database, (master, entropy))
    })?;
    guarded
        .release()
        .map_err(|error| unwritable(path, &error))?;
    migrations::run(&database, &keys).map_err(|error| unwritable(path, &error))?;
    Ok((database, keys))
}

/// Opens a data file that exists only to look at it: whatever is written stays in memory.
pub(super) fn look(
    (path, disk): (&Path, &Disk),
    (master, entropy): (&MasterKey, &Entropy),
) -> Result<(Database, Keyring), OpenError> {
    let (database, keys, _held_back) = open_checked((path, disk), Repair::Refuse, |database| {
        check_content(database, (master, entropy))
    })?;
    migrations::run(&database, &keys).map_err(|error| unwritable(path, &error))?;
    Ok((database, keys))
}

/// Opens a file that was open before, or was just made, with the keys that it had; also on a full disk, to read it.
pub(super) fn open_again(
    (path, disk): (&Path, &Disk),
    keys: &Keyring,
) -> Result<Database, OpenError> {
    let opened = open_checked((path, disk), Repair::Refuse, |database| {
        Head::load(&database.begin_read().map_err(Fault::from)?, keys)?;
        Ok(())
    });
    let (database, (), guarded) = opened?;
    guarded
        .release_or_wait()
        .map_err(|error| unwritable(path, &error))?;
    Ok(database)
}

fn open_checked<T>(
    (path, disk): (&Path, &Disk),
    repair: Repair,
    check: impl FnOnce(&Database) -> Result<T, Wrong>,
) -> Result<(Database, T, GuardedFile), OpenError> {
    let file = open_file(path)?;
    let opening = || {
        let backend = disk.backend(file).map_err(|error| refusal(path, &error))?;
        let guarded = GuardedFile::new(backend, disk.clone());
        let database = open_database(guarded.clone(), repair).map_err(|it| refusal(path, &it))?;
        check_header(&guarded, repair).map_err(|it| it.at(path))?;
        let checked = check(&database).map_err(|it| it.at(path))?;
        Ok((database, checked, guarded))
    };
    // Damage can make redb panic, mostly where its tests want to know; nothing of it is kept then.
    catch_unwind(AssertUnwindSafe(opening))
        .unwrap_or_else(|_| Err(damaged(path, &"the storage engine cannot make sense of it")))
}

fn open_file(path: &Path) -> Result<File, OpenError> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let mut file = opened.map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            OpenError::Missing(path.to_owned())
        } else if error.kind() == io::ErrorKind::IsADirectory {
            OpenError::Foreign(path.to_owned())
        } else {
            unwritable(path, &error)
        }
    })?;
    let mut start = Vec::new();
    let read = Read::by_ref(&mut file).take(MAGIC.len() as u64);
    { read }
        .read_to_end(&mut start)
        .map_err(|error| unwritable(path, &error))?;
    if start.is_empty() {
        return Err(OpenError::Empty(path.to_owned()));
    }
    if start != MAGIC {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    Ok(file)
}

/// How every redb database begins.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

fn open_database(file: GuardedFile, repair: Repair) -> Result<Database, DatabaseError> {
    let mut builder = builder();
    // redb checks no page's checksum otherwise, and answers from whatever it finds.
    builder.set_check_integrity_on_open(true);
    builder.set_repair_callback(move |session| {
        // The first scan is over and failed: what follows goes back to the commit before.
        let goes_back = (0.2..0.5).contains(&session.progress());
        if goes_back && repair == Repair::Refuse {
            session.abort();
        }
    });
    builder.create_with_backend(file)
}

/// All our commits have two phases, and redb says so in its header, without a checksum. Where that
/// flag is missing, redb goes back to the commit before the last if it likes that one better.
fn check_header(file: &GuardedFile, repair: Repair) -> Result<(), Wrong> {
    let header = file
        .head::<{ FLAGS_AT + 1 }>()
        .map_err(|error| Wrong::Damaged(error.to_string()))?;
    if header[FLAGS_AT] & TWO_PHASE == 0 && repair == Repair::Refuse {
        return Err(Wrong::Repaired);
    }
    Ok(())
}

// From redb's file format 3.
const FLAGS_AT: usize = 9;
const TWO_PHASE: u8 = 4;

/// Whether the file is ours, of a format that is known, and opens with this master key.
fn check_content(
    database: &Database,
    (master, entropy): (&MasterKey, &Entropy),
) -> Result<Keyring, Wrong> {
    let transaction = database.begin_read().map_err(Fault::from)?;
    let Ok(meta) = transaction.open_table(META) else {
        return Err(Wrong::Foreign);
    };
    let clear = Clear::read(&meta)?;
    if clear.format > FORMAT {
        return Err(Wrong::Format(clear.format));
    }
    if clear.master_key != master.id() {
        return Err(Wrong::MasterKey {
            wants: clear.master_key,
            has: master.id().to_owned(),
        });
    }
    let table = transaction.open_table(KEYRING).map_err(Fault::from)?;
    let keys = unwrap_keys(&table, master, entropy)?;
    Head::load(&transaction, &keys)?;
    let missing: Vec<_> = migrations::missing(clear.format).collect();
    for records in ALL_RECORDS {
        if missing.contains(&records) {
            continue;
        }
        transaction
            .open_table(records.definition())
            .map_err(Fault::from)?;
    }
    Ok(keys)
}

/// Wraps the keys of the data file by another master key, within `transaction`. The keys themselves stay.
pub(super) fn wrap_anew(
    transaction: &WriteTransaction,
    keys: &Keyring,
    change: &MasterKeyChange,
) -> Result<(), Fault> {
    let mut table = transaction.open_table(KEYRING)?;
    for purpose in Purpose::ALL {
        let wrapped = find_wrapped(&table, purpose)?;
        let anew = wrapped.wrap_anew(purpose, change, keys.entropy());
        let anew = anew.map_err(|it| corrupt("keyring", purpose.word().as_bytes(), &it))?;
        table.insert(purpose.word(), to_json(&anew).as_slice())?;
    }
    Ok(())
}

fn find_wrapped(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    purpose: Purpose,
) -> Result<WrappedKey, StoreError> {
    let missing = || corrupt("keyring", purpose.word().as_bytes(), &"it is missing");
    let found = table.get(purpose.word()).map_err(Fault::from)?;
    read_wrapped(purpose, found.ok_or_else(missing)?.value())
}

fn unwrap_keys(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    master: &MasterKey,
    entropy: &Entropy,
) -> Result<Keyring, Fault> {
    let find = |purpose| find_wrapped(table, purpose);
    Ok(Keyring::unwrap_all(master, entropy, find)?)
}
