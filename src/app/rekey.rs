//! Another master key, while the server serves.

use std::path::{Path, PathBuf};

use super::{AdminError, App};
use crate::{
    admin::{refusal::Refusal, rekey::Rekey},
    config::MasterKeySource,
    domain::{actor::Actor, change::MasterKeyChange, permission::Permission},
    store::master_key::{
        MasterKeyFault,
        change::{Other, abandon, begin, find_other, finish, previous},
    },
};

/// Which master key gave way to which.
#[derive(Clone, Debug)]
pub struct Rekeyed {
    /// The id of the new one.
    pub master_key: String,
    /// Where it is.
    pub file: PathBuf,
    /// The id of the old one.
    pub previous: String,
    /// Where that is kept, for the backups that were made before.
    pub previous_file: PathBuf,
}

impl App {
    /// The file of the master key, if it is in one that this server may replace.
    pub fn master_key_file(&self) -> Option<&Path> {
        self.0.settings.master_key_file.as_deref()
    }

    /// Makes a new master key, has the keys of the data file wrapped by it, and puts it in the place of the old one.
    /// The work goes on even if the caller hangs up.
    ///
    /// # Errors
    /// [`AdminError::Refusal`] if the actor may not, or the master key is in no file of its own;
    /// [`AdminError::Unavailable`] if a file could not be written: then the next start goes on from there.
    pub async fn rekey(&self, actor: Actor) -> Result<Rekeyed, AdminError> {
        if !actor.may(Permission::Own) {
            return Err(Refusal::Forbidden(Permission::Own).into());
        }
        let Some(path) = self.0.settings.master_key_file.clone() else {
            return Err(Refusal::Conflict(ELSEWHERE.to_owned()).into());
        };
        let app = self.clone();
        let work = async move { app.change_master_key(actor, path).await };
        let done = self.0.tasks.complete(work).await;
        done.unwrap_or_else(|| {
            Err(AdminError::Unavailable(
                "the work ended unexpectedly".to_owned(),
            ))
        })
    }

    async fn change_master_key(&self, actor: Actor, path: PathBuf) -> Result<Rekeyed, AdminError> {
        let _turn = self.0.rekeying.lock().await;
        let wanted = self.0.store.report().await?.master_key_id;
        let (file, entropy) = (path.clone(), self.0.entropy.clone());
        let change = with_files(move || {
            go_on(&file, &wanted)?;
            begin(&file, &entropy)
        });
        let change = change.await?;
        let file = path.clone();
        match self.execute(actor, Rekey(change.clone())).await {
            Ok(()) => with_files(move || finish(&file))
                .await
                .map_err(|error| unfinished(&error))?,
            // Whether it was kept is unknown: the new key stays until that is.
            Err(error @ AdminError::Unavailable(_)) => return Err(error),
            Err(error) => {
                abandon(&path);
                return Err(error);
            }
        }
        Ok(rekeyed(&change, path))
    }
}

/// Why a key that comes from elsewhere is not changed here.
const ELSEWHERE: &str = "the master key is in no file that this server could replace: start it with a new one, and \
    with the present one as the previous master key";

/// What is said when the data want the new key, and its file could not be moved.
fn unfinished(error: &AdminError) -> AdminError {
    AdminError::Unavailable(format!(
        "the data want the new master key already, and its file could not take the place of the old one; the next start \
         tries again: {error}"
    ))
}

fn rekeyed(change: &MasterKeyChange, file: PathBuf) -> Rekeyed {
    Rekeyed {
        master_key: change.new.id().to_owned(),
        previous: change.old.id().to_owned(),
        previous_file: previous(&file),
        file,
    }
}

/// Finishes a change that this process began, and of which it did not know whether it was kept.
fn go_on(path: &Path, wanted: &str) -> Result<(), MasterKeyFault> {
    let source = MasterKeySource::File(path.to_owned());
    match find_other(&source, None, wanted)? {
        Some(Other::Next(_)) => finish(path),
        Some(_) | None => Ok(()),
    }
}

async fn with_files<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MasterKeyFault> + Send + 'static,
) -> Result<T, AdminError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| AdminError::Unavailable(error.to_string()))?;
    done.map_err(|fault| AdminError::Unavailable(fault.to_string()))
}
