//! Backups, as the audit log knows them.

use super::{command::Command, draft::Draft, refusal::Refusal};
use crate::domain::{audit::Action, permission::Permission, registry::Registry};

/// Tells the audit log that a backup was made.
#[derive(Clone, Copy, Debug)]
pub struct NoteBackup;

impl Command for NoteBackup {
    type Outcome = ();

    const NEEDS: Permission = Permission::Backup;

    fn decide(self, _: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        draft.note(Action::ServerBackup);
        Ok(())
    }
}
