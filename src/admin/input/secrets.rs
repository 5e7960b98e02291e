//! What is written to make, rotate and stop secrets.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{CHECKED, CredentialInput, SpanInput, parse_or_default};
use crate::{
    admin::{
        credentials::RotateToCredential,
        handovers::OfferHandover,
        refusal::FieldErrors,
        secrets::{
            EditNote, ExtendRotation, LONGEST_LIFE, NewSecret, RetireSecret, RevokeSecret,
            RotateSecret, SHORTEST_LIFE, UndoRetire,
        },
    },
    domain::{
        id::{ClientId, SecretId},
        policy::Policy,
        rotation::{ANOTHER_DAY, Overlap},
        secret::{IfUsed, PlainSecret},
        time::Span,
    },
};

/// A first secret. No `Debug`: it may hold one in the clear.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretInput {
    /// The secret itself, at least 32 characters, if it is not to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How long it works; for good, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<SpanInput>,
    /// Where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the client signs with it and never sends it (`client_secret_jwt`): then it is kept, sealed,
    /// in such a way that it can be used. It sends it, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<bool>,
}

impl SecretInput {
    /// Reads it; `prefix` stands before the names of its fields.
    pub(super) fn parse(self, prefix: &str, errors: &mut FieldErrors) -> NewSecret {
        let field = |name: &str| format!("{prefix}{name}");
        let value = self.value.map(Zeroizing::new);
        if let Some(value) = &value {
            errors.check(&field("value"), PlainSecret::check(value));
        }
        let expires_in = self
            .expires_in
            .and_then(|span| errors.check(&field("expires_in"), life(&span)));
        NewSecret {
            value,
            expires_in,
            note: parse_or_default(self.note.as_deref(), &field("note"), errors),
            signs: self.signs,
        }
    }
}

fn life(input: &SpanInput) -> Result<Span, String> {
    let span = input.span()?;
    if (SHORTEST_LIFE..=LONGEST_LIFE).contains(&span) {
        Ok(span)
    } else {
        Err("a secret lives for a minute to ten years".to_owned())
    }
}

/// A rotation. No `Debug`: it may hold a secret in the clear.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateInput {
    /// How long the old secret goes on working: 0, or a minute to 30 days; what the settings say if
    /// left out, 24 hours at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<SpanInput>,
    /// What happens then if it is still in use: `hold` (the default) or `stop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_used: Option<String>,
    /// How long the new secret works; for good, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<SpanInput>,
    /// Where the new secret is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The new secret itself, if it is not to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the client signs with the new secret and never sends it (`client_secret_jwt`). As with the
    /// secret that it replaces, if left out; to be said if what it replaces is no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<bool>,
    /// What comes in the place of a secret, if it is no secret; then `value`, `note`, `signs` and
    /// `expires_in` are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialInput>,
}

/// A rotation: to another secret, or to something else.
pub enum Rotation {
    /// To another secret.
    Secret(RotateSecret),
    /// To something else.
    Credential(RotateToCredential),
}

impl RotateInput {
    /// The command, whatever it leads to, or all that is wrong with it.
    pub fn read(mut self, client: ClientId, policy: &Policy) -> Result<Rotation, FieldErrors> {
        let Some(credential) = self.credential.take() else {
            return self.parse(client, policy).map(Rotation::Secret);
        };
        let mut errors = FieldErrors::default();
        let is_secret = self.value.is_some() || self.signs.is_some();
        if is_secret || self.expires_in.is_some() || self.note.is_some() {
            errors.add(
                "credential",
                "describe a secret or another credential, not both",
            );
        }
        let credential = credential.parse("credential.", &mut errors);
        let terms = RotateInput {
            overlap: self.overlap,
            if_used: self.if_used,
            ..Self::default()
        };
        let terms = terms.parse(client, policy);
        errors.finish()?;
        let RotateSecret {
            client,
            overlap,
            if_used,
            ..
        } = terms?;
        Ok(Rotation::Credential(RotateToCredential {
            client,
            credential: credential.expect(CHECKED),
            overlap,
            if_used,
        }))
    }

    /// The command that leads to another secret, or all that is wrong with it.
    pub fn parse(self, client: ClientId, policy: &Policy) -> Result<RotateSecret, FieldErrors> {
        let mut errors = FieldErrors::default();
        let overlap = match &self.overlap {
            None => Overlap::of(policy.overlap).or(Some(Overlap::For(ANOTHER_DAY))),
            Some(span) => errors.check("overlap", parse_overlap(span)),
        };
        let if_used = match &self.if_used {
            None => Some(IfUsed::default()),
            Some(word) => errors.check("if_used", parse_if_used(word)),
        };
        let new = SecretInput {
            value: self.value,
            expires_in: self.expires_in,
            note: self.note,
            signs: self.signs,
        };
        let new = new.parse("", &mut errors);
        errors.finish()?;
        Ok(RotateSecret {
            client,
            new,
            overlap: overlap.expect(CHECKED),
            if_used: if_used.expect(CHECKED),
        })
    }
}

/// A one-time link by which a developer takes a new secret.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverInput {
    /// How long the old secret goes on working once the new one is taken: 0, or a minute to 30 days;
    /// what the settings say if left out, 24 hours at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<SpanInput>,
    /// What happens then if it is still in use: `hold` (the default) or `stop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_used: Option<String>,
    /// How long the new secret works; for good, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<SpanInput>,
    /// Where the new secret will be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the client signs with the new secret and never sends it (`client_secret_jwt`). As with the
    /// secret that it replaces, if left out; to be said if what it replaces is no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<bool>,
}

impl HandoverInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, client: ClientId, policy: &Policy) -> Result<OfferHandover, FieldErrors> {
        let rotation = RotateInput {
            overlap: self.overlap,
            if_used: self.if_used,
            expires_in: self.expires_in,
            note: self.note,
            signs: self.signs,
            ..RotateInput::default()
        };
        rotation.parse(client, policy).map(OfferHandover::from)
    }
}

fn parse_overlap(input: &SpanInput) -> Result<Overlap, String> {
    Overlap::of(input.span()?)
        .ok_or_else(|| "the old secret is kept for a minute to 30 days, or 0".to_owned())
}

fn parse_if_used(word: &str) -> Result<IfUsed, &'static str> {
    match word {
        "hold" => Ok(IfUsed::Hold),
        "stop" => Ok(IfUsed::Stop),
        _ => Err("write hold or stop"),
    }
}

/// Which secret is meant; left out where it goes without saying.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretChoiceInput {
    /// Its public id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_id: Option<String>,
}

impl SecretChoiceInput {
    /// To retire it.
    pub fn retire(self, client: ClientId) -> Result<RetireSecret, FieldErrors> {
        let secret = self.parse()?;
        Ok(RetireSecret { client, secret })
    }

    /// To bring it back.
    pub fn undo(self, client: ClientId) -> Result<UndoRetire, FieldErrors> {
        let secret = self.parse()?;
        Ok(UndoRetire { client, secret })
    }

    /// To revoke it.
    pub fn revoke(self, client: ClientId) -> Result<RevokeSecret, FieldErrors> {
        let secret = self.parse()?;
        Ok(RevokeSecret { client, secret })
    }

    fn parse(self) -> Result<Option<SecretId>, FieldErrors> {
        let id = self.secret_id.map(|id| id.parse()).transpose();
        id.map_err(|error| FieldErrors::one("secret_id", &error))
    }
}

/// By how much a deadline moves.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendInput {
    /// A minute to 30 days; 24 hours if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SpanInput>,
}

impl ExtendInput {
    /// The command, or what is wrong with it.
    pub fn parse(self, client: ClientId) -> Result<ExtendRotation, FieldErrors> {
        let Some(by) = self.by else {
            return Ok(ExtendRotation::by_a_day(client));
        };
        let by = match by.span().map(|span| (span, Overlap::of(span))) {
            Ok((span, Some(Overlap::For(_)))) => Ok(span),
            Ok((_, Some(Overlap::None) | None)) => {
                Err("a deadline moves by a minute to 30 days".to_owned())
            }
            Err(error) => Err(error),
        };
        let by = by.map_err(|message| FieldErrors::one("by", &message))?;
        Ok(ExtendRotation { client, by })
    }
}

/// Where a secret is kept.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteInput {
    /// Up to 256 characters; may be empty.
    pub note: String,
}

impl NoteInput {
    /// The command, or what is wrong with it.
    pub fn parse(self, client: ClientId, secret: SecretId) -> Result<EditNote, FieldErrors> {
        let note = self.note.parse();
        let note = note.map_err(|error| FieldErrors::one("note", &error))?;
        Ok(EditNote {
            client,
            secret,
            note,
        })
    }
}
