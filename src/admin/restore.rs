//! What the audit log tells of a backup that was restored, and what must not come back with it.

use std::sync::Arc;

use super::{command::Command, draft::Draft, refusal::Refusal};
use crate::domain::{
    audit::{Action, Object, facts},
    handover::{Handover, HandoverState},
    id::Revision,
    operator::Operator,
    permission::Permission,
    registry::Registry,
};

/// Tells the audit log that a backup was restored, and voids every one-time link that it holds: whether one
/// was followed since the backup was made, nobody knows any more.
#[derive(Clone, Copy, Debug)]
pub struct NoteRestore {
    /// The epoch that it begins.
    pub epoch: u64,
    /// The revision that the backup holds.
    pub revision: Revision,
    /// How many audit records it holds.
    pub records: u64,
    /// How many later records are known to be given up with it.
    pub given_up: u64,
}

impl Command for NoteRestore {
    /// How many links were voided.
    type Outcome = usize;

    const NEEDS: Permission = Permission::Own;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<usize, Refusal> {
        let told = facts([
            ("epoch", self.epoch.to_string()),
            ("backup.revision", self.revision.to_string()),
            ("backup.records", self.records.to_string()),
            ("records_given_up", self.given_up.to_string()),
        ]);
        // It comes first: it is the first record of its epoch.
        draft.tell(Action::ServerRestore, Object::Server, told);
        let now = draft.now();
        let open = |it: &&Arc<Handover>| it.is_open(now);
        let offered: Vec<_> = registry.handovers().filter(open).cloned().collect();
        let linked = |it: &&Arc<Operator>| it.link.is_some();
        let invited: Vec<_> = registry.operators().filter(linked).cloned().collect();
        let links = offered.len() + invited.len();
        for handover in offered {
            let withdrawn = Handover {
                state: HandoverState::Withdrawn { at: now },
                ..Handover::clone(&handover)
            };
            draft.put_handover(Action::HandoverWithdraw, withdrawn);
        }
        for operator in invited {
            let withdrawn = Operator {
                link: None,
                ..Operator::clone(&operator)
            };
            draft.put_operator(Action::OperatorWithdraw, withdrawn);
        }
        Ok(links)
    }
}
