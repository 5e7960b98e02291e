//! One-time links: how somebody new chooses a password, and somebody who lost theirs another.
//!
//! There is no mail server: whoever made the link hands it over. It can be followed for 48 hours,
//! once.

use super::{
    command::Command,
    draft::Draft,
    operators::{NewPassword, below, require_unused},
    refusal::Refusal,
};
use crate::domain::{
    actor::Who,
    audit::Action,
    id::OperatorId,
    link::{LinkToken, LinkUse},
    name::{DisplayName, Email},
    operator::{AccountLink, LINK_LIFE, LinkPurpose, Operator},
    permission::{Permission, Role},
    registry::Registry,
    time::Timestamp,
};

/// A link that was just made, and the one chance to read its token.
pub struct Invited {
    /// Whose.
    pub operator: OperatorId,
    /// The secret part of the link.
    pub token: LinkToken,
    /// Until when it can be followed.
    pub expires: Timestamp,
}

/// Adds an operator who chooses their password by a one-time link.
#[derive(Clone, Debug)]
pub struct InviteOperator {
    /// What they will sign in with.
    pub email: Email,
    /// What they are called; they may change it.
    pub name: DisplayName,
    /// What they are trusted with.
    pub role: Role,
}

impl Command for InviteOperator {
    type Outcome = Invited;

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Invited, Refusal> {
        draft.require_all(self.role.permissions())?;
        require_unused(&self.email, registry)?;
        let operator = Operator::new(
            OperatorId::generate(draft.entropy()),
            (self.email, self.name),
            (self.role, draft.now()),
        );
        Ok(give_link(operator, registry, draft))
    }
}

/// Makes a link by which an operator begins anew: another password, no second factor. A link made
/// before is void.
#[derive(Clone, Debug)]
pub struct ResetOperator {
    /// Who.
    pub operator: OperatorId,
}

impl Command for ResetOperator {
    type Outcome = Invited;

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Invited, Refusal> {
        let before = below(registry, draft, &self.operator)?;
        if !before.is_active() {
            return Err(Refusal::Conflict(format!(
                "{} may not sign in; enable the account first",
                before.email
            )));
        }
        Ok(give_link(before.clone(), registry, draft))
    }
}

/// Puts the operator in place with a new link: to a first password, or to another one.
fn give_link(operator: Operator, registry: &Registry, draft: &mut Draft) -> Invited {
    let token = LinkToken::generate(draft.entropy());
    let expires = draft.now().plus(LINK_LIFE);
    let (purpose, action) = match operator.password {
        None => (LinkPurpose::Invite, Action::OperatorInvite),
        Some(_) => (LinkPurpose::Reset, Action::OperatorReset),
    };
    let link = AccountLink {
        token: token.digest(LinkUse::Account, registry.pepper()),
        purpose,
        expires,
    };
    let invited = Invited {
        operator: operator.id.clone(),
        token,
        expires,
    };
    let after = Operator {
        link: Some(link),
        ..operator
    };
    draft.put_operator(action, after);
    invited
}

/// Voids the link of an operator.
#[derive(Clone, Debug)]
pub struct WithdrawInvitation {
    /// Whose.
    pub operator: OperatorId,
}

impl Command for WithdrawInvitation {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteOperators;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = below(registry, draft, &self.operator)?;
        if before.link.is_none() {
            let message = format!("{} has no link", before.email);
            return Err(Refusal::Conflict(message));
        }
        let after = Operator {
            link: None,
            ..before.clone()
        };
        draft.put_operator(Action::OperatorWithdraw, after);
        Ok(())
    }
}

/// Follows a link: chooses a password. The actor is the operator whose link it is, as
/// [`Registry::find_operator_by_link`] says.
pub struct AcceptInvitation {
    /// The token of the link.
    pub token: LinkToken,
    /// What they want to be called; as they were, if left out.
    pub name: Option<DisplayName>,
    /// The password.
    pub password: NewPassword,
}

impl Command for AcceptInvitation {
    type Outcome = OperatorId;

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<OperatorId, Refusal> {
        let before = registry
            .find_operator_by_link(&self.token)
            .filter(|operator| operator.is_active() && operator.open_link(draft.now()).is_some());
        let Some(before) = before else {
            let message = "this link has been used, replaced or withdrawn, or its time is over";
            return Err(Refusal::Conflict(message.to_owned()));
        };
        let is_theirs = matches!(draft.actor().who(), Who::Operator { id, .. } if *id == before.id);
        if !is_theirs {
            return Err(Refusal::Forbidden(Permission::KeepAccount));
        }
        let mut after = Operator {
            password: Some(self.password.hash(draft)),
            link: None,
            epoch: before.epoch + 1,
            ..Operator::clone(before)
        };
        if let Some(name) = self.name {
            after.name = name;
        }
        after.forget_second_factor();
        let id = after.id.clone();
        draft.put_operator(Action::OperatorAccept, after);
        Ok(id)
    }
}

#[cfg(test)]
mod tests;
