//! The scopes of an API: added, edited, deprecated, removed.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    apis::{MOST_SCOPES, require_unheld, too_many_scopes},
    command::Command,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::domain::{
    api::{Api, ApiScope, Offer, Sensitivity},
    audit::Action,
    id::ApiIdentifier,
    name::Description,
    permission::Permission,
    registry::Registry,
    scope::Scope,
};

/// Gives an API another scope.
#[derive(Clone, Debug)]
pub struct AddScope {
    /// Which API.
    pub api: ApiIdentifier,
    /// The scope.
    pub scope: Scope,
    /// What is said of it.
    pub detail: ApiScope,
}

impl Command for AddScope {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        if before.scopes.contains_key(&self.scope) {
            let message = format!("{} has the scope {} already", self.api, self.scope);
            return Err(Refusal::Conflict(message));
        }
        if before.scopes.len() >= MOST_SCOPES {
            return Err(too_many_scopes());
        }
        let mut after = Api::clone(before);
        after.scopes.insert(self.scope, self.detail);
        draft.put_api(Action::ScopeCreate, after);
        Ok(())
    }
}

/// Gives an API many scopes at once, all or none; those that it has stay as they are.
#[derive(Clone, Debug)]
pub struct AddScopes {
    /// Which API.
    pub api: ApiIdentifier,
    /// The scopes.
    pub scopes: BTreeMap<Scope, ApiScope>,
}

/// What became of many scopes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Added {
    /// How many are new.
    pub new: u64,
    /// How many were there before.
    pub known: u64,
}

impl Command for AddScopes {
    type Outcome = Added;

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Added, Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let mut after = Api::clone(before);
        let mut added = Added { new: 0, known: 0 };
        for (scope, detail) in self.scopes {
            match after.scopes.entry(scope) {
                Entry::Occupied(_) => added.known += 1,
                Entry::Vacant(place) => {
                    place.insert(detail);
                    added.new += 1;
                }
            }
        }
        if after.scopes.len() > MOST_SCOPES {
            return Err(too_many_scopes());
        }
        if added.new > 0 {
            draft.put_api(Action::ScopeCreate, after);
        }
        Ok(added)
    }
}

/// Changes what is said of a scope; what is not named stays as it is.
#[derive(Clone, Debug)]
pub struct EditScope {
    /// Which API.
    pub api: ApiIdentifier,
    /// Which scope.
    pub scope: Scope,
    /// What it opens.
    pub description: Option<Description>,
    /// Whether granting it deserves a second look.
    pub sensitivity: Option<Sensitivity>,
    /// Whether it may still be granted.
    pub offer: Option<Offer>,
}

impl EditScope {
    /// Changes nothing yet.
    pub fn of(api: ApiIdentifier, scope: Scope) -> Self {
        Self {
            api,
            scope,
            description: None,
            sensitivity: None,
            offer: None,
        }
    }
}

impl Command for EditScope {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let mut after = Api::clone(before);
        let detail = after
            .scopes
            .get_mut(&self.scope)
            .ok_or_else(|| unknown_scope(&self.api, &self.scope))?;
        if let Some(description) = self.description {
            detail.description = description;
        }
        if let Some(sensitivity) = self.sensitivity {
            detail.sensitivity = sensitivity;
        }
        if let Some(offer) = self.offer {
            detail.offer = offer;
        }
        if after != **before {
            draft.put_api(Action::ScopeEdit, after);
        }
        Ok(())
    }
}

fn unknown_scope(api: &ApiIdentifier, scope: &Scope) -> Refusal {
    FieldErrors::one("scope", &format!("{api} does not have: {scope}")).into()
}

/// Takes a scope away that nobody has.
#[derive(Clone, Debug)]
pub struct RemoveScope {
    /// Which API.
    pub api: ApiIdentifier,
    /// Which scope.
    pub scope: Scope,
}

impl Command for RemoveScope {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let mut after = Api::clone(before);
        if after.scopes.remove(&self.scope).is_none() {
            return Err(unknown_scope(&self.api, &self.scope));
        }
        let holders = registry
            .clients()
            .filter(|client| {
                let granted = client.grants.get(&self.api);
                granted.is_some_and(|scopes| scopes.contains(&self.scope))
            })
            .map(|client| &client.id);
        require_unheld(&self.scope, holders)?;
        draft.put_api(Action::ScopeRemove, after);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
