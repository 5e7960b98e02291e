//! The data directory: opened as it is, or made where there is nothing.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};

use super::failure::{Exit, Failure};
use crate::store::redb::{OpenError, RedbStore, Repair};
use crate::{
    admin::{init::InitServer, rekey::Rekey},
    app::{
        App,
        assemble::{OVERVIEW_MAX_AGE, Settings, Surroundings, assemble},
    },
    config::{Config, MasterKeySource, Switch},
    crypto::{random::Entropy, sealed::MasterKey},
    domain::{actor::Actor, change::MasterKeyChange, issuer::Issuer, time::SystemClock},
    store::master_key::{
        self, MasterKeyFault,
        change::{self, Other},
    },
    web::outbound::{Fetcher, Outbound},
};

/// The data file's name in the data directory.
pub(crate) const FILE_NAME: &str = "jeton.redb";

/// An open data file.
pub(crate) struct Data {
    store: RedbStore,
    entropy: Entropy,
    /// Whether it was there before.
    pub(crate) origin: Origin,
    /// The change of the master key that is still to be made, as the data want the previous one.
    pub(crate) rekey: Option<MasterKeyChange>,
}

/// Whether something was there before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// It was.
    Found,
    /// It was made just now.
    Made,
}

impl Data {
    /// Opens the data file, which must exist.
    pub(crate) fn open(config: &Config, repair: Repair) -> Result<Self, Failure> {
        let path = config.data.join(FILE_NAME);
        let entropy = Entropy::os();
        if is_missing(&path)? {
            return Err(Failure::new(
                Exit::Damaged,
                "no-data",
                format!(
                    "there is no data file in {}: name the right directory with --data, or make one \
                     with `jeton init` or `jeton serve`",
                    config.data.display()
                ),
            ));
        }
        let master = find_master_key(config, &path, &entropy)?;
        let (store, rekey) = open_store((config, &path), (master, &entropy), repair)?;
        Ok(Self {
            store,
            entropy,
            origin: Origin::Found,
            rekey,
        })
    }

    /// Opens the data file, or makes the directory, the master key and the file where there is
    /// none. What is there is never overwritten.
    pub(crate) fn open_or_make(config: &Config, repair: Repair) -> Result<Self, Failure> {
        let path = config.data.join(FILE_NAME);
        make_folder(&config.data)?;
        if !is_missing(&path)? {
            return Self::open(config, repair);
        }
        let entropy = Entropy::os();
        let master = master_key::load_or_create(&config.master_key, &path, &entropy)?;
        let store = RedbStore::create(&path, &master, &entropy)?;
        Ok(Self {
            store,
            entropy,
            origin: Origin::Made,
            rekey: None,
        })
    }

    /// Keeps so many bytes of the disk free, or says that it cannot.
    pub(crate) fn keep_reserve(&self, bytes: u64) {
        if let Err(error) = self.store.keep_reserve(bytes) {
            tracing::warn!(
                error = %error,
                "{bytes} bytes of the disk cannot be set aside, for the day when it is full: {error}"
            );
        }
    }

    /// Gives the room that nothing uses back to the disk, and closes the file; how many bytes there were, and are.
    pub(crate) fn compact(self) -> Result<(u64, u64), Failure> {
        self.store
            .compact()
            .map_err(|error| Failure::unavailable(error.to_string()))
    }

    /// The server on these data, with nothing running in the background yet.
    pub(crate) async fn assemble(self, config: &Config, issuer: Issuer) -> Result<App, Failure> {
        assemble_from(config, (self.store, self.entropy), issuer).await
    }
}

/// The server on an open data file, with nothing running in the background yet.
pub(crate) async fn assemble_on(
    config: &Config,
    store: RedbStore,
    issuer: Issuer,
) -> Result<App, Failure> {
    assemble_from(config, (store, Entropy::os()), issuer).await
}

async fn assemble_from(
    config: &Config,
    (store, entropy): (RedbStore, Entropy),
    issuer: Issuer,
) -> Result<App, Failure> {
    let settings = Settings {
        mutual: config.mutual(&issuer),
        profile: config.profile,
        issuer,
        console_url: config.console_url.clone(),
        usage_flush: config.usage_flush_interval,
        overview_max_age: OVERVIEW_MAX_AGE,
        registration: config.registration == Switch::On,
        backups: config.backups.clone(),
        audit_checkpoints: config.audit_checkpoints.clone(),
        audit_tokens: config.audit_tokens,
        master_key_file: match &config.master_key {
            MasterKeySource::File(path) => Some(path.clone()),
            MasterKeySource::Credential(_) | MasterKeySource::Given(_) => None,
        },
    };
    let surroundings = Surroundings {
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        entropy,
        fetcher: Arc::new(Fetcher::new(Outbound {
            allow: config.fetch_allow.clone(),
            ca: config.fetch_ca.clone(),
        })),
    };
    assemble(settings, surroundings)
        .await
        .map_err(|error| Failure::new(Exit::Damaged, "damaged", error.to_string()))
}

/// Makes what every server has, if it is not there yet.
pub(crate) async fn initialise(app: &App) -> Result<(), Failure> {
    let done = app.execute(Actor::system("first start"), InitServer).await;
    done.map(|_| ())
        .map_err(|error| Failure::unavailable(format!("the server could not be set up: {error}")))
}

/// Has data that were opened by the previous master key want the present one from now on.
pub(crate) async fn take_up_master_key(app: &App, change: MasterKeyChange) -> Result<(), Failure> {
    let (old, new) = (change.old.id().to_owned(), change.new.id().to_owned());
    let done = app.execute(Actor::system("start"), Rekey(change)).await;
    done.map_err(|error| {
        Failure::unavailable(format!("the master key could not be changed: {error}"))
    })?;
    tracing::warn!("the data are sealed under the master key {new} now, in the place of {old}");
    Ok(())
}

/// Makes the data directory, if it is not there.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| {
        Failure::new(
            Exit::InUse,
            "cannot-create",
            format!("cannot make the data directory {}: {error}", path.display()),
        )
    })
}

fn is_missing(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(Failure::new(
            Exit::InUse,
            "cannot-create",
            format!(
                "{} is a file: --data names a directory",
                path.parent().unwrap_or(path).display()
            ),
        )),
        Err(error) => Err(Failure::file(path, &error)),
    }
}

/// Opens the data file with the key that it wants: the present one, or one around it, as a change of the master key may
/// have been cut short, or the data may be older than the key. In the second case that change is still to be made.
fn open_store(
    (config, path): (&Config, &Path),
    (master, entropy): (MasterKey, &Entropy),
    repair: Repair,
) -> Result<(RedbStore, Option<MasterKeyChange>), Failure> {
    let other = match RedbStore::open_with(path, (&master, entropy), repair) {
        Ok(store) => {
            if let MasterKeySource::File(file) = &config.master_key {
                change::abandon(file);
            }
            return Ok((store, None));
        }
        Err(OpenError::WrongMasterKey { path, wants, has }) => {
            let previous = config.previous_master_key.as_ref();
            let other = change::find_other(&config.master_key, previous, &wants)?;
            other.ok_or(OpenError::WrongMasterKey { path, wants, has })?
        }
        Err(error) => return Err(error.into()),
    };
    let store = RedbStore::open_with(path, (other.key(), entropy), repair)?;
    match (other, &config.master_key) {
        (Other::Next(_), MasterKeySource::File(file)) => {
            change::finish(file)?;
            Ok((store, None))
        }
        (Other::Next(old) | Other::Previous(old), _) => {
            let (old, new) = (Arc::new(old), Arc::new(master));
            Ok((store, Some(MasterKeyChange { old, new })))
        }
    }
}

/// The master key of a data file that exists.
fn find_master_key(config: &Config, data: &Path, entropy: &Entropy) -> Result<MasterKey, Failure> {
    match master_key::load_or_create(&config.master_key, data, entropy) {
        Err(MasterKeyFault::Lost { key, data }) => {
            // A file that is empty, foreign or damaged has a worse problem than a missing key.
            match RedbStore::open(&data, &MasterKey::generate(entropy), entropy) {
                Ok(_) | Err(OpenError::WrongMasterKey { .. }) => {
                    Err(MasterKeyFault::Lost { key, data }.into())
                }
                Err(error) => Err(error.into()),
            }
        }
        found => Ok(found?),
    }
}

impl From<MasterKeyFault> for Failure {
    fn from(fault: MasterKeyFault) -> Self {
        match &fault {
            MasterKeyFault::Unwritable { .. } => {
                Self::new(Exit::InUse, "cannot-create", fault.to_string())
            }
            MasterKeyFault::Missing(_)
            | MasterKeyFault::Lost { .. }
            | MasterKeyFault::Mode { .. }
            | MasterKeyFault::Owner { .. }
            | MasterKeyFault::Malformed(_)
            | MasterKeyFault::Unreadable { .. } => {
                Self::new(Exit::Config, "master-key", fault.to_string())
            }
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (exit, word) = match &error {
            OpenError::Missing(_) => (Exit::Damaged, "no-data"),
            OpenError::Empty(_)
            | OpenError::Foreign(_)
            | OpenError::Damaged { .. }
            | OpenError::Repaired(_)
            | OpenError::FromTheFuture { .. } => (Exit::Damaged, "damaged"),
            OpenError::InUse(_) => (Exit::InUse, "in-use"),
            OpenError::Exists(_) | OpenError::Unwritable { .. } => (Exit::InUse, "cannot-create"),
            OpenError::WrongMasterKey { .. } => (Exit::Config, "master-key"),
        };
        Self::new(exit, word, error.to_string())
    }
}
