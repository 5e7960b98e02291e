//! Rotation: the state machine of a client's secrets.
//!
//! At most two secrets are live. **Rotate** makes a new one and keeps the old one for a while;
//! **retire** stops the old one as planned and can be undone for a day; **revoke** stops a leaked
//! one at once and for good; **expire** is what time does. Nothing else ends a secret.

use super::{
    client::Client,
    id::SecretId,
    secret::{IfUsed, Life, Retiring, Secret, SecretState, UNDO},
    time::{Span, Timestamp},
};

/// How long an old secret may be kept beside a new one, in all.
pub const LONGEST_OVERLAP: Span = Span::days(30);

/// The shortest overlap but none at all.
pub const SHORTEST_OVERLAP: Span = Span::minutes(1);

/// By how much a deadline moves when it is held or extended, and how long an undo lasts.
pub const ANOTHER_DAY: Span = Span::hours(24);

/// How often a deadline is held because the old secret is still in use.
pub const MOST_HOLDS: u8 = 3;

/// How long the old secret goes on working.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overlap {
    /// Not at all: it is retired at once.
    None,
    /// For so long, a minute to 30 days.
    For(Span),
}

impl Overlap {
    /// Reads a span; zero is [`Overlap::None`].
    pub fn of(span: Span) -> Option<Self> {
        match span {
            Span(0) => Some(Self::None),
            span if (SHORTEST_OVERLAP..=LONGEST_OVERLAP).contains(&span) => Some(Self::For(span)),
            _ => None,
        }
    }
}

/// Why a step of a rotation cannot be taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RotationError {
    /// Two secrets are live already.
    #[error("a rotation is under way; retire the old secret or cancel the rotation first")]
    UnderWay,
    /// No secret is on its way out.
    #[error("no rotation is under way")]
    NoneUnderWay,
    /// The client has no secret with this id.
    #[error("the client has no secret {0}")]
    Unknown(SecretId),
    /// It is the only one that works.
    #[error("{0} is the only live secret; rotate it, or revoke it to stop the client")]
    OnlyOne(SecretId),
    /// It is the new one.
    #[error("{0} is the new secret of a rotation; cancel the rotation to withdraw it")]
    IsNew(SecretId),
    /// It stopped working before.
    #[error("{0} is {1} already")]
    Dead(SecretId, Life),
    /// No secret of the client is live.
    #[error("the client has no live secret")]
    NoneLive,
    /// Two are live, and none was named.
    #[error("two secrets are live; say which one: {0} (old) or {1} (new)")]
    Ambiguous(SecretId, SecretId),
    /// It was not retired, or longer than a day ago.
    #[error("{0} cannot be brought back; only a secret retired within the last 24 hours can")]
    NotUndoable(SecretId),
    /// The overlap would be longer than it may be.
    #[error("an old secret is kept for at most 30 days in all")]
    TooLong,
}

/// `client` with `new` as another secret, and the one it had on its way out.
///
/// Without a live secret there is nothing to keep, and `new` is the only one.
pub fn rotate(
    client: &Client,
    new: Secret,
    (overlap, if_used): (Overlap, IfUsed),
    now: Timestamp,
) -> Result<Client, RotationError> {
    let mut next = client.clone();
    if client.live_secrets(now).count() > 1 {
        return Err(RotationError::UnderWay);
    }
    if let Some(old) = next.secrets.iter_mut().find(|secret| secret.is_live(now)) {
        old.state = match overlap {
            Overlap::None => SecretState::Retired { at: now },
            Overlap::For(span) => SecretState::Retiring(Retiring {
                since: now,
                deadline: now.plus(span),
                if_used,
                held: 0,
            }),
        };
    }
    next.secrets.push(new);
    Ok(next)
}

/// Stops the old secret; or the one named, which must be the old one.
pub fn retire(
    client: &Client,
    named: Option<&SecretId>,
    now: Timestamp,
) -> Result<(Client, SecretId), RotationError> {
    let id = match named {
        Some(id) => {
            let secret = require(client, id)?;
            match secret.life(now) {
                Life::Retiring => id.clone(),
                Life::Active if client.old_secret(now).is_some() => {
                    return Err(RotationError::IsNew(id.clone()));
                }
                Life::Active => return Err(RotationError::OnlyOne(id.clone())),
                dead @ (Life::Retired | Life::Revoked | Life::Cancelled | Life::Expired) => {
                    return Err(RotationError::Dead(id.clone(), dead));
                }
            }
        }
        None => client
            .old_secret(now)
            .ok_or(RotationError::NoneUnderWay)?
            .id
            .clone(),
    };
    if client.live_secrets(now).count() < 2 {
        return Err(RotationError::OnlyOne(id));
    }
    Ok((
        with_state(client, &id, SecretState::Retired { at: now }),
        id,
    ))
}

/// Brings a retired secret back for another day; the one retired last, or the one named.
pub fn undo(
    client: &Client,
    named: Option<&SecretId>,
    now: Timestamp,
) -> Result<(Client, SecretId), RotationError> {
    if client.old_secret(now).is_some() {
        return Err(RotationError::UnderWay);
    }
    let retired_at = |secret: &Secret| match secret.state {
        SecretState::Retired { at } => Some(at),
        SecretState::Active
        | SecretState::Retiring(_)
        | SecretState::Revoked { .. }
        | SecretState::Cancelled { .. } => None,
    };
    let secret = match named {
        Some(id) => require(client, id)?,
        None => client
            .secrets
            .iter()
            .filter(|secret| retired_at(secret).is_some())
            .max_by_key(|secret| retired_at(secret))
            .ok_or(RotationError::NoneUnderWay)?,
    };
    let id = secret.id.clone();
    let in_time = retired_at(secret).is_some_and(|at| now < at.plus(UNDO));
    let expired = secret.expires.is_some_and(|expires| expires <= now);
    if !in_time || expired {
        return Err(RotationError::NotUndoable(id));
    }
    let state = if client.live_secrets(now).next().is_some() {
        SecretState::Retiring(Retiring {
            since: now,
            deadline: now.plus(ANOTHER_DAY),
            if_used: IfUsed::Hold,
            held: 0,
        })
    } else {
        SecretState::Active
    };
    Ok((with_state(client, &id, state), id))
}

/// Stops a secret for good: the only live one, or the one named.
///
/// Revoking the new secret of a rotation ends it: the old one goes on as before.
pub fn revoke(
    client: &Client,
    named: Option<&SecretId>,
    now: Timestamp,
) -> Result<(Client, SecretId), RotationError> {
    let id = match named {
        Some(id) => {
            let secret = require(client, id)?;
            if let SecretState::Revoked { .. } = secret.state {
                return Err(RotationError::Dead(id.clone(), Life::Revoked));
            }
            id.clone()
        }
        None => match (client.old_secret(now), client.new_secret(now)) {
            (Some(old), Some(new)) => {
                return Err(RotationError::Ambiguous(old.id.clone(), new.id.clone()));
            }
            (Some(only), None) | (None, Some(only)) => only.id.clone(),
            (None, None) => return Err(RotationError::NoneLive),
        },
    };
    let was_new = client.new_secret(now).is_some_and(|new| new.id == id);
    let mut next = with_state(client, &id, SecretState::Revoked { at: now });
    if was_new {
        restore_old(&mut next, now);
    }
    Ok((next, id))
}

/// Withdraws the new secret; the old one goes on as if nothing had been.
///
/// Gives the id of the one withdrawn.
pub fn cancel(client: &Client, now: Timestamp) -> Result<(Client, SecretId), RotationError> {
    client.old_secret(now).ok_or(RotationError::NoneUnderWay)?;
    let new = client
        .new_secret(now)
        .ok_or(RotationError::NoneUnderWay)?
        .id
        .clone();
    let mut next = with_state(client, &new, SecretState::Cancelled { at: now });
    restore_old(&mut next, now);
    Ok((next, new))
}

/// Moves the deadline of the rotation under way; gives the new one.
pub fn extend(
    client: &Client,
    by: Span,
    now: Timestamp,
) -> Result<(Client, Timestamp), RotationError> {
    let old = client.old_secret(now).ok_or(RotationError::NoneUnderWay)?;
    let retiring = old.retiring(now).ok_or(RotationError::NoneUnderWay)?;
    let deadline = retiring.deadline.max(now).plus(by);
    if deadline > retiring.since.plus(LONGEST_OVERLAP) {
        return Err(RotationError::TooLong);
    }
    let moved = Retiring {
        deadline,
        ..*retiring
    };
    Ok((
        with_state(client, &old.id, SecretState::Retiring(moved)),
        deadline,
    ))
}

/// What is to be done about a rotation whose deadline has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// Stop the old secret.
    Retire,
    /// Wait another day, and count it.
    Hold,
    /// Wait another day, uncounted: nothing has moved to the new secret, so stopping the old one
    /// would be an outage.
    Wait,
}

/// What the latest uses say at the deadline.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LatestUses {
    /// The old secret's.
    pub old: Option<Timestamp>,
    /// The new secret's.
    pub new: Option<Timestamp>,
}

/// What is due for `client` at `now`, if the deadline of its rotation has come.
///
/// "Still in use" means: used within the last day.
pub fn due(client: &Client, uses: LatestUses, now: Timestamp) -> Option<Due> {
    let old = client.old_secret(now)?;
    let retiring = old.retiring(now)?;
    if now < retiring.deadline {
        return None;
    }
    if uses.new.is_none_or(|used| used < retiring.since) {
        return Some(Due::Wait);
    }
    let still_used = uses.old.is_some_and(|used| now.since(used) <= ANOTHER_DAY);
    match retiring.if_used {
        IfUsed::Hold if still_used && retiring.held < MOST_HOLDS => Some(Due::Hold),
        IfUsed::Hold | IfUsed::Stop => Some(Due::Retire),
    }
}

/// Moves the deadline to another day from `now`, as [`due`] said.
pub fn hold(client: &Client, due: Due, now: Timestamp) -> Result<Client, RotationError> {
    let old = client.old_secret(now).ok_or(RotationError::NoneUnderWay)?;
    let retiring = old.retiring(now).ok_or(RotationError::NoneUnderWay)?;
    let held = match due {
        Due::Hold => retiring.held + 1,
        Due::Wait | Due::Retire => retiring.held,
    };
    let moved = Retiring {
        deadline: now.plus(ANOTHER_DAY),
        held,
        ..*retiring
    };
    Ok(with_state(client, &old.id, SecretState::Retiring(moved)))
}

/// `client` without the secrets that nobody needs to be named for any more; nothing if there are
/// none of them.
pub fn forget(client: &Client, now: Timestamp) -> Option<Client> {
    let mut next = client.clone();
    next.secrets.retain(|secret| !secret.is_forgettable(now));
    (next.secrets.len() < client.secrets.len()).then_some(next)
}

fn require<'a>(client: &'a Client, id: &SecretId) -> Result<&'a Secret, RotationError> {
    client
        .find_secret(id)
        .ok_or_else(|| RotationError::Unknown(id.clone()))
}

fn with_state(client: &Client, id: &SecretId, state: SecretState) -> Client {
    let mut next = client.clone();
    if let Some(secret) = next.secrets.iter_mut().find(|secret| secret.id == *id) {
        secret.state = state;
    }
    next
}

fn restore_old(client: &mut Client, now: Timestamp) {
    if let Some(old) = client
        .secrets
        .iter_mut()
        .find(|secret| secret.life(now) == Life::Retiring)
    {
        old.state = SecretState::Active;
    }
}

impl SecretState {
    /// For the audit log.
    pub fn in_words(&self) -> String {
        match self {
            Self::Active => "active".to_owned(),
            Self::Retiring(retiring) => {
                let then = match retiring.if_used {
                    IfUsed::Hold => "held if used",
                    IfUsed::Stop => "stopped even if used",
                };
                format!(
                    "retiring until {}, {then}, held {} times",
                    retiring.deadline, retiring.held
                )
            }
            Self::Retired { at } => format!("retired at {at}"),
            Self::Revoked { at } => format!("revoked at {at}"),
            Self::Cancelled { at } => format!("cancelled at {at}"),
        }
    }
}

#[cfg(test)]
mod tests;
