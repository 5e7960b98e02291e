//! Operators: the people of the console.

use super::{
    audit::{Facts, facts},
    id::{OperatorId, Revision},
    name::{DisplayName, Email},
    permission::Role,
    time::Timestamp,
};
use crate::crypto::password::PasswordHash;

/// A person who may look after this server.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Never changes.
    pub id: OperatorId,
    /// What they sign in with; unique.
    pub email: Email,
    /// What they are called.
    pub name: DisplayName,
    /// What they are trusted with.
    pub role: Role,
    /// Their password, hashed; none until they have chosen one.
    pub password: Option<PasswordHash>,
    /// Whether they may sign in.
    pub status: OperatorStatus,
    /// When they were added.
    pub created: Timestamp,
    /// Raised whenever their sessions must end: a new password, another role, disabled.
    pub epoch: u32,
    /// The revision that last changed them.
    pub revision: Revision,
}

/// Whether an operator may sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OperatorStatus {
    /// They may.
    Active,
    /// They may not, since then.
    Disabled(Timestamp),
}

impl Operator {
    /// Whether they may sign in.
    pub fn is_active(&self) -> bool {
        self.status == OperatorStatus::Active
    }

    /// What the audit log may say of them.
    pub fn facts(&self) -> Facts {
        facts([
            ("email", self.email.to_string()),
            ("name", self.name.to_string()),
            ("role", self.role.to_string()),
            (
                "status",
                if self.is_active() {
                    "active"
                } else {
                    "disabled"
                }
                .to_owned(),
            ),
            ("has_password", self.password.is_some().to_string()),
        ])
    }
}
