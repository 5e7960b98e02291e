//! Operators as they are stored.

use serde::{Deserialize, Serialize};

use crate::{
    crypto::password::PasswordHash,
    domain::{
        id::{OperatorId, Revision},
        name::{DisplayName, Email},
        operator::{Operator, OperatorStatus},
        permission::Role,
        time::Timestamp,
    },
};

/// An operator.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredOperator {
    id: OperatorId,
    email: Email,
    name: DisplayName,
    role: Role,
    password: Option<PasswordHash>,
    disabled: Option<Timestamp>,
    created: Timestamp,
    epoch: u32,
    revision: Revision,
}

impl From<&Operator> for StoredOperator {
    fn from(operator: &Operator) -> Self {
        Self {
            id: operator.id.clone(),
            email: operator.email.clone(),
            name: operator.name.clone(),
            role: operator.role,
            password: operator.password.clone(),
            disabled: match operator.status {
                OperatorStatus::Active => None,
                OperatorStatus::Disabled(since) => Some(since),
            },
            created: operator.created,
            epoch: operator.epoch,
            revision: operator.revision,
        }
    }
}

impl From<StoredOperator> for Operator {
    fn from(stored: StoredOperator) -> Self {
        Self {
            id: stored.id,
            email: stored.email,
            name: stored.name,
            role: stored.role,
            password: stored.password,
            status: stored
                .disabled
                .map_or(OperatorStatus::Active, OperatorStatus::Disabled),
            created: stored.created,
            epoch: stored.epoch,
            revision: stored.revision,
        }
    }
}
