//! Operators: added, edited, given a password, disabled, enabled, removed. How they are invited is
//! in [`super::invitations`], what they do themselves in [`super::account`].
//!
//! Nobody but an Owner touches an Owner, nobody makes or touches an operator who may do what they
//! may not themselves, and the last active Owner stays.

pub mod sessions;

use zeroize::Zeroizing;

use super::{command::Command, draft::Draft, refusal::Refusal, require};
use crate::{
    crypto::password::PasswordHash,
    domain::{
        audit::Action,
        id::OperatorId,
        name::{DisplayName, Email},
        operator::{Operator, OperatorStatus},
        permission::{Permission, Role},
        registry::Registry,
    },
};

/// A password that somebody chose, long enough and not one of those that are tried first.
///
/// No `Debug`: it is hashed, nothing else. Wiped when dropped.
pub struct NewPassword(Zeroizing<String>);

impl NewPassword {
    /// The shortest, in characters.
    pub const SHORTEST: usize = 12;
    /// The longest, in bytes.
    pub const LONGEST: usize = 256;

    /// Reads a password (NIST SP 800-63B: length and a list of the common, no rules of composition).
    pub fn parse(text: Zeroizing<String>) -> Result<Self, PasswordError> {
        if text.chars().count() < Self::SHORTEST {
            return Err(PasswordError::Short);
        }
        if text.len() > Self::LONGEST {
            return Err(PasswordError::Long);
        }
        if is_common(&text) {
            return Err(PasswordError::Common);
        }
        Ok(Self(text))
    }

    pub(super) fn hash(&self, draft: &Draft) -> PasswordHash {
        PasswordHash::of(&self.0, draft.entropy())
    }
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than twelve characters.
    #[error("a password has at least 12 characters")]
    Short,
    /// More than 256 bytes.
    #[error("a password has at most 256 characters")]
    Long,
    /// One of those that are tried first.
    #[error("this password is among the first that are tried; choose another")]
    Common,
}

/// What remains of common passwords without the digits and signs around them.
const COMMON: &[&str] = &[
    "",
    "abc",
    "abcdef",
    "abcdefghijkl",
    "abcdefghijklmnopqrstuvwxyz",
    "admin",
    "adminadmin",
    "administrator",
    "changeit",
    "changeme",
    "changemechangeme",
    "correcthorsebatterystaple",
    "default",
    "football",
    "iloveyou",
    "iloveyousomuch",
    "jeton",
    "jetonjeton",
    "jetonadmin",
    "letmein",
    "letmeinplease",
    "letmeinletmein",
    "login",
    "monkey",
    "mypassword",
    "owner",
    "pass",
    "password",
    "passwordpassword",
    "princess",
    "qazwsxedc",
    "qazwsxedcrfv",
    "qwerty",
    "qwertyqwerty",
    "qwertyuiop",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "root",
    "secret",
    "supersecret",
    "sunshine",
    "test",
    "testtest",
    "testtesttest",
    "thisismypassword",
    "trustno",
    "welcome",
    "welcomewelcome",
    "youshallnotpass",
];

fn is_common(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return true;
    }
    let sign = |character: char| !character.is_alphabetic();
    let lower = Zeroizing::new(text.to_lowercase());
    let start = lower.trim_end_matches(sign);
    let spelled = start.replace('@', "a").replace('0', "o").replace('$', "s");
    let spelled = Zeroizing::new(spelled);
    [start, &spelled]
        .iter()
        .any(|text| COMMON.contains(&text.trim_matches(sign)))
}

/// Adds an operator.
pub struct AddOperator {
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: DisplayName,
    /// What they are trusted with.
    pub role: Role,
    /// Their password, if it is set for them.
    pub password: Option<NewPassword>,
}

impl Command for AddOperator {
    type Outcome = OperatorId;

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<OperatorId, Refusal> {
        draft.require_all(self.role.permissions())?;
        require_unused(&self.email, registry)?;
        let operator = Operator {
            password: self.password.map(|password| password.hash(draft)),
            ..Operator::new(
                OperatorId::generate(draft.entropy()),
                (self.email, self.name),
                (self.role, draft.now()),
            )
        };
        let id = operator.id.clone();
        draft.put_operator(Action::OperatorCreate, operator);
        Ok(id)
    }
}

/// Refuses an address that somebody signs in with.
pub(super) fn require_unused(email: &Email, registry: &Registry) -> Result<(), Refusal> {
    match registry.find_operator_by_email(email) {
        None => Ok(()),
        Some(_) => Err(Refusal::Conflict(format!(
            "there is an operator {email} already"
        ))),
    }
}

/// Changes what is said of an operator; what is not named stays as it is.
#[derive(Clone, Debug)]
pub struct EditOperator {
    /// Who.
    pub operator: OperatorId,
    /// What they sign in with.
    pub email: Option<Email>,
    /// What they are called.
    pub name: Option<DisplayName>,
    /// What they are trusted with; another role ends their sessions and voids their link.
    pub role: Option<Role>,
}

impl EditOperator {
    /// Changes nothing yet.
    pub fn of(operator: OperatorId) -> Self {
        Self {
            operator,
            email: None,
            name: None,
            role: None,
        }
    }
}

impl Command for EditOperator {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = below(registry, draft, &self.operator)?;
        let mut after = before.clone();
        if let Some(email) = self.email.filter(|email| *email != before.email) {
            require_unused(&email, registry)?;
            after.email = email;
            after.link = None;
        }
        if let Some(name) = self.name {
            after.name = name;
        }
        if let Some(role) = self.role.filter(|role| *role != before.role) {
            draft.require_all(role.permissions())?;
            require_another_owner(before, registry)?;
            after.role = role;
            after.epoch += 1;
            // Whoever made a link for somebody with less must not follow it into more.
            after.link = None;
        }
        if after != *before {
            draft.put_operator(Action::OperatorEdit, after);
        }
        Ok(())
    }
}

/// An operator who may do nothing that the actor may not.
pub(super) fn below<'a>(
    registry: &'a Registry,
    draft: &Draft,
    id: &OperatorId,
) -> Result<&'a Operator, Refusal> {
    let operator = require::operator(registry, id)?;
    draft.require_all(operator.role.permissions())?;
    Ok(operator)
}

/// Refuses if `operator` is the last Owner who may sign in.
fn require_another_owner(operator: &Operator, registry: &Registry) -> Result<(), Refusal> {
    let is_owner = |one: &Operator| one.role == Role::Owner && one.is_active();
    let another = registry
        .operators()
        .any(|other| other.id != operator.id && is_owner(other));
    if is_owner(operator) && !another {
        return Err(Refusal::Conflict(format!(
            "{} is the last active owner; make another one first",
            operator.email
        )));
    }
    Ok(())
}

/// Sets an operator's password; their sessions end.
pub struct SetPassword {
    /// Whose.
    pub operator: OperatorId,
    /// The new one.
    pub password: NewPassword,
}

impl Command for SetPassword {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let mut after = below(registry, draft, &self.operator)?.clone();
        after.password = Some(self.password.hash(draft));
        after.link = None;
        after.epoch += 1;
        draft.put_operator(Action::OperatorPassword, after);
        Ok(())
    }
}

/// Keeps an operator from signing in; their sessions end.
#[derive(Clone, Debug)]
pub struct DisableOperator {
    /// Who.
    pub operator: OperatorId,
}

impl Command for DisableOperator {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = below(registry, draft, &self.operator)?;
        require_another_owner(before, registry)?;
        if before.is_active() {
            let mut after = before.clone();
            after.status = OperatorStatus::Disabled(draft.now());
            after.link = None;
            after.epoch += 1;
            draft.put_operator(Action::OperatorDisable, after);
        }
        Ok(())
    }
}

/// Lets a disabled operator sign in again.
#[derive(Clone, Debug)]
pub struct EnableOperator {
    /// Who.
    pub operator: OperatorId,
}

impl Command for EnableOperator {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = below(registry, draft, &self.operator)?;
        if !before.is_active() {
            let mut after = before.clone();
            after.status = OperatorStatus::Active;
            after.epoch += 1;
            draft.put_operator(Action::OperatorEnable, after);
        }
        Ok(())
    }
}

/// Removes an operator.
#[derive(Clone, Debug)]
pub struct RemoveOperator {
    /// Who.
    pub operator: OperatorId,
}

impl Command for RemoveOperator {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let operator = below(registry, draft, &self.operator)?;
        require_another_owner(operator, registry)?;
        draft.remove_operator(&self.operator);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
