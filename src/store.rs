//! Floor 3: where commits go. One trait, one file per backend.
//!
//! Nothing above this floor knows which backend there is. The store is asked no questions on the
//! path of a token request: the registry in memory answers them.

#[cfg(test)]
mod contract;
mod keyring;
pub mod master_key;
mod partial;
mod records;
pub mod redb;

pub use self::partial::sweep;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use async_trait::async_trait;

use crate::crypto::statement::StatementKey;
use crate::domain::{
    acme::AcmeState,
    assertion::UsedAssertion,
    audit::{AuditPage, AuditRecord},
    change::{Commit, OnceRecord},
    epoch::AuditHead,
    id::{ClientId, OperatorId, SecretId},
    issued_token::{IssuedChain, IssuedPage, IssuedRecord, IssuedToken},
    registry::Registry,
    revocation::Revocation,
    session::{SessionKey, SessionRecord},
    time::{Day, Timestamp},
    usage::{LastUse, Tally},
};

/// Keeps what must outlive the process.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Everything the server knows, as of the last commit.
    async fn load(&self) -> Result<Registry, StoreError>;

    /// Keeps all of `commit`, audit entries included, or none of it; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another process committed since `commit.base`: reload and decide
    /// again. Any other error leaves the outcome unknown.
    async fn commit(&self, commit: Arc<Commit>) -> Result<(), StoreError>;

    /// What was remembered of an actor's request under this idempotency key, if not pruned yet.
    async fn recall(&self, actor: &str, key: &str) -> Result<Option<OnceRecord>, StoreError>;

    /// Adds to the counters. A crash may lose the last batch.
    async fn add_usage(&self, tally: Tally) -> Result<(), StoreError>;

    /// What is known of the use of one client, or of everything.
    async fn usage(&self, of: UsageOf) -> Result<Tally, StoreError>;

    /// The latest use of every secret: read once, at start.
    async fn last_uses(&self) -> Result<Vec<(SecretId, LastUse)>, StoreError>;

    /// A stretch of the audit log, newest first. At most the 100,000 records before
    /// [`AuditPage::before`] are looked through, however few of them pass the filters.
    async fn audit(&self, page: AuditPage) -> Result<Vec<AuditRecord>, StoreError>;

    /// Checks the chain of the audit log, all of it or its end; gives how many records were looked at.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the first record that does not fit.
    async fn verify_audit(&self, scope: AuditScope) -> Result<u64, StoreError>;

    /// Where the audit log ends, and in which epoch.
    async fn audit_head(&self) -> Result<AuditHead, StoreError>;

    /// The macs of the audit records with these numbers, of those that there are.
    async fn audit_macs(&self, numbers: Vec<u64>) -> Result<BTreeMap<u64, [u8; 32]>, StoreError>;

    /// The key that signs checkpoints of the audit log.
    fn checkpoint_key(&self) -> StatementKey;

    /// Keeps that a token does not count any more. Durable when it returns.
    async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError>;

    /// The revoked tokens that would still count at `now`: read once, at start.
    async fn revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError>;

    /// Keeps that assertions were used, each if it was not before: for which of them that is so comes back,
    /// in their order. Durable when it returns.
    async fn use_assertions(&self, used: Vec<UsedAssertion>) -> Result<Vec<bool>, StoreError>;

    /// Keeps the records of issued tokens, in their order. Durable when it returns.
    async fn keep_issued(&self, issued: Vec<IssuedToken>) -> Result<(), StoreError>;

    /// A stretch of the records of issued tokens, newest first. At most the 100,000 records before
    /// [`IssuedPage::before`] are looked through.
    async fn issued(&self, page: IssuedPage) -> Result<Vec<IssuedRecord>, StoreError>;

    /// Checks the chain of the records of issued tokens; how many there are.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the first record that does not fit.
    async fn verify_issued(&self) -> Result<u64, StoreError>;

    /// Where the chain of the records of issued tokens ends, and the macs of those with these numbers.
    async fn issued_chain(&self, numbers: Vec<u64>) -> Result<IssuedChain, StoreError>;

    /// What was last kept of the server's own certificate; nothing if nothing ever was.
    async fn acme(&self) -> Result<Option<AcmeState>, StoreError>;

    /// Keeps what is known of the server's own certificate. Durable when it returns.
    async fn keep_acme(&self, state: AcmeState) -> Result<(), StoreError>;

    /// The latest time that was written down; nothing if none ever was.
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Writes down the latest time that is believed. A crash may lose the last one.
    async fn keep_clock(&self, high: Timestamp) -> Result<(), StoreError>;

    /// Keeps a new session; false, and nothing changed, if there is one under its key. Durable when
    /// it returns.
    async fn create_session(&self, session: SessionRecord) -> Result<bool, StoreError>;

    /// Replaces a session that exists; false, and nothing changed, if there is none: a slow request
    /// that ends after sign-out does not bring a session back.
    async fn save_session(&self, session: SessionRecord) -> Result<bool, StoreError>;

    /// The session under this key, over or not.
    async fn find_session(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError>;

    /// Takes a session away; whether there was one. Durable when it returns.
    async fn remove_session(&self, key: SessionKey) -> Result<bool, StoreError>;

    /// The sessions of one operator, over or not.
    async fn sessions_of(&self, operator: &OperatorId) -> Result<Vec<SessionRecord>, StoreError>;

    /// Takes away all sessions of one operator but `except`; how many there were. Durable when it
    /// returns.
    async fn remove_sessions_of(
        &self,
        operator: &OperatorId,
        except: Option<SessionKey>,
    ) -> Result<u64, StoreError>;

    /// Deletes what is older than it is kept: usage and records of issued tokens of 90 days, JWK set fetches of 7 days,
    /// idempotency keys of 24 hours, sessions that are over, revocations of expired tokens, assertions
    /// that have expired.
    async fn prune(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Writes a consistent, verified, sealed copy to a new file while serving goes on.
    async fn backup(&self, to: &Path) -> Result<BackupReport, StoreError>;

    /// Size and shape, for people.
    async fn report(&self) -> Result<StoreReport, StoreError>;

    /// Looks after what the store lies on, and says how that is. To be called every second or so.
    async fn tend(&self) -> Condition;

    /// Ends cleanly; nothing may be asked afterwards.
    async fn close(&self) -> Result<(), StoreError>;
}

/// How much of the audit log's chain is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditScope {
    /// All of it.
    All,
    /// So many records at its end.
    Latest(u64),
}

/// Whose usage is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UsageOf {
    /// One client's.
    Client(ClientId),
    /// Everybody's, that of unknown clients included.
    Everyone,
    /// Everybody's, but for the counters of the days before this one, and for the scopes.
    Since(Day),
    /// Only which scopes everybody asked for.
    Scopes,
    /// Only who fetched the JWK set.
    KeyFetches,
}

/// How that is on which a store lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// All is well.
    Well,
    /// There is no room, or only so much that rights can still be taken away.
    Full,
    /// It lies elsewhere, or something else lies in its place: nothing is written to it.
    Moved,
    /// What was written may be lost, and nothing tells: nothing more is written, and the process must end.
    Distrusted,
}

/// What a backup holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupReport {
    /// Bytes written.
    pub bytes: u64,
    /// The revision it holds.
    pub revision: u64,
    /// The id of the master key that opens it.
    pub master_key_id: String,
}

/// What a store says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreReport {
    /// The format's number.
    pub format: u32,
    /// Bytes on disk.
    pub bytes: u64,
    /// The revision of the last commit.
    pub revision: u64,
    /// How many audit records there are.
    pub audit_records: u64,
    /// The id of the master key that opens it.
    pub master_key_id: String,
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process committed in the meantime.
    #[error("another process changed the data since it was read")]
    Conflict,
    /// A record makes no sense, or was tampered with.
    #[error("the record {table}/{record} is damaged: {problem}")]
    Corrupt {
        /// Its table.
        table: String,
        /// Its key.
        record: String,
        /// What is wrong.
        problem: String,
    },
    /// The disk, or the store on it, failed; whether the change is kept is unknown.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}
