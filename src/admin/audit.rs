//! The audit log, as it knows of its own copies.

use super::{command::Command, draft::Draft, refusal::Refusal};
use crate::domain::{audit::Action, permission::Permission, registry::Registry};

/// Tells the audit log that a copy of it was taken.
#[derive(Clone, Copy, Debug)]
pub struct NoteExport;

impl Command for NoteExport {
    type Outcome = ();

    const NEEDS: Permission = Permission::ReadAudit;

    fn decide(self, _: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        draft.note(Action::AuditExport);
        Ok(())
    }
}
