//! The clock, as the audit log tells of it.

use super::{command::Command, draft::Draft, refusal::Refusal};
use crate::domain::{
    audit::{Action, Object, facts},
    permission::Permission,
    registry::Registry,
};

/// Tells the audit log that the machine's clock jumped. The server's own.
#[derive(Clone, Copy, Debug)]
pub struct NoteClockJump {
    /// By how many seconds; fewer than none is back.
    pub seconds: i64,
}

impl Command for NoteClockJump {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, _: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let told = facts([("seconds", format!("{:+}", self.seconds))]);
        draft.tell(Action::ClockJump, Object::Server, told);
        Ok(())
    }
}
