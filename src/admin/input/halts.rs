//! What is written to halt issuance.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::refusal::FieldErrors,
    domain::name::{HaltReason, NameError},
};

/// A halt.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltInput {
    /// Why, for operators alone: 1 to 256 characters.
    #[serde(default)]
    #[schema(required)]
    pub reason: String,
}

impl HaltInput {
    /// The reason, or what is wrong with it.
    pub fn parse(&self) -> Result<HaltReason, FieldErrors> {
        let reason = self.reason.parse().map_err(|error| match error {
            NameError::Empty => "say why".to_owned(),
            error @ (NameError::TooLong(_) | NameError::Unprintable | NameError::NotAnAddress) => {
                error.to_string()
            }
        });
        reason.map_err(|message: String| FieldErrors::one("reason", &message))
    }
}
