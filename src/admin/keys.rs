//! Signing keys: generated, brought forward, retired, revoked; and what their schedule has due.
//!
//! A key begins and stops to sign by itself, by what was planned at its generation. Verifiers keep
//! the JWK set for minutes, so a key is published before it signs, except in an emergency.

use std::collections::BTreeSet;

use super::{
    command::Command,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::{
    crypto::signer::{Algorithm, Signer},
    domain::{
        api::Signing,
        audit::Action,
        id::KeyId,
        key::{Age, Material, PUBLISHED_AHEAD, SHORTEST_NOTICE, SIGNS_FOR, SigningKey},
        permission::Permission,
        registry::Registry,
        time::{Span, Timestamp},
    },
};

/// When a key is to begin to sign.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum When {
    /// A week after it was published, as the schedule does it.
    #[default]
    Scheduled,
    /// As soon as every verifier can have seen it: ten minutes after it was published.
    Soon,
    /// At once: verifiers that have not fetched it yet refuse its tokens until they do.
    Now,
}

/// Generates a signing key and publishes it.
#[derive(Clone, Copy, Debug)]
pub struct GenerateKey {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// When it begins to.
    pub when: When,
}

impl Command for GenerateKey {
    type Outcome = KeyId;

    const NEEDS: Permission = Permission::WriteKeys;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<KeyId, Refusal> {
        if self.algorithm.is_symmetric() {
            let message = "HS256 keys are shared with one API each; rekey that API instead";
            return Err(FieldErrors::one("algorithm", message).into());
        }
        let now = draft.now();
        if self.when != When::Now
            && let Some(pending) = pending_key(self.algorithm, registry, now)
        {
            return Err(Refusal::Conflict(format!(
                "the key {} is published already and begins to sign at {}; activate or retire it \
                 first",
                pending.id, pending.active_from
            )));
        }
        let active_from = match self.when {
            When::Scheduled => now.plus(PUBLISHED_AHEAD),
            When::Soon => now.plus(SHORTEST_NOTICE),
            When::Now => at_once(self.algorithm, registry, now),
        };
        Ok(generate(self.algorithm, active_from, draft))
    }
}

/// The key of `algorithm` that is published and not yet signing; the first, if there are several.
fn pending_key(algorithm: Algorithm, registry: &Registry, now: Timestamp) -> Option<&SigningKey> {
    registry
        .published_keys(now)
        .filter(|(key, age)| key.algorithm == algorithm && matches!(age, Age::Pending { .. }))
        .map(|(key, _)| &**key)
        .min_by_key(|key| key.active_from)
}

/// The first moment at which a new key takes over from the one that signs: keys that begin in the
/// same second would be told apart by their ids only.
fn at_once(algorithm: Algorithm, registry: &Registry, now: Timestamp) -> Timestamp {
    registry
        .active_key(algorithm, now)
        .map_or(now, |active| now.max(active.active_from.plus(Span(1))))
}

fn generate(algorithm: Algorithm, active_from: Timestamp, draft: &mut Draft) -> KeyId {
    let material = Signer::generate(algorithm, draft.entropy());
    let key = SigningKey::new(material, draft.now(), active_from);
    let id = key.id.clone();
    draft.put_key(Action::KeyGenerate, key);
    id
}

/// Generates a key for `algorithm` that signs at once, if none does and one is needed.
pub(super) fn ensure_signer(algorithm: Algorithm, registry: &Registry, draft: &mut Draft) {
    if !algorithm.is_symmetric() && registry.active_key(algorithm, draft.now()).is_none() {
        generate(algorithm, draft.now(), draft);
    }
}

/// Brings the first signature of a published key forward.
#[derive(Clone, Debug)]
pub struct ActivateKey {
    /// Which.
    pub key: KeyId,
    /// To when: soon or now.
    pub when: When,
}

impl Command for ActivateKey {
    /// When it begins to sign.
    type Outcome = Timestamp;

    const NEEDS: Permission = Permission::WriteKeys;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Timestamp, Refusal> {
        let before = require::key(registry, &self.key)?;
        let now = draft.now();
        let Age::Pending { active_from } = registry.age(before, now) else {
            let age = registry.age(before, now).as_str();
            return Err(Refusal::Conflict(format!(
                "the key {} is {age}; only a pending one can be brought forward",
                self.key
            )));
        };
        let wanted = match self.when {
            When::Scheduled => active_from,
            When::Soon => now.max(before.published.plus(SHORTEST_NOTICE)),
            When::Now => at_once(before.algorithm, registry, now),
        };
        let active_from = wanted.min(active_from);
        if active_from != before.active_from {
            let mut after = SigningKey::clone(before);
            after.active_from = active_from;
            draft.put_key(Action::KeyActivate, after);
        }
        Ok(active_from)
    }
}

/// Withdraws a key that has not signed yet, or destroys the private half of one that nobody needs
/// any more.
#[derive(Clone, Debug)]
pub struct RetireKey {
    /// Which.
    pub key: KeyId,
}

impl Command for RetireKey {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteKeys;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::key(registry, &self.key)?;
        let now = draft.now();
        let material = match registry.age(before, now) {
            Age::Pending { .. } => Material::Revoked { at: now },
            Age::Retired { .. } => Material::Destroyed { at: now },
            Age::Active { .. } => {
                return Err(Refusal::Conflict(format!(
                    "the key {} signs now; generate its successor, or revoke it in an emergency",
                    self.key
                )));
            }
            Age::Retiring { until } => {
                return Err(Refusal::Conflict(format!(
                    "tokens signed with {} may be in use until {until}; revoke it in an emergency",
                    self.key
                )));
            }
            Age::Revoked { .. } => return Err(gone(before)),
        };
        if before.signer().is_none() {
            return Err(gone(before));
        }
        put_material(before, material, Action::KeyRetire, draft);
        Ok(())
    }
}

fn gone(key: &SigningKey) -> Refusal {
    Refusal::Conflict(format!("the key {} is gone already", key.id))
}

fn put_material(before: &SigningKey, material: Material, action: Action, draft: &mut Draft) {
    let mut after = before.clone();
    after.material = material;
    draft.put_key(action, after);
}

/// Takes a key out at once and for good; every token it signed is void. If it was signing, another
/// signs from this moment on: the published successor if there is one, else a new key.
#[derive(Clone, Debug)]
pub struct RevokeKey {
    /// Which.
    pub key: KeyId,
}

impl Command for RevokeKey {
    /// The key that signs instead, if this one was signing.
    type Outcome = Option<KeyId>;

    const NEEDS: Permission = Permission::WriteKeys;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Option<KeyId>, Refusal> {
        let before = require::key(registry, &self.key)?;
        if before.signer().is_none() {
            return Err(gone(before));
        }
        let now = draft.now();
        let age = registry.age(before, now);
        put_material(
            before,
            Material::Revoked { at: now },
            Action::KeyRevoke,
            draft,
        );
        if !matches!(age, Age::Active { .. }) {
            return Ok(None);
        }
        let Some(successor) = pending_key(before.algorithm, registry, now) else {
            return Ok(Some(generate(before.algorithm, now, draft)));
        };
        let mut after = successor.clone();
        after.active_from = now;
        let id = after.id.clone();
        draft.put_key(Action::KeyActivate, after);
        Ok(Some(id))
    }
}

/// Something that the schedule of signing keys wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyDue {
    /// A key of this algorithm, to sign from then on.
    Generate(Algorithm, Timestamp),
    /// The private half of this key is of no use any more.
    Destroy(KeyId),
}

/// What the schedule wants at `now`: a successor, published [`PUBLISHED_AHEAD`] of the day on which
/// a key in use has signed for [`SIGNS_FOR`]; and an end to retired keys.
pub fn due_keys(registry: &Registry, now: Timestamp) -> Vec<KeyDue> {
    let mut due: Vec<KeyDue> = used_algorithms(registry)
        .into_iter()
        .filter_map(|algorithm| {
            Some(KeyDue::Generate(
                algorithm,
                successor_due(algorithm, registry, now)?,
            ))
        })
        .collect();
    let retired = registry.keys().filter(|key| {
        key.signer().is_some() && matches!(registry.age(key, now), Age::Retired { .. })
    });
    due.extend(retired.map(|key| KeyDue::Destroy(key.id.clone())));
    due
}

fn used_algorithms(registry: &Registry) -> BTreeSet<Algorithm> {
    registry
        .apis()
        .filter_map(|api| match api.signing {
            Signing::Published(algorithm) => Some(algorithm),
            Signing::Shared { .. } => None,
        })
        .collect()
}

/// From when on a successor must sign that is to be published now.
fn successor_due(algorithm: Algorithm, registry: &Registry, now: Timestamp) -> Option<Timestamp> {
    let Some(active) = registry.active_key(algorithm, now) else {
        return Some(now);
    };
    if registry.stops_signing(active).is_some() {
        return None;
    }
    let ends = active.active_from.plus(SIGNS_FOR);
    (now >= ends.minus(PUBLISHED_AHEAD)).then(|| ends.max(now.plus(PUBLISHED_AHEAD)))
}

/// Does what [`due_keys`] says. The server's own.
#[derive(Clone, Copy, Debug)]
pub struct KeepKeySchedule;

impl Command for KeepKeySchedule {
    /// What was done.
    type Outcome = Vec<KeyDue>;

    const NEEDS: Permission = Permission::WriteKeys;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Vec<KeyDue>, Refusal> {
        let due = due_keys(registry, draft.now());
        for one in &due {
            match one {
                KeyDue::Generate(algorithm, active_from) => {
                    generate(*algorithm, *active_from, draft);
                }
                KeyDue::Destroy(id) => {
                    let key = require::key(registry, id)?;
                    let material = Material::Destroyed { at: draft.now() };
                    put_material(key, material, Action::KeyRetire, draft);
                }
            }
        }
        Ok(due)
    }
}

#[cfg(test)]
mod tests;
