//! What is written to add and edit operators.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{CHECKED, Edit, parse_some};
use crate::{
    admin::{
        invitations::InviteOperator,
        operators::{AddOperator, EditOperator, NewPassword, SetPassword},
        refusal::FieldErrors,
    },
    domain::id::OperatorId,
};

/// A new operator. No `Debug`: it may hold a password.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorInput {
    /// What they sign in with.
    #[serde(default)]
    #[schema(required)]
    pub email: String,
    /// What they are called.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// `viewer`, `operator`, `admin` or `owner`.
    #[serde(default)]
    #[schema(required)]
    pub role: String,
    /// At least 12 characters, if it is set for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl OperatorInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self) -> Result<AddOperator, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = errors.check("email", self.email.parse());
        let name = errors.check("name", self.name.parse());
        let role = errors.check("role", self.role.parse());
        let password = self.password.map(Zeroizing::new);
        let password = password.and_then(|text| errors.check("password", NewPassword::parse(text)));
        errors.finish()?;
        Ok(AddOperator {
            email: email.expect(CHECKED),
            name: name.expect(CHECKED),
            role: role.expect(CHECKED),
            password,
        })
    }
}

/// Somebody who is invited.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorInviteInput {
    /// What they will sign in with.
    #[serde(default)]
    #[schema(required)]
    pub email: String,
    /// What they are called; they may change it.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// `viewer`, `operator`, `admin` or `owner`.
    #[serde(default)]
    #[schema(required)]
    pub role: String,
}

impl OperatorInviteInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self) -> Result<InviteOperator, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = errors.check("email", self.email.parse());
        let name = errors.check("name", self.name.parse());
        let role = errors.check("role", self.role.parse());
        errors.finish()?;
        Ok(InviteOperator {
            email: email.expect(CHECKED),
            name: name.expect(CHECKED),
            role: role.expect(CHECKED),
        })
    }
}

/// Changes to an operator: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorEditInput {
    /// What they sign in with.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub email: Edit<String>,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub name: Edit<String>,
    /// `viewer`, `operator`, `admin` or `owner`.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub role: Edit<String>,
}

impl OperatorEditInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, operator: OperatorId) -> Result<EditOperator, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = self.email.or_refuse("email", &mut errors);
        let name = self.name.or_refuse("name", &mut errors);
        let role = self.role.or_refuse("role", &mut errors);
        let edit = EditOperator {
            operator,
            email: parse_some(email, "email", &mut errors),
            name: parse_some(name, "name", &mut errors),
            role: parse_some(role, "role", &mut errors),
        };
        errors.finish()?;
        Ok(edit)
    }
}

/// A new password. No `Debug`.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordInput {
    /// At least 12 characters.
    #[serde(default)]
    #[schema(required)]
    pub password: String,
}

impl PasswordInput {
    /// The command, or what is wrong with it.
    pub fn parse(self, operator: OperatorId) -> Result<SetPassword, FieldErrors> {
        let password = NewPassword::parse(Zeroizing::new(self.password));
        let password = password.map_err(|error| FieldErrors::one("password", &error))?;
        Ok(SetPassword { operator, password })
    }
}
