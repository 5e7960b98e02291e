//! All clients on disk: read by one thread, and opened by all processors if they are many.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::{Fault, Identified, read_client};
use crate::{
    crypto::sealed::Room,
    domain::{client::Client, shared::Pool},
    store::{
        StoreError,
        keyring::{Keyring, corrupt},
        redb::tables::CLIENTS,
    },
};

/// How many clients are few: they are opened where they are read, as each further thread has memory of its own that is not
/// given back.
const FEW: u64 = 2048;

/// How many records are handed over at once.
const BITE: usize = 512;

/// How many threads open records at most.
const MOST_THREADS: usize = 8;

type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Records as they lie in the table.
type Bite = Vec<(Vec<u8>, Vec<u8>)>;

/// What became of a bite, by its number.
type Opened = (usize, Result<Vec<Arc<Client>>, StoreError>);

/// All clients, in order of their ids.
pub(super) fn load(
    transaction: &ReadTransaction,
    keys: &Keyring,
) -> Result<Vec<Arc<Client>>, Fault> {
    let table = transaction.open_table(CLIENTS.definition())?;
    if table.len()? <= FEW {
        return open_few(&table, keys);
    }
    open_many(&table, keys)
}

fn open_few(table: &Table, keys: &Keyring) -> Result<Vec<Arc<Client>>, Fault> {
    let mut opener = Opener::new(keys);
    let mut all = Vec::new();
    for row in table.iter()? {
        let (key, sealed) = row?;
        all.push(opener.open(key.value(), sealed.value())?);
    }
    Ok(all)
}

fn open_many(table: &Table, keys: &Keyring) -> Result<Vec<Arc<Client>>, Fault> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(MOST_THREADS);
    let opened: Mutex<Vec<Opened>> = Mutex::default();
    let (bites, waiting) = mpsc::sync_channel::<(usize, Bite)>(2 * threads);
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut worker = Opener::new(keys);
                loop {
                    let next = lock(&waiting).recv();
                    let Ok((number, bite)) = next else {
                        return;
                    };
                    let open = |(key, sealed): &(Vec<u8>, Vec<u8>)| worker.open(key, sealed);
                    let clients = bite.iter().map(open).collect();
                    lock(&opened).push((number, clients));
                }
            });
        }
        let read = read(table, |bite| {
            // There is a thread that waits as long as this one does not let go of the channel.
            bites.send(bite).is_ok()
        });
        drop(bites);
        read
    })?;
    let mut opened = opened.into_inner().unwrap_or_else(PoisonError::into_inner);
    crate::domain::order::by_key(&mut opened, |(number, _)| *number);
    let mut all = Vec::new();
    for (_, clients) in opened {
        all.extend(clients?);
    }
    Ok(all)
}

/// Hands all records of `table` to `take`, in numbered bites, as long as it wants them.
fn read(table: &Table, take: impl Fn((usize, Bite)) -> bool) -> Result<(), Fault> {
    let (mut number, mut bite) = (0, Bite::new());
    for row in table.iter()? {
        let (key, sealed) = row?;
        bite.push((key.value().to_vec(), sealed.value().to_vec()));
        if bite.len() == BITE {
            if !take((number, std::mem::take(&mut bite))) {
                return Ok(());
            }
            number += 1;
        }
    }
    take((number, bite));
    Ok(())
}

fn lock<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens records, and keeps once what many of them have alike.
struct Opener<'k> {
    keys: &'k Keyring,
    room: Room,
    grants: Pool<crate::domain::shared::Shared<crate::domain::client::Grants>>,
    owners: Pool<crate::domain::name::Owner>,
    makers: Pool<Arc<str>>,
}

impl<'k> Opener<'k> {
    fn new(keys: &'k Keyring) -> Self {
        Self {
            keys,
            room: Room::default(),
            grants: Pool::default(),
            owners: Pool::default(),
            makers: Pool::default(),
        }
    }

    fn open(&mut self, key: &[u8], sealed: &[u8]) -> Result<Arc<Client>, StoreError> {
        let place = (CLIENTS.0, key);
        let mut client = self
            .keys
            .read_in(&mut self.room, place, sealed, read_client)?;
        if client.id().as_bytes() != key {
            return Err(corrupt(CLIENTS.0, key, &"it is another record's"));
        }
        self.grants.share(&mut client.grants);
        self.owners.share(&mut client.owner);
        for secret in &mut client.secrets {
            self.makers.share(&mut secret.created_by);
        }
        Ok(client.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{
        strategy::{Strategy, ValueTree},
        test_runner::TestRunner,
    };
    use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

    use super::*;
    use crate::{
        crypto::{random::Entropy, sealed::MasterKey},
        domain::arbitrary,
        store::{
            records::{StoredClient, to_json},
            redb::{open, tables::SealedWriter},
        },
    };

    fn empty() -> (Database, Keyring) {
        let entropy = Entropy::seeded(1);
        let database = Database::builder()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let keys = open::initialise(&database, &MasterKey::generate(&entropy), &entropy).unwrap();
        (database, keys)
    }

    /// Clients that are the same but for their ids, each kept under what `key` makes of its id.
    fn keep((database, keys): &(Database, Keyring), count: usize, key: impl Fn(&str) -> String) {
        let mut client = arbitrary::client()
            .new_tree(&mut TestRunner::deterministic())
            .unwrap()
            .current();
        let transaction = database.begin_write().unwrap();
        let mut table = SealedWriter::open_for_change(CLIENTS, &transaction, keys).unwrap();
        for number in 0..count {
            let id = format!("client-{number:04}");
            client.id = id.parse().unwrap();
            let record = to_json(&StoredClient::from(&client));
            table.put(key(&id).as_bytes(), &record).unwrap();
        }
        drop(table);
        transaction.commit().unwrap();
    }

    /// The ids that each way to open them finds.
    fn opened((database, keys): &(Database, Keyring)) -> [Result<Vec<String>, String>; 2] {
        let transaction = database.begin_read().unwrap();
        let table = transaction.open_table(CLIENTS.definition()).unwrap();
        [open_few(&table, keys), open_many(&table, keys)].map(|opened| {
            let ids = |all: Vec<Arc<Client>>| all.iter().map(|it| it.id.to_string()).collect();
            opened.map(ids).map_err(|fault| format!("{fault:?}"))
        })
    }

    #[test]
    fn few_and_many_are_opened_alike_and_in_order() {
        for count in [0, 1, BITE, 3 * BITE + 1] {
            let kept = empty();
            keep(&kept, count, str::to_owned);
            let expected: Vec<String> = (0..count).map(|it| format!("client-{it:04}")).collect();

            let [few, many] = opened(&kept);

            assert_eq!(few.as_ref(), Ok(&expected));
            assert_eq!(many, few);
        }
    }

    #[test]
    fn a_record_in_the_place_of_another_is_refused_among_few_and_among_many() {
        let kept = empty();
        keep(&kept, BITE + 2, |id| match id {
            "client-0513" => "client-9999".to_owned(),
            id => id.to_owned(),
        });

        for opened in opened(&kept) {
            let fault = opened.unwrap_err();
            assert!(fault.contains("another record's"), "{fault}");
        }
    }
}
