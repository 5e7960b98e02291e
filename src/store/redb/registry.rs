//! The registry on disk: written commit by commit, read as a whole.

mod clients;

use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use super::{
    Fault, audit,
    head::Head,
    open,
    tables::{
        APIS, CLIENTS, HANDOVERS, KEYS, ONCE, OPERATORS, REGISTRATION_TOKENS, REMOVED_CLIENTS,
        Records, SETTINGS, SealedReader, SealedWriter,
    },
};
use crate::{
    domain::{
        api::Api,
        change::{Commit, Effect, OnceRecord},
        client::Client,
        handover::Handover,
        id::ClientId,
        key::SigningKey,
        operator::Operator,
        policy::Policy,
        registration::RegistrationToken,
        registry::Registry,
        time::Timestamp,
    },
    store::{
        StoreError,
        keyring::{Keyring, corrupt},
        records::{
            RecordError, StoredApi, StoredClient, StoredHandover, StoredKey, StoredOnce,
            StoredOperator, StoredPolicy, StoredRegistrationToken, StoredTombstone, from_json,
            to_json,
        },
    },
};

/// The registry as of the last commit.
pub(super) fn load(database: &Database, keys: &Keyring) -> Result<Registry, Fault> {
    let transaction = database.begin_read()?;
    let head = Head::load(&transaction, keys)?;
    let mut records = Vec::new();
    let mut removed = Vec::new();
    let reader = Reader {
        transaction: &transaction,
        keys,
    };
    for client in clients::load(&transaction, keys)? {
        records.push(Effect::Client(client.id.clone(), Some(client)));
    }
    reader.each(REMOVED_CLIENTS, read_tombstone, |id| removed.push(id))?;
    reader.each(APIS, read_api, |api| {
        records.push(Effect::Api(api.identifier.clone(), Some(api.into())));
    })?;
    reader.each(KEYS, read_key, |key| {
        records.push(Effect::Key(key.id.clone(), Some(key.into())));
    })?;
    reader.each(OPERATORS, read_operator, |operator| {
        records.push(Effect::Operator(operator.id.clone(), Some(operator.into())));
    })?;
    reader.each(HANDOVERS, read_handover, |it| {
        let (id, client) = (it.id.clone(), it.client.clone());
        records.push(Effect::Handover(id, client, Some(it.into())));
    })?;
    reader.each(REGISTRATION_TOKENS, read_registration_token, |token| {
        records.push(Effect::RegistrationToken(
            token.id.clone(),
            Some(token.into()),
        ));
    })?;
    reader.each(SETTINGS, read_policy, |policy| {
        records.push(Effect::Policy(policy.into()));
    })?;
    Ok(Registry::from_records(
        keys.pepper.clone(),
        head.revision,
        records,
        removed,
    ))
}

struct Reader<'a> {
    transaction: &'a ReadTransaction,
    keys: &'a Keyring,
}

impl Reader<'_> {
    fn each<R: Identified>(
        &self,
        table: Records,
        read: fn(&[u8]) -> Result<R, RecordError>,
        mut take: impl FnMut(R),
    ) -> Result<(), Fault> {
        let rows = SealedReader::open(table, self.transaction, self.keys)?;
        rows.each(&[], read, |key, record| {
            if record.id().as_bytes() != key {
                return Err(corrupt(table.0, key, &"it is another record's"));
            }
            take(record);
            Ok(())
        })
    }
}

/// A record that says which one it is.
trait Identified {
    fn id(&self) -> &str;
}

impl Identified for Client {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Identified for ClientId {
    fn id(&self) -> &str {
        self.as_str()
    }
}

impl Identified for Api {
    fn id(&self) -> &str {
        self.identifier.as_str()
    }
}

impl Identified for SigningKey {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Identified for Operator {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Identified for Handover {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Identified for RegistrationToken {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

/// The word under which the policy is kept.
const POLICY: &str = "policy";

impl Identified for Policy {
    fn id(&self) -> &str {
        POLICY
    }
}

/// Reads a client's record.
pub(super) fn read_client(bytes: &[u8]) -> Result<Client, RecordError> {
    from_json::<StoredClient>(bytes)?.try_into()
}

fn read_tombstone(bytes: &[u8]) -> Result<ClientId, RecordError> {
    from_json::<StoredTombstone>(bytes).map(|tombstone| tombstone.id)
}

fn read_api(bytes: &[u8]) -> Result<Api, RecordError> {
    from_json::<StoredApi>(bytes)?.try_into()
}

fn read_key(bytes: &[u8]) -> Result<SigningKey, RecordError> {
    from_json::<StoredKey>(bytes)?.try_into()
}

fn read_operator(bytes: &[u8]) -> Result<Operator, RecordError> {
    from_json::<StoredOperator>(bytes).map(Into::into)
}

fn read_handover(bytes: &[u8]) -> Result<Handover, RecordError> {
    from_json::<StoredHandover>(bytes).map(Into::into)
}

fn read_registration_token(bytes: &[u8]) -> Result<RegistrationToken, RecordError> {
    from_json::<StoredRegistrationToken>(bytes)?.try_into()
}

fn read_policy(bytes: &[u8]) -> Result<Policy, RecordError> {
    from_json::<StoredPolicy>(bytes).map(Into::into)
}

/// Reads what was done under an idempotency key.
pub(super) fn read_once(bytes: &[u8]) -> Result<OnceRecord, RecordError> {
    from_json::<StoredOnce>(bytes).map(Into::into)
}

/// Keeps all of `commit` or nothing; durable when it returns.
pub(super) fn commit(database: &Database, keys: &Keyring, commit: &Commit) -> Result<(), Fault> {
    let mut transaction = database.begin_write()?;
    // A crash never takes back what this transaction did, whatever was damaged beside it.
    transaction.set_two_phase_commit(true);
    let mut head = Head::load_for_change(&transaction, keys)?;
    if head.revision != commit.base {
        return Err(StoreError::Conflict.into());
    }
    let writer = Writer {
        transaction: &transaction,
        keys,
    };
    for change in &commit.changes {
        if let Effect::MasterKey(change) = &change.effect {
            if change.old.id() != head.master_key {
                return Err(StoreError::Conflict.into());
            }
            change.new.id().clone_into(&mut head.master_key);
        }
        writer.put(&change.effect, commit.at)?;
    }
    if let Some(once) = &commit.once {
        let mut table = SealedWriter::open_for_change(ONCE, &transaction, keys)?;
        table.put(
            &once_key(keys, &once.actor, &once.key),
            &to_json(&StoredOnce::from(once)),
        )?;
    }
    audit::append(&transaction, keys, &mut head, &commit.audit)?;
    head.revision = commit.revision();
    head.store(&transaction, keys)?;
    transaction.commit()?;
    Ok(())
}

struct Writer<'a> {
    transaction: &'a WriteTransaction,
    keys: &'a Keyring,
}

impl Writer<'_> {
    fn put(&self, effect: &Effect, at: Timestamp) -> Result<(), Fault> {
        match effect {
            Effect::Client(id, client) => {
                let record = client.as_deref().map(|it| to_json(&StoredClient::from(it)));
                if record.is_none() {
                    self.bury(id, at)?;
                }
                self.keep(CLIENTS, id.as_str(), record.as_deref())
            }
            Effect::Api(id, api) => {
                let record = api.as_deref().map(|it| to_json(&StoredApi::from(it)));
                self.keep(APIS, id.as_str(), record.as_deref())
            }
            Effect::Key(id, key) => {
                let record = key.as_deref().map(|it| to_json(&StoredKey::from(it)));
                self.keep(KEYS, id.as_str(), record.as_deref())
            }
            Effect::Operator(id, operator) => {
                let record = operator
                    .as_deref()
                    .map(|it| to_json(&StoredOperator::from(it)));
                self.keep(OPERATORS, id.as_str(), record.as_deref())
            }
            Effect::Handover(id, _, handover) => {
                let record = handover
                    .as_deref()
                    .map(|it| to_json(&StoredHandover::from(it)));
                self.keep(HANDOVERS, id.as_str(), record.as_deref())
            }
            Effect::RegistrationToken(id, token) => {
                let record = token
                    .as_deref()
                    .map(|it| to_json(&StoredRegistrationToken::from(it)));
                self.keep(REGISTRATION_TOKENS, id.as_str(), record.as_deref())
            }
            Effect::Policy(policy) => {
                let record = to_json(&StoredPolicy::from(&**policy));
                self.keep(SETTINGS, POLICY, Some(&record))
            }
            Effect::MasterKey(change) => open::wrap_anew(self.transaction, self.keys, change),
            Effect::Told(..) | Effect::Nothing => Ok(()),
        }
    }

    /// Remembers that a client had this id.
    fn bury(&self, id: &ClientId, removed: Timestamp) -> Result<(), Fault> {
        let tombstone = StoredTombstone {
            id: id.clone(),
            removed,
        };
        self.keep(REMOVED_CLIENTS, id.as_str(), Some(&to_json(&tombstone)))
    }

    fn keep(&self, table: Records, id: &str, record: Option<&Vec<u8>>) -> Result<(), Fault> {
        let mut table = SealedWriter::open_for_change(table, self.transaction, self.keys)?;
        match record {
            Some(plain) => table.put(id.as_bytes(), plain),
            None => table.remove(id.as_bytes()),
        }
    }
}

/// What was remembered of this actor's request under this key.
pub(super) fn recall(
    database: &Database,
    keys: &Keyring,
    (actor, key): (&str, &str),
) -> Result<Option<OnceRecord>, Fault> {
    let transaction = database.begin_read()?;
    let table = SealedReader::open(ONCE, &transaction, keys)?;
    table.get(&once_key(keys, actor, key), read_once)
}

fn once_key(keys: &Keyring, actor: &str, key: &str) -> [u8; 16] {
    keys.hash("once", &[actor.as_bytes(), key.as_bytes()])
}
