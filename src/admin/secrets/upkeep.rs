//! What the schedule of rotations has due, done by the server itself.

use super::touched;
use crate::{
    admin::{command::Command, draft::Draft, refusal::Refusal},
    domain::{
        audit::Action,
        id::{ClientId, SecretId},
        permission::Permission,
        registry::Registry,
        rotation::{self, Due, LatestUses},
        time::Timestamp,
    },
};

/// Does what is due when the deadline of a rotation has come: retires the old secret, or holds it
/// for another day. The server's own.
#[derive(Clone, Debug)]
pub struct SettleRotation {
    /// Whose.
    pub client: ClientId,
    /// The old secret whose uses `uses` tells; if another is on its way out by now, nothing is done.
    pub old: SecretId,
    /// What the latest uses say.
    pub uses: LatestUses,
}

impl Command for SettleRotation {
    /// What was done, if anything was due.
    type Outcome = Option<Due>;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Option<Due>, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let now = draft.now();
        if before.old_secret(now).is_none_or(|old| old.id != self.old) {
            return Ok(None);
        }
        let Some(due) = rotation::due(before, self.uses, now) else {
            return Ok(None);
        };
        // The new secret may have expired or been revoked: then the old one is all there is.
        let alone = before.live_secrets(now).count() < 2;
        let due = if alone { Due::Wait } else { due };
        match due {
            Due::Retire => {
                let (after, _) = rotation::retire(before, Some(&self.old), now)?;
                draft.put_client(Action::SecretRetire, after);
            }
            Due::Hold | Due::Wait => {
                let after = rotation::hold(before, due, now)?;
                draft.put_client(Action::SecretHold, after);
            }
        }
        Ok(Some(due))
    }
}

/// The rotations whose deadline has come: client, old secret, new secret.
pub fn due_rotations(
    registry: &Registry,
    now: Timestamp,
) -> impl Iterator<Item = (ClientId, SecretId, Option<SecretId>)> {
    registry.clients().filter_map(move |client| {
        let old = client.old_secret(now)?;
        let due = old.retiring(now)?.deadline <= now;
        let new = client.new_secret(now).map(|new| new.id.clone());
        due.then(|| (client.id.clone(), old.id.clone(), new))
    })
}

/// Forgets the secrets of one client that have been dead for long. The server's own.
#[derive(Clone, Debug)]
pub struct ForgetSecrets {
    /// Whose.
    pub client: ClientId,
}

impl Command for ForgetSecrets {
    /// How many were forgotten.
    type Outcome = usize;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<usize, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let Some(after) = rotation::forget(before, draft.now()) else {
            return Ok(0);
        };
        let forgotten = before.secrets.len() - after.secrets.len();
        draft.put_client(Action::SecretForget, after);
        Ok(forgotten)
    }
}

/// The clients that have secrets to forget.
pub fn forgetful_clients(registry: &Registry, now: Timestamp) -> impl Iterator<Item = &ClientId> {
    registry
        .clients()
        .filter(move |client| client.secrets.iter().any(|one| one.is_forgettable(now)))
        .map(|client| &client.id)
}

#[cfg(test)]
mod tests;
