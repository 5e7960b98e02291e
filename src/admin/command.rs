//! What every command is: a permission, and a decision.

use super::{draft::Draft, refusal::Refusal};
use crate::domain::{permission::Permission, registry::Registry};

/// Something that an operator wants done.
pub trait Command: Send + Sync + 'static {
    /// What the one who asked is told when it is done.
    type Outcome: Send + 'static;

    /// What the actor must be allowed. Checked before [`Command::decide`] is called.
    const NEEDS: Permission;

    /// Decides what changes, or why nothing may.
    ///
    /// May be slow (hashing a password, generating an RSA key): it is called off the runtime.
    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Self::Outcome, Refusal>;
}
