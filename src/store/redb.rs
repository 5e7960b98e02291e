//! The store on redb: one file, one transaction per commit, every value sealed.
//!
//! [`RedbStore`] is a thin shell: each method moves to a thread that may wait, and calls the
//! function of the same name in a module below. Those know transactions; nothing here does.

mod acme;
mod assertions;
mod audit;
mod backup;
mod clock;
mod disk;
mod epochs;
mod fault;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod head;
mod issued;
mod migrations;
mod open;
mod prune;
mod registry;
mod restore;
mod revocations;
mod sessions;
mod shared;
mod tables;
mod usage;

use std::{
    any::Any,
    collections::BTreeMap,
    io,
    path::Path,
    sync::{Arc, RwLock},
};

use async_trait::async_trait;
use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

use self::{
    disk::Disk,
    fault::Fault,
    shared::{Place, Shared},
};
pub use self::{
    open::{OpenError, Repair},
    restore::{Candidate, Present, RestoreError},
};
use super::{
    AuditScope, BackupReport, Condition, Store, StoreError, StoreReport, UsageOf, keyring::Keyring,
};
use crate::{
    crypto::{random::Entropy, sealed::MasterKey, statement::StatementKey},
    domain::{
        acme::AcmeState,
        assertion::UsedAssertion,
        audit::{AuditPage, AuditRecord},
        change::{Commit, OnceRecord},
        epoch::AuditHead,
        id::{OperatorId, SecretId},
        issued_token::{IssuedChain, IssuedPage, IssuedRecord, IssuedToken},
        registry::Registry,
        revocation::Revocation,
        session::{SessionKey, SessionRecord},
        time::Timestamp,
        usage::{LastUse, Tally},
    },
};

/// A data file, open and locked.
#[derive(Clone, Debug)]
pub struct RedbStore(Arc<Shared>);

impl RedbStore {
    /// Makes a data file where there is none, and opens it.
    ///
    /// # Errors
    /// [`OpenError::Exists`] if there is a file, whatever it is; [`OpenError::Unwritable`].
    pub fn create(path: &Path, master: &MasterKey, entropy: &Entropy) -> Result<Self, OpenError> {
        open::create(path, master, entropy)?;
        Self::open(path, master, entropy)
    }

    /// Opens a data file that exists, after checking all of it.
    ///
    /// # Errors
    /// See [`OpenError`]; whatever it is, the file is left as it was.
    pub fn open(path: &Path, master: &MasterKey, entropy: &Entropy) -> Result<Self, OpenError> {
        Self::open_with(path, (master, entropy), Repair::Refuse)
    }

    /// Opens a data file that exists, and says what to do if that takes going back one change.
    ///
    /// # Errors
    /// See [`OpenError`]; whatever it is, the file is left as it was.
    pub fn open_with(
        path: &Path,
        (master, entropy): (&MasterKey, &Entropy),
        repair: Repair,
    ) -> Result<Self, OpenError> {
        Self::open_on(Disk::default(), path, (master, entropy), repair)
    }

    fn open_on(
        disk: Disk,
        path: &Path,
        (master, entropy): (&MasterKey, &Entropy),
        repair: Repair,
    ) -> Result<Self, OpenError> {
        let (database, keys) = open::open((path, &disk), (master, entropy), repair)?;
        Ok(Self::new((Place::of(path), disk), database, keys))
    }

    /// Keeps so many bytes of the disk free for what takes rights away, from now on.
    ///
    /// # Errors
    /// If there is no room; it is set aside once there is.
    pub fn keep_reserve(&self, bytes: u64) -> io::Result<()> {
        self.0.keep_reserve(bytes)
    }

    /// Gives the room that nothing uses any more back to the disk; how many bytes there were, and are. Everything else
    /// waits for it: not for a server that serves.
    ///
    /// # Errors
    /// If the file cannot be written; whatever it held, it holds still.
    pub fn compact(&self) -> Result<(u64, u64), StoreError> {
        self.0.compact()
    }

    /// A store that is gone with the process: the same in all else.
    ///
    /// # Panics
    /// If there is no memory for it.
    pub fn in_memory(entropy: &Entropy) -> Self {
        let database = redb::Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .expect("an empty database fits in memory");
        let master = MasterKey::generate(entropy);
        let keys = open::initialise(&database, &master, entropy)
            .expect("a database in memory can be written");
        Self::new((Place::Memory, Disk::default()), database, keys)
    }

    fn new((place, disk): (Place, Disk), database: Database, keys: Keyring) -> Self {
        Self(Arc::new(Shared {
            place,
            disk,
            keys,
            database: RwLock::new(Some(database)),
        }))
    }

    /// Also on a full disk: who takes rights away in the console has a session there.
    async fn put_session(
        &self,
        session: SessionRecord,
        only: sessions::Only,
    ) -> Result<bool, StoreError> {
        self.write_surely(move |it, database| sessions::put(database, &it.keys, (&session, only)))
            .await
    }

    /// See [`Shared::read`].
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.wait_for(|it| it.read(work)).await
    }

    /// See [`Shared::write`].
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.wait_for(|it| it.write(work)).await
    }

    /// See [`Shared::write_surely`].
    async fn write_surely<T: Send + 'static>(
        &self,
        work: impl Fn(&Shared, &Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.wait_for(|it| it.write_surely(work)).await
    }

    async fn wait_for<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let work = Box::new(move |it: &Shared| Ok(Box::new(work(it)?) as Found));
        let found = self.carry_out(work).await?;
        Ok(*found.downcast().expect("it is what the work returned"))
    }

    /// Off the runtime, which it would hold up. All work is of one type here: for each of its own the program would have what
    /// runs it once more.
    async fn carry_out(&self, work: Work) -> Result<Found, StoreError> {
        let shared = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        done.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }
}

/// What a piece of work found.
type Found = Box<dyn Any + Send>;

/// A piece of work on what all handles share.
type Work = Box<dyn FnOnce(&Shared) -> Result<Found, StoreError> + Send>;

#[async_trait]
impl Store for RedbStore {
    async fn load(&self) -> Result<Registry, StoreError> {
        self.read(|it, database| registry::load(database, &it.keys))
            .await
    }

    async fn commit(&self, commit: Arc<Commit>) -> Result<(), StoreError> {
        let takes_away = commit.takes_away();
        let work =
            move |it: &Shared, database: &Database| registry::commit(database, &it.keys, &commit);
        if takes_away {
            self.write_surely(work).await
        } else {
            self.write(work).await
        }
    }

    async fn recall(&self, actor: &str, key: &str) -> Result<Option<OnceRecord>, StoreError> {
        let (actor, key) = (actor.to_owned(), key.to_owned());
        self.read(move |it, database| registry::recall(database, &it.keys, (&actor, &key)))
            .await
    }

    async fn add_usage(&self, tally: Tally) -> Result<(), StoreError> {
        self.write(move |it, database| usage::add(database, &it.keys, tally))
            .await
    }

    async fn usage(&self, of: UsageOf) -> Result<Tally, StoreError> {
        self.read(move |it, database| usage::read(database, &it.keys, &of))
            .await
    }

    async fn last_uses(&self) -> Result<Vec<(SecretId, LastUse)>, StoreError> {
        self.read(|it, database| usage::last_uses(database, &it.keys))
            .await
    }

    async fn audit(&self, page: AuditPage) -> Result<Vec<AuditRecord>, StoreError> {
        self.read(move |it, database| audit::page(database, &it.keys, &page))
            .await
    }

    async fn verify_audit(&self, scope: AuditScope) -> Result<u64, StoreError> {
        self.read(move |it, database| audit::verify(database, &it.keys, scope))
            .await
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        self.read(|it, database| epochs::audit_head(&database.begin_read()?, &it.keys))
            .await
    }

    async fn audit_macs(&self, numbers: Vec<u64>) -> Result<BTreeMap<u64, [u8; 32]>, StoreError> {
        self.read(move |it, database| audit::macs(database, &it.keys, &numbers))
            .await
    }

    fn checkpoint_key(&self) -> StatementKey {
        self.0.keys.checkpoint_key()
    }

    async fn create_session(&self, session: SessionRecord) -> Result<bool, StoreError> {
        self.put_session(session, sessions::Only::New).await
    }

    async fn save_session(&self, session: SessionRecord) -> Result<bool, StoreError> {
        self.put_session(session, sessions::Only::Known).await
    }

    async fn find_session(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        self.read(move |it, database| sessions::find(database, &it.keys, key))
            .await
    }

    async fn remove_session(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.write_surely(move |it, database| Ok(sessions::remove(database, &it.keys, &[key])? > 0))
            .await
    }

    async fn sessions_of(&self, operator: &OperatorId) -> Result<Vec<SessionRecord>, StoreError> {
        let operator = operator.clone();
        self.read(move |it, database| sessions::of(database, &it.keys, &operator))
            .await
    }

    async fn remove_sessions_of(
        &self,
        operator: &OperatorId,
        except: Option<SessionKey>,
    ) -> Result<u64, StoreError> {
        let operator = operator.clone();
        self.write_surely(move |it, database| {
            sessions::remove_of(database, &it.keys, (&operator, except))
        })
        .await
    }

    async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        self.write_surely(move |it, database| revocations::put(database, &it.keys, &revocation))
            .await
    }

    async fn revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.read(move |it, database| revocations::all(database, &it.keys, now))
            .await
    }

    async fn use_assertions(&self, used: Vec<UsedAssertion>) -> Result<Vec<bool>, StoreError> {
        self.write(move |it, database| assertions::put(database, &it.keys, &used))
            .await
    }

    async fn keep_issued(&self, issued: Vec<IssuedToken>) -> Result<(), StoreError> {
        self.write(move |it, database| issued::append(database, &it.keys, &issued))
            .await
    }

    async fn issued(&self, page: IssuedPage) -> Result<Vec<IssuedRecord>, StoreError> {
        self.read(move |it, database| issued::page(database, &it.keys, &page))
            .await
    }

    async fn verify_issued(&self) -> Result<u64, StoreError> {
        self.read(|it, database| issued::verify(database, &it.keys))
            .await
    }

    async fn issued_chain(&self, numbers: Vec<u64>) -> Result<IssuedChain, StoreError> {
        self.read(move |it, database| issued::chain(database, &it.keys, &numbers))
            .await
    }

    async fn acme(&self) -> Result<Option<AcmeState>, StoreError> {
        self.read(|it, database| acme::load(database, &it.keys))
            .await
    }

    async fn keep_acme(&self, state: AcmeState) -> Result<(), StoreError> {
        self.write(move |it, database| acme::put(database, &it.keys, &state))
            .await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|it, database| clock::load(database, &it.keys))
            .await
    }

    async fn keep_clock(&self, high: Timestamp) -> Result<(), StoreError> {
        self.write(move |it, database| clock::put(database, &it.keys, high))
            .await
    }

    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |it, database| prune::prune(database, &it.keys, now))
            .await
    }

    async fn backup(&self, to: &Path) -> Result<BackupReport, StoreError> {
        let to = to.to_owned();
        self.read(move |it, database| backup::backup(database, it, &to))
            .await
    }

    async fn report(&self) -> Result<StoreReport, StoreError> {
        self.read(|it, database| {
            let head = head::Head::load(&database.begin_read()?, &it.keys)?;
            Ok(StoreReport {
                format: head::FORMAT,
                bytes: it.place.bytes(),
                revision: head.revision.0,
                audit_records: head.audit_seq,
                master_key_id: head.master_key,
            })
        })
        .await
    }

    async fn tend(&self) -> Condition {
        let tended = self.wait_for(|it| Ok(it.tend())).await;
        tended.unwrap_or_else(|_| self.0.condition())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.wait_for(Shared::close).await
    }
}

#[cfg(test)]
mod tests;
