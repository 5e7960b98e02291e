//! For `fuzz/` alone, behind the feature of that name: records without their seals.

use redb::ReadableDatabase;

use super::{
    RedbStore, assertions,
    clock::{self, StoredClock},
    registry, revocations, sessions,
    tables::{ALL_RECORDS, SealedReader},
};
use crate::{
    crypto::mac::MacKey,
    domain::{
        acme::AcmeState,
        api::Api,
        audit::{AuditEntry, AuditRecord},
        epoch::Epoch,
        handover::Handover,
        key::SigningKey,
        operator::Operator,
        policy::Policy,
        registration::RegistrationToken,
    },
    store::{
        StoreError,
        records::{
            RecordError, StoredAcme, StoredApi, StoredClient, StoredEpochs, StoredHandover,
            StoredKey, StoredOnce, StoredOperator, StoredPolicy, StoredRegistrationToken,
            StoredRevocation, StoredSession, StoredTombstone, UsageRow, chain, check_link,
            from_json, read_link, to_json, to_postcard,
        },
    },
};

/// Every record that `store` holds, after the name of its table.
///
/// # Errors
/// If one cannot be opened.
pub fn records(store: &RedbStore) -> Result<Vec<(&'static str, Vec<u8>)>, StoreError> {
    store.0.read(|shared, database| {
        let transaction = database.begin_read()?;
        let mut all = Vec::new();
        for table in ALL_RECORDS {
            let sealed = SealedReader::open(table, &transaction, &shared.keys)?;
            let whole = |bytes: &[u8]| Ok::<_, RecordError>(bytes.to_owned());
            sealed.each(&[], whole, |_, bytes| {
                all.push((table.0, bytes));
                Ok(())
            })?;
        }
        Ok(all)
    })
}

/// The record of `table` that stands in `bytes`, read and written again.
///
/// # Errors
/// It is no record of that table, or there is no such table.
pub fn rewrite(table: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    rewritten(table, bytes).map_err(|error| error.to_string())
}

fn rewritten(table: &str, bytes: &[u8]) -> Result<Vec<u8>, RecordError> {
    let row = match table {
        "clients" => return json(&StoredClient::from(&registry::read_client(bytes)?)),
        "removed_clients" => return json(&from_json::<StoredTombstone>(bytes)?),
        "apis" => {
            let api: Api = from_json::<StoredApi>(bytes)?.try_into()?;
            return json(&StoredApi::from(&api));
        }
        "keys" => {
            let key: SigningKey = from_json::<StoredKey>(bytes)?.try_into()?;
            return json(&StoredKey::from(&key));
        }
        "operators" => {
            let operator: Operator = from_json::<StoredOperator>(bytes)?.into();
            return json(&StoredOperator::from(&operator));
        }
        "settings" => {
            let policy: Policy = from_json::<StoredPolicy>(bytes)?.into();
            return json(&StoredPolicy::from(&policy));
        }
        "handovers" => {
            let handover: Handover = from_json::<StoredHandover>(bytes)?.into();
            return json(&StoredHandover::from(&handover));
        }
        "registration_tokens" => {
            let stored = from_json::<StoredRegistrationToken>(bytes)?;
            let token: RegistrationToken = stored.try_into()?;
            return json(&StoredRegistrationToken::from(&token));
        }
        "revocations" => return json(&StoredRevocation::from(&revocations::read(bytes)?)),
        "assertions" => return Ok(to_postcard(&assertions::read(bytes)?)),
        "acme" => {
            let state: AcmeState = from_json::<StoredAcme>(bytes)?.try_into()?;
            return json(&StoredAcme::from(&state));
        }
        "sessions" => return json(&StoredSession::from(&sessions::read(bytes)?)),
        "once" => return json(&StoredOnce::from(&registry::read_once(bytes)?)),
        "state" => {
            let Ok(stored) = from_json::<StoredEpochs>(bytes) else {
                let high = clock::read(bytes)?;
                return json(&StoredClock { high });
            };
            let epochs: Vec<Epoch> = stored.into();
            return json(&StoredEpochs::from(epochs.as_slice()));
        }
        // What older formats wrote is only read.
        "usage_days" => return UsageRow::read_day(bytes).map(|_| bytes.to_vec()),
        "usage_scopes" => return UsageRow::read_scope(bytes).map(|_| bytes.to_vec()),
        "usage_spans" => UsageRow::read_days(bytes)?,
        "usage_scope_spans" => UsageRow::read_scopes(bytes)?,
        "usage_addresses" => UsageRow::read_address(bytes)?,
        "usage_exercised" => UsageRow::read_exercised(bytes)?,
        "usage_last" => UsageRow::read_last(bytes)?,
        "usage_fetches" => UsageRow::read_fetch(bytes)?,
        _ => return Err(RecordError::new("there is no such table")),
    };
    Ok(row.to_bytes())
}

fn json(record: &impl serde::Serialize) -> Result<Vec<u8>, RecordError> {
    Ok(to_json(record).to_vec())
}

/// The bytes of `entry` as the record of the audit log after the one with the mac `prev`, and its own mac.
pub fn link(entry: &AuditEntry, after: (u64, [u8; 32]), key: &MacKey) -> (Vec<u8>, [u8; 32]) {
    chain(entry, after, key)
}

/// The mac of a record of the audit log, if it follows the one with the mac `prev` and is whole.
///
/// # Errors
/// It does not, or is not.
pub fn follow(bytes: &[u8], after: (u64, [u8; 32]), key: &MacKey) -> Result<[u8; 32], String> {
    check_link(bytes, after, key).map_err(|error| error.to_string())
}

/// What a record of the audit log says, followed or not.
///
/// # Errors
/// It says nothing.
pub fn read(seq: u64, bytes: &[u8]) -> Result<AuditRecord, String> {
    read_link(seq, bytes).map_err(|error| error.to_string())
}
