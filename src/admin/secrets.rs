//! Secrets: rotated, retired, brought back, revoked; and what their schedule has due.
//!
//! The rules are those of [`crate::domain::rotation`]. Only an Owner may touch the secrets of a
//! client that can manage this server.

mod replaced;
mod shown;
mod upkeep;

use zeroize::Zeroizing;

pub(super) use self::replaced::signs;
pub use self::{
    shown::ShowSecret,
    upkeep::{ForgetSecrets, SettleRotation, due_rotations, forgetful_clients},
};

use super::{
    command::Command,
    credentials::check_together,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::domain::{
    audit::Action,
    client::Client,
    id::{ClientId, SecretId},
    name::Note,
    permission::Permission,
    registry::Registry,
    rotation::{self, ANOTHER_DAY, Overlap},
    secret::{IfUsed, PlainSecret, Proof, Retiring, Secret, SecretState},
    time::{Span, Timestamp},
};

/// How long a secret may be set to live, at least.
pub const SHORTEST_LIFE: Span = Span::minutes(1);

/// How long a secret may be set to live, at most: ten years.
pub const LONGEST_LIFE: Span = Span::days(3650);

/// What a new secret is to be.
///
/// No `Debug`: it may hold a secret in the clear.
#[derive(Default)]
pub struct NewSecret {
    /// The secret itself, if somebody chose it or brought it along.
    pub value: Option<Zeroizing<String>>,
    /// How long it works, if not until it is replaced.
    pub expires_in: Option<Span>,
    /// Where it is kept.
    pub note: Note,
    /// Whether the client signs with it and never sends it (`client_secret_jwt`): then it is kept in such
    /// a way that it can be used. As with the secret that it replaces, if nothing is said; a first one is
    /// sent.
    pub signs: Option<bool>,
}

/// Makes a secret; the record to keep, and the text to show once.
pub(super) fn make(
    new: NewSecret,
    registry: &Registry,
    draft: &Draft,
) -> Result<(Secret, PlainSecret), Refusal> {
    let now = draft.now();
    let life = check_life(new.expires_in, registry)?;
    let expires = life.map(|span| now.plus(span));
    let signs = new.signs.unwrap_or_default();
    let (plain, proof) = match new.value {
        None => {
            let plain = unused_secret(registry, draft);
            let proof = if signs {
                Proof::of_shared(&plain)
            } else {
                Proof::of_generated(&plain, registry.pepper())
            };
            (plain, proof)
        }
        Some(value) => {
            let plain = PlainSecret::chosen(value, draft.entropy())
                .map_err(|error| FieldErrors::one("value", &error))?;
            let proof = if signs {
                Proof::of_shared(&plain)
            } else {
                Proof::of_chosen(&plain, draft.entropy())
            };
            (plain, proof)
        }
    };
    let secret = Secret {
        id: plain.id().clone(),
        proof,
        created: now,
        created_by: draft.actor().to_string().into(),
        expires,
        note: new.note,
        leaked: None,
        state: SecretState::Active,
    };
    Ok((secret, plain))
}

/// How long a new secret works for which this was asked.
pub(super) fn check_life(
    asked: Option<Span>,
    registry: &Registry,
) -> Result<Option<Span>, FieldErrors> {
    let life = registry.policy().life_of_secret(asked);
    life.map_err(|message| FieldErrors::one("expires_in", &message))
}

/// Public ids have forty bits: with many clients, two might meet by chance.
fn unused_secret(registry: &Registry, draft: &Draft) -> PlainSecret {
    loop {
        let plain = PlainSecret::generate(draft.entropy());
        if registry.find_client_by_secret(plain.id()).is_none() {
            return plain;
        }
    }
}

/// Makes a new secret and keeps the old one for a while.
pub struct RotateSecret {
    /// Whose.
    pub client: ClientId,
    /// What the new one is to be.
    pub new: NewSecret,
    /// How long the old one goes on working.
    pub overlap: Overlap,
    /// What happens then if it is still in use.
    pub if_used: IfUsed,
}

/// A rotation that has just begun, and the one chance to read the new secret.
pub struct Rotated {
    /// The new secret.
    pub secret: PlainSecret,
    /// The old one and its deadline, if it goes on working.
    pub retiring: Option<(SecretId, Retiring)>,
}

impl Command for RotateSecret {
    type Outcome = Rotated;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Rotated, Refusal> {
        touched(registry, draft, &self.client)?;
        rotate(self, registry, draft)
    }
}

/// Carries a rotation out, whoever asks: they have been asked what they may.
pub(super) fn rotate(
    mut command: RotateSecret,
    registry: &Registry,
    draft: &mut Draft,
) -> Result<Rotated, Refusal> {
    let before = require::client(registry, &command.client)?;
    if before.live_secrets(draft.now()).count() > 1 {
        return Err(rotation::RotationError::UnderWay.into());
    }
    let signs = signs(command.new.signs, before, draft.now())?;
    command.new.signs = Some(signs);
    let (secret, plain) = make(command.new, registry, draft)?;
    let retiring = rotate_to(before, secret, (command.overlap, command.if_used), draft)?;
    Ok(Rotated {
        secret: plain,
        retiring,
    })
}

/// Puts `new` in the place of what `before` has.
pub(super) fn rotate_to(
    before: &Client,
    new: Secret,
    terms: (Overlap, IfUsed),
    draft: &mut Draft,
) -> Result<Option<(SecretId, Retiring)>, Refusal> {
    let now = draft.now();
    let action = match before.live_secrets(now).next() {
        Some(_) => Action::SecretRotate,
        None => Action::SecretCreate,
    };
    let after = rotation::rotate(before, new, terms, now)?;
    check_together(&after.methods(now))?;
    let retiring = after.old_secret(now).and_then(|old| {
        let retiring = old.retiring(now)?;
        Some((old.id.clone(), *retiring))
    });
    draft.put_client(action, after);
    Ok(retiring)
}

/// The client, if the actor may touch its credentials.
pub(super) fn touched<'a>(
    registry: &'a Registry,
    draft: &Draft,
    id: &ClientId,
) -> Result<&'a Client, Refusal> {
    let client = require::client(registry, id)?;
    draft.require_touch(client)?;
    Ok(client)
}

/// Stops the old secret of a rotation as planned.
#[derive(Clone, Debug)]
pub struct RetireSecret {
    /// Whose.
    pub client: ClientId,
    /// Which, to be sure; it can only be the old one.
    pub secret: Option<SecretId>,
}

impl Command for RetireSecret {
    /// The one that was stopped.
    type Outcome = SecretId;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<SecretId, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let (after, id) = rotation::retire(before, self.secret.as_ref(), draft.now())?;
        draft.put_client(Action::SecretRetire, after);
        Ok(id)
    }
}

/// Brings a retired secret back for another day.
#[derive(Clone, Debug)]
pub struct UndoRetire {
    /// Whose.
    pub client: ClientId,
    /// Which; the one retired last if none is named.
    pub secret: Option<SecretId>,
}

impl Command for UndoRetire {
    /// The one that is back.
    type Outcome = SecretId;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<SecretId, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let (after, id) = rotation::undo(before, self.secret.as_ref(), draft.now())?;
        draft.put_client(Action::SecretUndo, after);
        Ok(id)
    }
}

/// Stops a secret at once and for good.
#[derive(Clone, Debug)]
pub struct RevokeSecret {
    /// Whose.
    pub client: ClientId,
    /// Which; the only live one if none is named.
    pub secret: Option<SecretId>,
}

impl Command for RevokeSecret {
    /// The one that was stopped.
    type Outcome = SecretId;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<SecretId, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let (after, id) = rotation::revoke(before, self.secret.as_ref(), draft.now())?;
        draft.put_client(Action::SecretRevoke, after);
        Ok(id)
    }
}

/// Withdraws the new secret of a rotation; the old one goes on as before.
#[derive(Clone, Debug)]
pub struct CancelRotation {
    /// Whose.
    pub client: ClientId,
}

impl Command for CancelRotation {
    /// The one that was withdrawn.
    type Outcome = SecretId;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<SecretId, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let (after, id) = rotation::cancel(before, draft.now())?;
        draft.put_client(Action::SecretCancel, after);
        Ok(id)
    }
}

/// Moves the deadline of a rotation.
#[derive(Clone, Debug)]
pub struct ExtendRotation {
    /// Whose.
    pub client: ClientId,
    /// By how much.
    pub by: Span,
}

impl ExtendRotation {
    /// By another day.
    pub fn by_a_day(client: ClientId) -> Self {
        Self {
            client,
            by: ANOTHER_DAY,
        }
    }
}

impl Command for ExtendRotation {
    /// The new deadline.
    type Outcome = Timestamp;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Timestamp, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let (after, deadline) = rotation::extend(before, self.by, draft.now())?;
        draft.put_client(Action::SecretExtend, after);
        Ok(deadline)
    }
}

/// Writes down where a secret is kept.
#[derive(Clone, Debug)]
pub struct EditNote {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub secret: SecretId,
    /// What to write.
    pub note: Note,
}

impl Command for EditNote {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let mut after = before.clone();
        let secret = after
            .secrets
            .iter_mut()
            .find(|secret| secret.id == self.secret)
            .ok_or_else(|| rotation::RotationError::Unknown(self.secret.clone()))?;
        secret.note = self.note;
        if after != *before {
            draft.put_client(Action::SecretEdit, after);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
