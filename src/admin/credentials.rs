//! What clients prove themselves with besides secrets: registered, and rotated to like any secret.
//!
//! A client moves from a secret to a key, or from one key to the next, as it moves from one secret to the
//! next: with overlap, last use and verdict.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    clients::RegisterClient,
    command::Command,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    secrets::{rotate_to, touched},
};
use crate::domain::{
    audit::Action,
    client::Client,
    credential::Method,
    id::{ClientId, SecretId},
    name::Note,
    permission::Permission,
    registry::Registry,
    rotation::Overlap,
    secret::{IfUsed, Proof, Retiring, Secret, SecretState},
    time::{Span, Timestamp},
};

/// What a client is to prove itself with in place of a secret. All of it is public.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// How it is recognised.
    pub proof: Proof,
    /// How long it works, if not until it is replaced.
    pub expires_in: Option<Span>,
    /// Where its private half is kept.
    pub note: Note,
}

impl NewCredential {
    /// The record of it, under a public id that no other has.
    ///
    /// # Errors
    /// It is a certificate that has expired.
    pub(super) fn make(self, registry: &Registry, draft: &Draft) -> Result<Secret, FieldErrors> {
        let expires = self.expires(draft.now())?;
        let id = loop {
            let id = SecretId::generate(draft.entropy());
            if registry.find_client_by_secret(&id).is_none() {
                break id;
            }
        };
        let now = draft.now();
        Ok(Secret {
            id,
            proof: self.proof,
            created: now,
            created_by: draft.actor().to_string().into(),
            expires,
            note: self.note,
            leaked: None,
            state: SecretState::Active,
        })
    }

    /// When it stops by itself: a certificate does so no later than it expires.
    ///
    /// # Errors
    /// It is a certificate that has expired.
    pub fn expires(&self, now: Timestamp) -> Result<Option<Timestamp>, FieldErrors> {
        let asked = self.expires_in.map(|span| now.plus(span));
        let Proof::Certificate(certificate) = &self.proof else {
            return Ok(asked);
        };
        let until = certificate.not_after;
        if until <= now {
            let message = format!("the certificate expired at {until}");
            return Err(FieldErrors::one("credential.certificate", &message));
        }
        Ok(Some(asked.map_or(until, |asked| asked.min(until))))
    }
}

/// Makes a client that proves itself with something else than a secret.
pub struct RegisterWithCredential {
    /// The client; whatever is said of a secret is not looked at.
    pub client: RegisterClient,
    /// What it proves itself with.
    pub credential: NewCredential,
}

impl Command for RegisterWithCredential {
    type Outcome = Arc<Client>;

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Arc<Client>, Refusal> {
        let mut client = self.client.make(registry, draft)?;
        client.secrets.push(self.credential.make(registry, draft)?);
        draft.put_client(Action::ClientCreate, client.clone());
        Ok(Arc::new(client))
    }
}

/// Gives a client something else than a secret to prove itself with, and keeps the old for a while.
pub struct RotateToCredential {
    /// Whose.
    pub client: ClientId,
    /// What the new one is.
    pub credential: NewCredential,
    /// How long the old one goes on working.
    pub overlap: Overlap,
    /// What happens then if it is still in use.
    pub if_used: IfUsed,
}

/// A rotation that has just begun, with nothing secret about it.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The new credential.
    pub credential: SecretId,
    /// The old one and its deadline, if it goes on working.
    pub retiring: Option<(SecretId, Retiring)>,
}

impl Command for RotateToCredential {
    type Outcome = Moved;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Moved, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let new = self.credential.make(registry, draft)?;
        let credential = new.id.clone();
        let retiring = rotate_to(before, new, (self.overlap, self.if_used), draft)?;
        Ok(Moved {
            credential,
            retiring,
        })
    }
}

/// One key must never do for both: who can read a shared secret could sign for the client that has a key of
/// its own (CJ-19).
pub(super) fn check_together(methods: &BTreeSet<Method>) -> Result<(), Refusal> {
    let both = [Method::ClientSecretJwt, Method::PrivateKeyJwt];
    if both.iter().all(|method| methods.contains(method)) {
        return Err(Refusal::Conflict(
            "client_secret_jwt and private_key_jwt never work side by side; rotate with an overlap of 0"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
