//! What is written to generate and bring forward signing keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CHECKED, parse_or_default};
use crate::{
    admin::{
        keys::{ActivateKey, GenerateKey, When},
        refusal::FieldErrors,
    },
    domain::id::KeyId,
};

/// A new signing key.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyInput {
    /// ES256 (the default), RS256, PS256 or `EdDSA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// When it begins to sign: `scheduled` (in 7 days, the default), `soon` (in 10 minutes) or `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

impl KeyInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self) -> Result<GenerateKey, FieldErrors> {
        let mut errors = FieldErrors::default();
        let algorithm = parse_or_default(self.algorithm.as_deref(), "algorithm", &mut errors);
        let when = match self.when.as_deref() {
            None | Some("scheduled") => Some(When::Scheduled),
            Some(word) => errors.check("when", parse_when(word, "write scheduled, soon or now")),
        };
        errors.finish()?;
        Ok(GenerateKey {
            algorithm,
            when: when.expect(CHECKED),
        })
    }
}

fn parse_when(word: &str, words: &'static str) -> Result<When, &'static str> {
    match word {
        "soon" => Ok(When::Soon),
        "now" => Ok(When::Now),
        _ => Err(words),
    }
}

/// When a published key begins to sign.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateInput {
    /// `soon` (ten minutes after it was published, the default) or `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

impl ActivateInput {
    /// The command, or what is wrong with it.
    pub fn parse(self, key: KeyId) -> Result<ActivateKey, FieldErrors> {
        let when = parse_when(self.when.as_deref().unwrap_or("soon"), "write soon or now");
        let when = when.map_err(|message| FieldErrors::one("when", message))?;
        Ok(ActivateKey { key, when })
    }
}
