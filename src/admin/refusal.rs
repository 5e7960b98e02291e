//! Why an operator was told no.

use std::collections::BTreeMap;

use crate::domain::{audit::Object, id::Revision, permission::Permission, rotation::RotationError};

/// Why a command was not carried out. Nothing has changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The actor may not.
    #[error("{}", needs(*.0))]
    Forbidden(Permission),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(Object),
    /// The thing is in a state, or other things are, that forbids it; the text says which.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else changed it in the meantime.
    #[error("it was changed in the meantime, by revision {0}")]
    Stale(Revision),
    /// What was written is not what is needed; by field.
    #[error("{0}")]
    Invalid(FieldErrors),
}

/// What is said to who may not.
fn needs(permission: Permission) -> String {
    match permission.scope() {
        Some(scope) => format!("this needs the permission {scope}"),
        None if permission == Permission::KeepAccount => {
            "only whose account it is may do this".to_owned()
        }
        None => "this needs the permission of an Owner".to_owned(),
    }
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<RotationError> for Refusal {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Unknown(_) => FieldErrors::one("secret_id", &error).into(),
            RotationError::UnderWay
            | RotationError::NoneUnderWay
            | RotationError::OnlyOne(_)
            | RotationError::IsNew(_)
            | RotationError::Dead(..)
            | RotationError::NoneLive
            | RotationError::Ambiguous(..)
            | RotationError::NotUndoable(_)
            | RotationError::TooLong => Self::Conflict(error.to_string()),
        }
    }
}

/// What is wrong with which field of an input; all of it, not just the first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FieldErrors(BTreeMap<String, String>);

impl FieldErrors {
    /// One field's.
    pub fn one(field: &str, message: &(impl ToString + ?Sized)) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Notes what is wrong with `field`; the first message stays.
    pub fn add(&mut self, field: &str, message: &(impl ToString + ?Sized)) {
        self.0
            .entry(field.to_owned())
            .or_insert_with(|| message.to_string());
    }

    /// The value of a field, or a note of why there is none.
    pub fn check<T, E: ToString>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, &error)).ok()
    }

    /// Notes all that is wrong with other fields as well.
    pub fn merge(&mut self, others: Self) {
        for (field, message) in others.0 {
            self.0.entry(field).or_insert(message);
        }
    }

    /// Refuses if anything was noted.
    pub fn finish(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Field by field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(field, message)| (field.as_str(), message.as_str()))
    }
}

impl std::fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, (field, message)) in self.iter().enumerate() {
            write!(f, "{}{field}: {message}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
