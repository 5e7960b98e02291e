//! That a secret was looked at while it could be.

use super::{Command, Draft, Refusal, touched};
use crate::domain::{
    audit::{Action, Object, facts},
    id::{ClientId, SecretId},
    permission::Permission,
    registry::Registry,
    rotation::RotationError,
};

/// Tells the audit log that a secret which was just made is looked at.
#[derive(Clone, Debug)]
pub struct ShowSecret {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub secret: SecretId,
}

impl Command for ShowSecret {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let client = touched(registry, draft, &self.client)?;
        if client.find_secret(&self.secret).is_none() {
            return Err(RotationError::Unknown(self.secret).into());
        }
        draft.tell(
            Action::SecretShow,
            Object::Client(self.client),
            facts([("secret", self.secret.to_string())]),
        );
        Ok(())
    }
}
