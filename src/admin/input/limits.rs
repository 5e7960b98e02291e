//! What is written to limit a client.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Edit;
use crate::{
    admin::{limits::LimitClient, refusal::FieldErrors},
    domain::{
        id::ClientId,
        limits::{LimitError, QuotaMode, TokenQuota},
    },
};

/// Changes to the limits of a client: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsInput {
    /// The networks and addresses that it may authenticate from, at most 64; `null` or none: from anywhere.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub allowed_networks: Edit<Vec<String>>,
    /// How many tokens it may get; `null`: as many as it asks for.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<QuotaInput>)]
    pub quota: Edit<QuotaInput>,
    /// To save the networks even if it was answered from elsewhere in the last 30 days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub even_if_used: bool,
}

/// A quota.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaInput {
    /// How many tokens: 1 to 1,000,000.
    #[serde(default)]
    #[schema(required)]
    pub tokens: u32,
    /// In how long: `minute` or `hour`.
    #[serde(default)]
    #[schema(required)]
    pub per: String,
    /// How many of them may come at once; all, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// What becomes of what is too much: `watch` (the default) counts it, `enforce` refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

impl LimitsInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, client: ClientId) -> Result<LimitClient, FieldErrors> {
        let mut errors = FieldErrors::default();
        let networks = self
            .allowed_networks
            .or_default()
            .and_then(|texts| errors.check("allowed_networks", texts.try_into()));
        let quota = match self.quota {
            Edit::Keep => None,
            Edit::Clear => Some(None),
            Edit::Set(quota) => Some(quota.read(&mut errors)),
        };
        errors.finish()?;
        Ok(LimitClient {
            client,
            networks,
            quota,
        })
    }
}

impl QuotaInput {
    fn read(&self, errors: &mut FieldErrors) -> Option<TokenQuota> {
        let per = errors.check("quota.per", self.per.parse());
        let mode = self.mode.as_deref().map_or_else(
            || Some(QuotaMode::default()),
            |mode| errors.check("quota.mode", mode.parse()),
        );
        let (per, mode) = (per?, mode?);
        match TokenQuota::new(self.tokens, per, self.burst, mode) {
            Ok(quota) => Some(quota),
            Err(error) => {
                let field = match error {
                    LimitError::Burst => "quota.burst",
                    LimitError::Tokens
                    | LimitError::NotANetwork
                    | LimitError::TooMany
                    | LimitError::Per
                    | LimitError::Mode => "quota.tokens",
                };
                errors.add(field, &error);
                None
            }
        }
    }
}
