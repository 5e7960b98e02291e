//! Operators, as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::operator::{Operator, OperatorStatus};

/// An operator: everything but what they prove themselves with.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct OperatorView {
    /// Their id; never changes.
    pub id: String,
    /// What they sign in with.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// `viewer`, `operator`, `admin` or `owner`.
    pub role: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Since when they may not sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether they have set up a second factor.
    pub has_second_factor: bool,
    /// How many recovery codes they have not used.
    pub recovery_codes_left: usize,
    /// Until when they can follow the one-time link they were given; left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<String>,
    /// When they signed in last; left out if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_signed_in_at: Option<String>,
    /// When they were added.
    pub created_at: String,
    /// The revision that last changed them.
    pub revision: u64,
}

impl OperatorView {
    /// As they are.
    pub fn of(operator: &Operator) -> Self {
        let (status, disabled_at) = match operator.status {
            OperatorStatus::Active => ("active", None),
            OperatorStatus::Disabled(at) => ("disabled", Some(moment(at))),
        };
        Self {
            id: operator.id.to_string(),
            email: operator.email.to_string(),
            name: operator.name.to_string(),
            role: operator.role.to_string(),
            status: status.to_owned(),
            disabled_at,
            has_password: operator.password.is_some(),
            has_second_factor: operator.second_factor.is_some(),
            recovery_codes_left: operator.recovery_codes.len(),
            invited_until: operator.link.as_ref().map(|link| moment(link.expires)),
            last_signed_in_at: operator.last_sign_in.map(moment),
            created_at: moment(operator.created),
            revision: operator.revision.0,
        }
    }
}
