//! What may be done, by whom: permissions, the roles of people, the scopes of programs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{id::ApiIdentifier, scope::ScopeSet};

/// The identifier of the built-in API by which Jeton itself is managed.
pub const ADMIN_API: &str = "urn:jeton:admin";

/// One thing that an actor may do. Each command names the one it needs.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Permission {
    /// See clients, their secrets' metadata and their grants.
    ReadClients,
    /// Register, edit, disable, enable and remove clients.
    WriteClients,
    /// Rotate, retire, revoke, cancel and extend secrets.
    WriteSecrets,
    /// Grant and withdraw scopes.
    WriteGrants,
    /// See APIs and their scopes.
    ReadApis,
    /// Define, edit and remove APIs and scopes.
    WriteApis,
    /// See signing keys.
    ReadKeys,
    /// Generate, activate, retire and revoke signing keys.
    WriteKeys,
    /// See operators.
    ReadOperators,
    /// Add, edit and remove operators below the role of Owner.
    WriteOperators,
    /// Read the audit log.
    ReadAudit,
    /// Read usage.
    ReadUsage,
    /// Make a backup.
    Backup,
    /// Change the settings of the server.
    WriteSettings,
    /// Sign in, and look after one's own account. Everybody's, and only over themselves.
    KeepAccount,
    /// What only an Owner may: make Owners, grant the admin API, and touch the credentials of
    /// clients that hold it.
    Own,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 16] = [
        Self::ReadClients,
        Self::WriteClients,
        Self::WriteSecrets,
        Self::WriteGrants,
        Self::ReadApis,
        Self::WriteApis,
        Self::ReadKeys,
        Self::WriteKeys,
        Self::ReadOperators,
        Self::WriteOperators,
        Self::ReadAudit,
        Self::ReadUsage,
        Self::Backup,
        Self::WriteSettings,
        Self::KeepAccount,
        Self::Own,
    ];

    /// The scope of the admin API that gives this permission to a program; none for what only
    /// people may do.
    pub const fn scope(self) -> Option<&'static str> {
        match self {
            Self::ReadClients => Some("clients:read"),
            Self::WriteClients => Some("clients:write"),
            Self::WriteSecrets => Some("secrets:write"),
            Self::WriteGrants => Some("grants:write"),
            Self::ReadApis => Some("apis:read"),
            Self::WriteApis => Some("apis:write"),
            Self::ReadKeys => Some("keys:read"),
            Self::WriteKeys => Some("keys:write"),
            Self::ReadOperators => Some("operators:read"),
            Self::WriteOperators => Some("operators:write"),
            Self::ReadAudit => Some("audit:read"),
            Self::ReadUsage => Some("usage:read"),
            Self::Backup => Some("backup:read"),
            Self::WriteSettings => Some("settings:write"),
            Self::KeepAccount | Self::Own => None,
        }
    }

    /// What the scope opens, in words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ReadClients => "See clients, their grants and the state of their secrets",
            Self::WriteClients => "Register, edit, disable, enable and remove clients",
            Self::WriteSecrets => "Rotate, retire, revoke, cancel and extend secrets",
            Self::WriteGrants => "Grant scopes to clients and withdraw them",
            Self::ReadApis => "See APIs and their scopes",
            Self::WriteApis => "Define, edit and remove APIs and scopes",
            Self::ReadKeys => "See signing keys and their schedule",
            Self::WriteKeys => "Generate, activate, retire and revoke signing keys",
            Self::ReadOperators => "See operators and their roles",
            Self::WriteOperators => "Add, edit and remove operators",
            Self::ReadAudit => "Read the audit log",
            Self::ReadUsage => "Read who used which secret and scope, when and from where",
            Self::Backup => "Make a sealed backup of everything",
            Self::WriteSettings => "Change the settings of the server",
            Self::KeepAccount => "Look after one's own account",
            Self::Own => "Grant the admin API and make Owners",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Permissions(u32);

impl Permissions {
    /// Every permission there is.
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether `permission` is among them.
    pub const fn allow(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether all of `other` are among them.
    pub const fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These without one.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !permission.bit())
    }

    /// What a token of the admin API with these scopes may do.
    pub fn of_scopes(scopes: &ScopeSet) -> Self {
        let named = |permission: &Permission| {
            permission
                .scope()
                .is_some_and(|name| scopes.iter().any(|scope| scope.as_str() == name))
        };
        Permission::ALL.into_iter().filter(named).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |bits, permission| bits | permission.bit()),
        )
    }
}

/// What an operator is trusted with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Clients, their scopes and their secrets.
    Operator,
    /// Everything but what only an Owner may.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// Every role, least trusted first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Admin, Self::Owner];

    /// What the role allows.
    pub fn permissions(self) -> Permissions {
        use Permission as P;
        let sees = [
            P::ReadClients,
            P::ReadApis,
            P::ReadKeys,
            P::ReadOperators,
            P::ReadAudit,
            P::ReadUsage,
            P::KeepAccount,
        ];
        let works = [P::WriteClients, P::WriteSecrets, P::WriteGrants];
        let administers = [
            P::WriteApis,
            P::WriteKeys,
            P::WriteOperators,
            P::Backup,
            P::WriteSettings,
        ];
        match self {
            Self::Viewer => sees.into_iter().collect(),
            Self::Operator => sees.into_iter().chain(works).collect(),
            Self::Admin => sees.into_iter().chain(works).chain(administers).collect(),
            Self::Owner => Permissions::all(),
        }
    }

    /// Whether a password alone is not enough for it.
    pub const fn needs_second_factor(self) -> bool {
        match self {
            Self::Viewer | Self::Operator => false,
            Self::Admin | Self::Owner => true,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(RoleError)
    }
}

/// A text is not a role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a role is viewer, operator, admin or owner")]
pub struct RoleError;

/// The identifier of the built-in admin API.
pub fn admin_api() -> ApiIdentifier {
    ADMIN_API
        .parse()
        .expect("the admin API's identifier is a URN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_all_that_the_one_below_it_may() {
        for pair in Role::ALL.windows(2) {
            assert!(
                pair[1].permissions().cover(pair[0].permissions()),
                "{pair:?}"
            );
            assert!(
                !pair[0].permissions().cover(pair[1].permissions()),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn no_scope_makes_a_program_an_owner() {
        let all: ScopeSet = Permission::ALL
            .iter()
            .filter_map(|p| p.scope())
            .map(|s| s.parse().unwrap())
            .collect();
        assert!(!Permissions::of_scopes(&all).allow(Permission::Own));
        assert_eq!(all.len(), Permission::ALL.len() - 2);
    }
}
