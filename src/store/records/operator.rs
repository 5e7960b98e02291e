//! Operators as they are stored.

use serde::{Deserialize, Serialize};

use crate::{
    crypto::{mac::SecretDigest, password::PasswordHash, totp::TotpSecret},
    domain::{
        id::{OperatorId, Revision},
        name::{DisplayName, Email},
        operator::{AccountLink, LinkPurpose, Operator, OperatorStatus, SecondFactor},
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
    // Since format 2.
    #[serde(default)]
    second_factor: Option<StoredSecondFactor>,
    #[serde(default)]
    recovery_codes: Vec<SecretDigest>,
    #[serde(default)]
    link: Option<StoredLink>,
    #[serde(default)]
    last_sign_in: Option<Timestamp>,
    disabled: Option<Timestamp>,
    created: Timestamp,
    epoch: u32,
    revision: Revision,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredSecondFactor {
    secret: TotpSecret,
    since: Timestamp,
    last_step: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredLink {
    token: SecretDigest,
    purpose: StoredPurpose,
    expires: Timestamp,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum StoredPurpose {
    Invite,
    Reset,
}

impl From<&Operator> for StoredOperator {
    fn from(operator: &Operator) -> Self {
        let factor = operator.second_factor.as_ref();
        Self {
            id: operator.id.clone(),
            email: operator.email.clone(),
            name: operator.name.clone(),
            role: operator.role,
            password: operator.password.clone(),
            second_factor: factor.map(|factor| StoredSecondFactor {
                secret: factor.secret.clone(),
                since: factor.since,
                last_step: factor.last_step,
            }),
            recovery_codes: operator.recovery_codes.clone(),
            link: operator.link.as_ref().map(StoredLink::from),
            last_sign_in: operator.last_sign_in,
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
            second_factor: stored.second_factor.map(|factor| SecondFactor {
                secret: factor.secret,
                since: factor.since,
                last_step: factor.last_step,
            }),
            recovery_codes: stored.recovery_codes,
            link: stored.link.map(AccountLink::from),
            last_sign_in: stored.last_sign_in,
            status: stored
                .disabled
                .map_or(OperatorStatus::Active, OperatorStatus::Disabled),
            created: stored.created,
            epoch: stored.epoch,
            revision: stored.revision,
        }
    }
}

impl From<&AccountLink> for StoredLink {
    fn from(link: &AccountLink) -> Self {
        Self {
            token: link.token.clone(),
            purpose: match link.purpose {
                LinkPurpose::Invite => StoredPurpose::Invite,
                LinkPurpose::Reset => StoredPurpose::Reset,
            },
            expires: link.expires,
        }
    }
}

impl From<StoredLink> for AccountLink {
    fn from(stored: StoredLink) -> Self {
        Self {
            token: stored.token,
            purpose: match stored.purpose {
                StoredPurpose::Invite => LinkPurpose::Invite,
                StoredPurpose::Reset => LinkPurpose::Reset,
            },
            expires: stored.expires,
        }
    }
}
