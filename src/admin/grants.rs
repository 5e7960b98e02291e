//! Grants: which scopes a client may have on which API.

use super::{
    clients::granted_anywhere,
    command::Command,
    details,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::domain::{
    api::Offer,
    audit::Action,
    client::Client,
    details::DetailTypes,
    id::{ApiIdentifier, ClientId},
    permission::{ADMIN_API, Permission, Permissions},
    registry::Registry,
    scope::ScopeSet,
};

/// Sets what a client may have on one API; other APIs stay as they are.
#[derive(Clone, Debug)]
pub struct SetGrant {
    /// Who.
    pub client: ClientId,
    /// Where.
    pub api: ApiIdentifier,
    /// All that it may have there; at least one.
    pub scopes: ScopeSet,
    /// All types of authorization details that it may ask for there; as they were, if left out.
    pub details: Option<DetailTypes>,
}

impl Command for SetGrant {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        require::api(registry, &self.api)?;
        require_may_grant(draft, &self.api, &self.scopes)?;
        let held = before.grants.get(&self.api).cloned().unwrap_or_default();
        check_scopes(registry, (&self.api, &self.scopes), &held)
            .map_err(|message| FieldErrors::one("scopes", &message))?;
        let mut after = Client::clone(before);
        if let Some(types) = self.details {
            details::check_types(registry, &self.api, &types)
                .map_err(|message| FieldErrors::one("authorization_details_types", &message))?;
            details::put(&mut after, &self.api, types);
        }
        after.grants.insert(self.api, self.scopes);
        drop_lost(&mut after);
        if after != **before {
            draft.put_client(Action::GrantSet, after);
        }
        Ok(())
    }
}

/// Withdraws all that a client may have on one API.
#[derive(Clone, Debug)]
pub struct RemoveGrant {
    /// Who.
    pub client: ClientId,
    /// Where.
    pub api: ApiIdentifier,
}

impl Command for RemoveGrant {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        require_may_grant(draft, &self.api, &ScopeSet::default())?;
        let mut after = Client::clone(before);
        if after.grants.remove(&self.api).is_none() {
            return Err(Refusal::Conflict(format!(
                "{} has no grant on {}",
                self.client, self.api
            )));
        }
        drop_lost(&mut after);
        draft.put_client(Action::GrantRemove, after);
        Ok(())
    }
}

/// Refuses an actor that may not hand out `scopes` on `api`: nobody without the permission to
/// grant, for the admin API nobody but an Owner, and nobody more than they have.
pub(super) fn require_may_grant(
    draft: &Draft,
    api: &ApiIdentifier,
    scopes: &ScopeSet,
) -> Result<(), Refusal> {
    draft.require(Permission::WriteGrants)?;
    if api.as_str() == ADMIN_API {
        draft.require(Permission::Own)?;
        draft.require_all(Permissions::of_scopes(scopes))?;
    }
    Ok(())
}

/// Why `scopes` cannot be granted on `api` to a client that has `held` there already.
pub(super) fn check_scopes(
    registry: &Registry,
    (api, scopes): (&ApiIdentifier, &ScopeSet),
    held: &ScopeSet,
) -> Result<(), String> {
    let Some(api) = registry.find_api(api) else {
        return Err(format!("there is no API {api}"));
    };
    if scopes.is_empty() {
        return Err("name at least one scope".to_owned());
    }
    let unknown: ScopeSet = scopes
        .iter()
        .filter(|scope| !api.scopes.contains_key(*scope))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(format!("{} does not have: {unknown}", api.identifier));
    }
    let closed: ScopeSet = scopes
        .without(held)
        .iter()
        .filter(|scope| api.scopes[*scope].offer == Offer::Deprecated)
        .cloned()
        .collect();
    if !closed.is_empty() {
        return Err(format!(
            "deprecated, so not granted to anyone new: {closed}"
        ));
    }
    Ok(())
}

/// A default scope that no API grants any more is no default any more, nothing is noted of a scope that is
/// not granted, and nothing is asked for in detail where no scope is.
pub(super) fn drop_lost(client: &mut Client) {
    let grants = &client.grants;
    client
        .rules
        .details
        .retain(|api, _| grants.contains_key(api));
    client.marks.follow(&client.grants);
    let granted = granted_anywhere(&client.grants);
    if !client.default_scopes.is_subset_of(&granted) {
        let lost = client.default_scopes.without(&granted);
        client.default_scopes = client.default_scopes.without(&lost);
    }
}

#[cfg(test)]
mod tests;
