//! One's own account: signing in, the second factor, recovery codes, password and name.
//!
//! Everybody may do this, and only to themselves. Whether the password was right is found out
//! before: hashing is slow, and commands run one at a time.

use super::{
    command::Command,
    draft::Draft,
    operators::{NewPassword, below},
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::{
    crypto::totp::TotpSecret,
    domain::{
        actor::Who,
        audit::Action,
        id::OperatorId,
        name::DisplayName,
        operator::{Operator, RecoveryCodes, SecondFactor, recovery_digest},
        permission::Permission,
        registry::Registry,
    },
};

/// Why a code is refused; which of the reasons it is helps only who guesses.
const WRONG_CODE: &str = "that code is not right, or was used before; wait for the next one";

/// Why a recovery code is refused.
const WRONG_RECOVERY_CODE: &str = "that recovery code is not right, or was used before";

/// The account of the actor, which is `id` if one is named.
fn own<'a>(
    registry: &'a Registry,
    draft: &Draft,
    id: Option<&OperatorId>,
) -> Result<&'a Operator, Refusal> {
    let not_theirs = Refusal::Forbidden(Permission::KeepAccount);
    match draft.actor().who() {
        Who::Operator { id: own, .. } if id.is_none_or(|id| id == own) => {
            Ok(require::operator(registry, own)?)
        }
        Who::Operator { .. }
        | Who::Client(_)
        | Who::Registered(_)
        | Who::Local(_)
        | Who::RegistrationToken(_)
        | Who::System(_) => Err(not_theirs),
    }
}

/// Begins a session: uses up what was shown beside the password.
pub struct SignIn {
    /// Who.
    pub operator: OperatorId,
    /// Their epoch when the password was found right; another one since: somebody changed it.
    pub epoch: u32,
    /// What was shown beside the password.
    pub proof: SignInProof,
}

/// What somebody shows beside their password. No `Debug`: it holds codes.
pub enum SignInProof {
    /// Nothing: enough for who has no second factor.
    PasswordAlone,
    /// A code of their authenticator app.
    Code(String),
    /// One of their recovery codes.
    RecoveryCode(String),
}

impl Command for SignIn {
    type Outcome = ();

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = own(registry, draft, Some(&self.operator))?;
        if !before.is_active() {
            let message = format!("{} may not sign in", before.email);
            return Err(Refusal::Conflict(message));
        }
        if before.epoch != self.epoch || before.password.is_none() {
            let message = "this account has just been changed; sign in anew";
            return Err(Refusal::Conflict(message.to_owned()));
        }
        let mut after = before.clone();
        match (self.proof, &before.second_factor) {
            (SignInProof::PasswordAlone, None) => {}
            (SignInProof::PasswordAlone, Some(_)) => {
                return Err(FieldErrors::one("code", "enter the code of your app").into());
            }
            (SignInProof::Code(code), factor) => {
                let factor = factor.as_ref().and_then(|it| it.after(&code, draft.now()));
                let factor = factor.ok_or_else(|| FieldErrors::one("code", WRONG_CODE))?;
                after.second_factor = Some(factor);
            }
            (SignInProof::RecoveryCode(code), _) => {
                let used = recovery_digest(&code, &before.id, registry.pepper());
                let place = after.recovery_codes.iter().position(|it| *it == used);
                let place = place.ok_or_else(|| FieldErrors::one("code", WRONG_RECOVERY_CODE))?;
                after.recovery_codes.remove(place);
            }
        }
        after.last_sign_in = Some(draft.now());
        draft.put_operator(Action::OperatorSignIn, after);
        Ok(())
    }
}

/// Sets up one's authenticator app, in place of the one before, and makes recovery codes.
pub struct EnrolSecondFactor {
    /// What the app was given.
    pub secret: TotpSecret,
    /// A code that it made, to see that it was.
    pub code: String,
}

impl Command for EnrolSecondFactor {
    /// The new recovery codes: the one chance to read them.
    type Outcome = RecoveryCodes;

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<RecoveryCodes, Refusal> {
        let before = own(registry, draft, None)?;
        let factor = SecondFactor {
            secret: self.secret,
            since: draft.now(),
            last_step: 0,
        };
        let message = "that code is not right: check the clock of your device";
        let factor = factor
            .after(&self.code, draft.now())
            .ok_or_else(|| FieldErrors::one("code", message))?;
        let codes = RecoveryCodes::generate(draft.entropy());
        let after = Operator {
            second_factor: Some(factor),
            recovery_codes: codes.digests(&before.id, registry.pepper()),
            ..before.clone()
        };
        draft.put_operator(Action::OperatorEnrol, after);
        Ok(codes)
    }
}

/// Takes a second factor away, recovery codes with it: one's own, or that of somebody who may do no
/// more than oneself.
#[derive(Clone, Debug)]
pub struct RemoveSecondFactor {
    /// Whose.
    pub operator: OperatorId,
}

impl Command for RemoveSecondFactor {
    type Outcome = ();

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let is_own = own(registry, draft, Some(&self.operator)).is_ok();
        let before = require::operator(registry, &self.operator)?;
        if !is_own {
            draft.require(Permission::WriteOperators)?;
            below(registry, draft, &self.operator)?;
        } else if before.role.needs_second_factor() {
            return Err(Refusal::Conflict(format!(
                "an {} needs a second factor; set up another one in its place",
                before.role
            )));
        }
        if before.second_factor.is_none() {
            let message = format!("{} has no second factor", before.email);
            return Err(Refusal::Conflict(message));
        }
        let mut after = Operator::clone(before);
        after.forget_second_factor();
        if !is_own {
            after.epoch += 1;
        }
        draft.put_operator(Action::OperatorUnenrol, after);
        Ok(())
    }
}

/// Makes new recovery codes; those before are void.
#[derive(Clone, Copy, Debug)]
pub struct RenewRecoveryCodes;

impl Command for RenewRecoveryCodes {
    /// The one chance to read them.
    type Outcome = RecoveryCodes;

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<RecoveryCodes, Refusal> {
        let before = own(registry, draft, None)?;
        if before.second_factor.is_none() {
            let message = "recovery codes stand in for a second factor; set one up first";
            return Err(Refusal::Conflict(message.to_owned()));
        }
        let codes = RecoveryCodes::generate(draft.entropy());
        let after = Operator {
            recovery_codes: codes.digests(&before.id, registry.pepper()),
            ..before.clone()
        };
        draft.put_operator(Action::OperatorCodes, after);
        Ok(codes)
    }
}

/// Chooses another password for oneself; all sessions end but those given the new epoch.
pub struct ChangeOwnPassword {
    /// The new one.
    pub password: NewPassword,
}

impl Command for ChangeOwnPassword {
    /// The new epoch.
    type Outcome = u32;

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<u32, Refusal> {
        let before = own(registry, draft, None)?;
        let epoch = before.epoch + 1;
        let after = Operator {
            password: Some(self.password.hash(draft)),
            link: None,
            epoch,
            ..before.clone()
        };
        draft.put_operator(Action::OperatorPassword, after);
        Ok(epoch)
    }
}

/// Changes what one is called.
#[derive(Clone, Debug)]
pub struct EditOwnAccount {
    /// The new name.
    pub name: DisplayName,
}

impl Command for EditOwnAccount {
    type Outcome = ();

    const NEEDS: Permission = Permission::KeepAccount;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = own(registry, draft, None)?;
        if before.name != self.name {
            let after = Operator {
                name: self.name,
                ..before.clone()
            };
            draft.put_operator(Action::OperatorEdit, after);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
