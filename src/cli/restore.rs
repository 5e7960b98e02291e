//! `jeton restore`: a backup in the place of the data, and never an older state by mistake.

mod words;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use self::words::{Restored, UndoneAct};
use super::{
    data::{FILE_NAME, assemble_on, make_folder},
    failure::{Exit, Failure},
    output::Format,
};
use crate::store::redb::{Candidate, OpenError, Present, RedbStore, RestoreError};
use crate::{
    admin::{rekey::Rekey, restore::NoteRestore},
    app::{
        AdminError,
        checkpoints::{CheckpointFile, CheckpointFileError, compare},
    },
    config::{Config, MasterKeySource, Place},
    crypto::{random::Entropy, sealed::MasterKey, statement::StatementKey},
    domain::{
        actor::Actor,
        audit::{Action, AuditPage, AuditRecord},
        change::MasterKeyChange,
        checkpoint::Checkpoint,
        epoch::AuditHead,
        time::{Clock, SystemClock, Timestamp},
    },
    store::{
        Store, StoreError,
        master_key::{
            self,
            change::{Other, find_other, finish},
        },
    },
};
use clap::Args;

/// Put a backup in the place of the data, once all of it was checked.
///
/// No server may run on the data. The backup is not touched; it is copied, checked and brought to this version's
/// format beside the data file, and put in its place in one step: whatever happens, there is the old state or the
/// new one. Afterwards everybody has to sign in anew, one-time links are void, and assertions that may have been
/// used before are refused.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jeton restore /var/backups/jeton-20261123T190000Z.redb
  jeton restore --replace --accept-data-loss /var/backups/jeton-20261123T190000Z.redb
  jeton restore --data /tmp/drill --master-key-file /etc/jeton/master.key /var/backups/jeton-20261123T190000Z.redb")]
pub(crate) struct RestoreCommand {
    /// The backup.
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    /// Puts it in the place of data that are there. They are kept under another name.
    #[arg(long)]
    replace: bool,
    /// Restores an older state than the one that is there, or than checkpoints know: what was changed since is
    /// lost, also what was revoked.
    #[arg(long)]
    accept_data_loss: bool,
    /// Checkpoints of the audit log that the backup must not be older than. Those of the settings, if not given.
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
}

impl RestoreCommand {
    /// Restores, or says why not.
    pub(crate) async fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let config = Config::resolve_place(place)?;
        let data = config.data.join(FILE_NAME);
        let entropy = Entropy::os();
        let master = master_key::load(&config.master_key)?;
        make_folder(&config.data)?;
        let (present, master) = find_present(&config, &data, (master, &entropy))?;
        self.check_replace(&data, &present)?;
        crate::store::sweep(&data);
        let (candidate, previous) = self.candidate(&config, &data, (&master, &entropy))?;
        let loss = self.weigh(&config, &candidate, &present).await?;
        let rekey = previous.map(|old| MasterKeyChange {
            old: Arc::new(old),
            new: Arc::new(master),
        });
        let restored = begin(&config, (candidate, present), (loss, rekey)).await?;
        restored.answer(format);
        Ok(())
    }

    /// The backup, and the key that opens it if that is not the present one.
    fn candidate(
        &self,
        config: &Config,
        data: &Path,
        (master, entropy): (&MasterKey, &Entropy),
    ) -> Result<(Candidate, Option<MasterKey>), Failure> {
        let of = |key: &MasterKey| Candidate::of(&self.backup, data, (key, entropy));
        match of(master) {
            Err(RestoreError::WrongMasterKey { backup, wants, has }) => {
                let Some(previous) = find_previous(config, &wants)? else {
                    return Err(RestoreError::WrongMasterKey { backup, wants, has }.into());
                };
                Ok((of(&previous)?, Some(previous)))
            }
            found => Ok((found?, None)),
        }
    }

    fn check_replace(&self, data: &Path, present: &Present) -> Result<(), Failure> {
        if !present.is_there() || self.replace {
            return Ok(());
        }
        let message = format!(
            "there are data in {} already: to put the backup in their place, say --replace",
            data.display()
        );
        Err(Failure::new(Exit::InUse, "conflict", message))
    }

    /// What would be lost with it. Refuses to lose anything that was not agreed to.
    async fn weigh(
        &self,
        config: &Config,
        candidate: &Candidate,
        present: &Present,
    ) -> Result<Loss, Failure> {
        let mut loss = Loss::default();
        match present {
            Present::Nothing => {}
            Present::Unreadable(error, _) => {
                let problem = format!(
                    "what is there cannot be read, so nobody can tell how much newer it is than the backup ({error})"
                );
                self.must_be_accepted(&problem)?;
            }
            Present::Whole(before) => {
                loss = Loss::between(candidate.store(), before).await?;
                if let Some(problem) = loss.problem() {
                    self.must_be_accepted(&problem)?;
                }
            }
        }
        let key = candidate.store().checkpoint_key();
        match self.newest_checkpoint(config, &key) {
            Ok(None) => {}
            Ok(Some(newest)) => {
                loss.epoch = loss.epoch.max(newest.epoch);
                if let Err(fault) = compare(candidate.store(), &[newest]).await {
                    self.must_be_accepted(&fault.to_string())?;
                }
            }
            Err(error) => self.must_be_accepted(&error.to_string())?,
        }
        Ok(loss)
    }

    fn newest_checkpoint(
        &self,
        config: &Config,
        key: &StatementKey,
    ) -> Result<Option<Checkpoint>, CheckpointFileError> {
        let named = self.anchors.as_ref();
        let Some(path) = named.or(config.audit_checkpoints.as_ref()) else {
            return Ok(None);
        };
        let file = CheckpointFile::at(path);
        let newest = file.newest(key)?;
        if newest.is_none() && named.is_some() {
            // It was named, so it has to be there.
            file.each(|_, _| Ok::<_, CheckpointFileError>(()))?;
        }
        Ok(newest)
    }

    fn must_be_accepted(&self, problem: &str) -> Result<(), Failure> {
        if self.accept_data_loss {
            return Ok(());
        }
        let message =
            format!("{problem}: take a newer backup, or accept it with --accept-data-loss");
        Err(Failure::new(Exit::Older, "older", message))
    }
}

/// What is there, opened by whichever key it wants, and the present key. A change of the master key that was cut short
/// is finished first: the new key is the only one that opens what is about to be replaced, and kept.
fn find_present(
    config: &Config,
    data: &Path,
    (master, entropy): (MasterKey, &Entropy),
) -> Result<(Present, MasterKey), Failure> {
    let present = Present::find(data, (&master, entropy))?;
    let Present::Unreadable(OpenError::WrongMasterKey { wants, .. }, _) = &present else {
        return Ok((present, master));
    };
    let Some(other) = find_other(
        &config.master_key,
        config.previous_master_key.as_ref(),
        wants,
    )?
    else {
        return Ok((present, master));
    };
    // It holds the file.
    drop(present);
    let present = Present::find(data, (other.key(), entropy))?;
    match (other, &config.master_key) {
        (Other::Next(next), MasterKeySource::File(file)) => {
            finish(file)?;
            Ok((present, next))
        }
        (Other::Next(_) | Other::Previous(_), _) => Ok((present, master)),
    }
}

fn find_previous(config: &Config, wanted: &str) -> Result<Option<MasterKey>, Failure> {
    let given = config.previous_master_key.as_ref();
    let other = find_other(&config.master_key, given, wanted)?;
    Ok(other.map(Other::into_key))
}

/// What the backup does not have of the state that it replaces.
#[derive(Debug, Default)]
struct Loss {
    /// The last audit record that both have.
    common: u64,
    /// How many records come after it.
    records: u64,
    /// Those of them that took something away, the oldest first.
    undone: Vec<AuditRecord>,
    /// The latest epoch that is known of.
    epoch: u64,
}

impl Loss {
    async fn between(backup: &RedbStore, before: &RedbStore) -> Result<Self, StoreError> {
        let (ours, theirs) = (backup.audit_head().await?, before.audit_head().await?);
        let common = last_common((backup, &ours), (before, &theirs)).await?;
        Ok(Self {
            common,
            records: theirs.seq - common,
            undone: undone_after(before, common).await?,
            epoch: theirs.epoch(),
        })
    }

    fn problem(&self) -> Option<String> {
        if self.records == 0 {
            return None;
        }
        Some(if self.common == 0 {
            "the backup is of another server than the data that are there".to_owned()
        } else {
            format!(
                "the backup is older than what is there: {} after audit record {} would be lost",
                super::pen::count(self.records, "change"),
                self.common
            )
        })
    }
}

/// The number of the last record that both logs have. Where two chains part, they never meet again.
async fn last_common(
    (one, one_head): (&RedbStore, &AuditHead),
    (other, other_head): (&RedbStore, &AuditHead),
) -> Result<u64, StoreError> {
    let (mut common, mut apart) = (0, one_head.seq.min(other_head.seq) + 1);
    while common + 1 < apart {
        let middle = common + (apart - common) / 2;
        let (mine, theirs) = (
            one.audit_macs(vec![middle]).await?,
            other.audit_macs(vec![middle]).await?,
        );
        if mine == theirs {
            common = middle;
        } else {
            apart = middle;
        }
    }
    Ok(common)
}

/// The records after `common` that took something away, the oldest first.
async fn undone_after(before: &RedbStore, common: u64) -> Result<Vec<AuditRecord>, StoreError> {
    let mut found = Vec::new();
    let mut page = AuditPage {
        limit: 1000,
        ..AuditPage::default()
    };
    loop {
        let records = before.audit(page.clone()).await?;
        let Some(oldest) = records.last().map(|record| record.seq) else {
            break;
        };
        let lost = records.into_iter().filter(|record| record.seq > common);
        found.extend(lost.filter(|record| takes_away(&record.entry.action)));
        if oldest <= common + 1 {
            break;
        }
        page.before = Some(oldest);
    }
    found.reverse();
    Ok(found)
}

/// Whether somebody can do less since. Who only signed in, can do no less.
fn takes_away(word: &str) -> bool {
    let known = Action::named(word);
    known.is_some_and(|action| action.takes_away() && action != Action::OperatorSignIn)
}

/// Begins the next epoch in the copy, and puts it in its place.
async fn begin(
    config: &Config,
    (candidate, present): (Candidate, Present),
    (loss, rekey): (Loss, Option<MasterKeyChange>),
) -> Result<Restored, Failure> {
    let head = candidate.store().audit_head().await?;
    let now = latest_moment(&candidate, &present).await?;
    let epoch = candidate.begin_epoch((now, loss.epoch), &present).await?;
    let note = NoteRestore {
        epoch: epoch.number,
        revision: head.revision,
        records: head.seq,
        given_up: loss.records,
    };
    let issuer = config.issuer_at(config.listen);
    let app = assemble_on(config, candidate.store().clone(), issuer).await?;
    let user = rustix::process::geteuid().as_raw();
    let unavailable = |error: AdminError| Failure::unavailable(error.to_string());
    let noted = app.execute(Actor::local(user), note).await;
    let links = noted.map_err(unavailable)?;
    if let Some(change) = rekey {
        let done = app.execute(Actor::local(user), Rekey(change)).await;
        done.map_err(unavailable)?;
    }
    drop(app);
    let replaced = candidate.put_in_place(present, now).await?;
    Ok(Restored {
        data: config.data.join(FILE_NAME).display().to_string(),
        epoch: epoch.number,
        revision: head.revision.0,
        records: head.seq,
        links_voided: links,
        replaced: replaced.map(|path| path.display().to_string()),
        records_lost: loss.records,
        undone: loss.undone.iter().map(UndoneAct::of).collect(),
    })
}

/// Now, or later if a record says so: of the clock it is only known that it may be wrong.
async fn latest_moment(candidate: &Candidate, present: &Present) -> Result<Timestamp, StoreError> {
    let mut now = SystemClock.now();
    let before = match present {
        Present::Whole(store) => Some(store),
        Present::Nothing | Present::Unreadable(..) => None,
    };
    for store in before.into_iter().chain([candidate.store()]) {
        let newest = AuditPage {
            limit: 1,
            ..AuditPage::default()
        };
        let newest = store.audit(newest).await?;
        now = newest
            .iter()
            .fold(now, |now, record| now.max(record.entry.at));
    }
    Ok(now)
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        use RestoreError as E;
        let (exit, word) = match &error {
            E::Missing(_) => (Exit::Damaged, "not-found"),
            E::Foreign(_) | E::Damaged { .. } | E::FromTheFuture { .. } => {
                (Exit::Damaged, "damaged")
            }
            E::InUse(_) => (Exit::InUse, "in-use"),
            E::Exists(_) | E::Unwritable { .. } => (Exit::InUse, "cannot-create"),
            E::Unreadable { .. } => (Exit::Damaged, "file"),
            E::WrongMasterKey { .. } => (Exit::MasterKey, "master-key"),
        };
        Self::new(exit, word, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { .. } => Self::new(Exit::Damaged, "damaged", error.to_string()),
            StoreError::Conflict | StoreError::Unavailable(_) => {
                Self::unavailable(error.to_string())
            }
        }
    }
}
