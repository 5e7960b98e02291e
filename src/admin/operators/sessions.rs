//! Ending the sessions of an operator, wherever they are signed in.

use super::below;
use crate::{
    admin::{command::Command, draft::Draft, refusal::Refusal},
    domain::{audit::Action, id::OperatorId, permission::Permission, registry::Registry},
};

/// Ends all sessions of an operator; they may sign in again at once.
#[derive(Clone, Debug)]
pub struct EndSessions {
    /// Whose.
    pub operator: OperatorId,
}

impl Command for EndSessions {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let mut after = below(registry, draft, &self.operator)?.clone();
        after.epoch += 1;
        draft.put_operator(Action::OperatorEndSessions, after);
        Ok(())
    }
}
