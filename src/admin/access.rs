//! All that a client may have, on every API, set at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    clients::check_default_scopes,
    command::Command,
    details,
    draft::Draft,
    grants::{check_scopes, drop_lost, require_may_grant},
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::domain::{
    audit::Action,
    client::Client,
    details::DetailGrants,
    id::{ApiIdentifier, ClientId},
    marks::KEPT,
    permission::Permission,
    registry::Registry,
    scope::{Scope, ScopeSet},
    time::Timestamp,
};

/// Sets all of a client's grants; all of it or nothing. What stays as it is needs no permission.
#[derive(Clone, Debug)]
pub struct SetAccess {
    /// Who.
    pub client: ClientId,
    /// All that it may have, by API; an API that is left out, or has no scopes here, is withdrawn.
    pub grants: BTreeMap<ApiIdentifier, ScopeSet>,
    /// What it gets when it names no scope; as it was, but for what is withdrawn, if left out.
    pub default_scopes: Option<ScopeSet>,
}

impl SetAccess {
    /// The client as it is afterwards.
    fn applied(self, registry: &Registry, draft: &Draft) -> Result<Client, Refusal> {
        let before = require::client(registry, &self.client)?;
        let mut grants = self.grants;
        grants.retain(|_, scopes| !scopes.is_empty());
        let nothing = ScopeSet::default();
        let apis: BTreeSet<&ApiIdentifier> = before.grants.keys().chain(grants.keys()).collect();
        let mut errors = FieldErrors::default();
        for api in apis {
            let held = before.grants.get(api).unwrap_or(&nothing);
            let wanted = grants.get(api).unwrap_or(&nothing);
            if held == wanted {
                continue;
            }
            require_may_grant(draft, api, wanted)?;
            if !wanted.is_empty() {
                let check = check_scopes(registry, (api, wanted), held);
                errors.check(&format!("grants.{api}"), check);
            }
        }
        if let Some(defaults) = &self.default_scopes {
            errors.check("default_scopes", check_default_scopes(defaults, &grants));
        }
        errors.finish()?;
        let mut after = Client {
            grants: grants.into(),
            ..Client::clone(before)
        };
        if let Some(defaults) = self.default_scopes {
            after.default_scopes = defaults;
        }
        drop_lost(&mut after);
        if after.default_scopes != before.default_scopes && after.grants == before.grants {
            draft.require(Permission::WriteClients)?;
        }
        Ok(after)
    }
}

impl Command for SetAccess {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        let after = self.applied(registry, draft)?;
        if after != **before {
            draft.put_client(Action::GrantSet, after);
        }
        Ok(())
    }
}

/// What is noted on scopes: since when they are watched, or until when they are kept.
pub type ScopeMarks = BTreeMap<(ApiIdentifier, Scope), Timestamp>;

/// Gives a client back the access that it had, with its types of authorization details and with what was
/// noted on the scopes that it lost meanwhile; all of it or nothing.
#[derive(Clone, Debug)]
pub struct RestoreAccess {
    /// All that it may have again.
    pub access: SetAccess,
    /// The scopes that were watched, and since when.
    pub watched: ScopeMarks,
    /// The scopes that were kept, and until when.
    pub kept: ScopeMarks,
    /// All types of authorization details that it may ask for again (RFC 9396), by API.
    pub details: DetailGrants,
}

impl Command for RestoreAccess {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.access.client)?;
        let mut after = self.access.applied(registry, draft)?;
        let now = draft.now();
        let is_back = |api: &ApiIdentifier, scope: &Scope| {
            let held = before.grants.get(api);
            !held.is_some_and(|held| held.contains(scope))
        };
        for ((api, scope), since) in self.watched {
            if is_back(&api, &scope) {
                after.marks.watched.insert((api, scope), since.min(now));
            }
        }
        for ((api, scope), until) in self.kept {
            if is_back(&api, &scope) {
                let until = until.min(now.plus(KEPT));
                after.marks.kept.insert((api, scope), until);
            }
        }
        after.marks.follow(&after.grants);
        restore_details(&mut after, self.details, registry)?;
        if after != **before {
            draft.put_client(Action::GrantSet, after);
        }
        Ok(())
    }
}

/// Gives `client` the types back that it had where it has scopes again.
fn restore_details(
    client: &mut Client,
    had: DetailGrants,
    registry: &Registry,
) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    client.rules.details.clear();
    for (api, types) in had {
        if client.grants.contains_key(&api) {
            let check = details::check_types(registry, &api, &types);
            errors.check(&format!("grants.{api}"), check);
            details::put(client, &api, types);
        }
    }
    Ok(errors.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::{
            scopes::EditScope,
            tests::{World, api, fields as marked, person, program, refusal, register, scopes},
        },
        domain::{api::Offer, permission::Role, time::Span},
    };

    fn access(client: &ClientId, grants: &[(&str, &str)]) -> SetAccess {
        let grants = grants.iter();
        SetAccess {
            client: client.clone(),
            grants: grants.map(|(at, some)| (api(at), scopes(some))).collect(),
            default_scopes: None,
        }
    }

    #[test]
    fn all_access_changes_at_once_under_one_entry() {
        let mut world = World::new();
        world.define("urn:b", "a");
        world.define("urn:c", "c");
        let grants = [("urn:shop", "read write"), ("urn:b", "a")];
        let client = world.run(register("c", &grants)).unwrap().client.id.clone();

        let set = SetAccess {
            default_scopes: Some(scopes("list")),
            ..access(
                &client,
                &[("urn:shop", "read list"), ("urn:c", "c"), ("urn:b", "")],
            )
        };
        world.run(set).unwrap();

        let after = world.client(&client);
        let wanted = [
            (api("urn:c"), scopes("c")),
            (api("urn:shop"), scopes("read list")),
        ];
        assert_eq!(*after.grants, wanted.into());
        assert_eq!(after.default_scopes, scopes("list"));
        let commit = world.last.as_ref().unwrap();
        let changed: Vec<&str> = commit.audit[0]
            .changes
            .iter()
            .map(|change| change.field.as_str())
            .collect();
        assert_eq!(
            changed,
            [
                "default_scopes",
                "grants.urn:b",
                "grants.urn:c",
                "grants.urn:shop"
            ]
        );
        assert_eq!(world.audited(), ["grant.set"]);
    }

    #[test]
    fn nothing_changes_if_any_of_it_may_not() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        let before = world.client(&client).grants.clone();

        let refused = world.run(SetAccess {
            default_scopes: Some(scopes("write")),
            ..access(&client, &[("urn:shop", "read"), ("urn:none", "x")])
        });

        assert_eq!(marked(refused), ["default_scopes", "grants.urn:none"]);
        assert_eq!(world.client(&client).grants, before);
    }

    #[test]
    fn a_deprecated_scope_stays_with_who_has_it_and_goes_to_nobody_new() {
        let mut world = World::new();
        let holder = world.register("holder").client.id.clone();
        let other = world.run(register("other", &[])).unwrap().client.id.clone();
        let deprecate = EditScope {
            offer: Some(Offer::Deprecated),
            ..EditScope::of(api("urn:shop"), "read".parse().unwrap())
        };
        world.run(deprecate).unwrap();

        let kept = world.run(access(&holder, &[("urn:shop", "read list")]));
        let new = world.run(access(&other, &[("urn:shop", "read")]));

        assert!(kept.is_ok());
        assert_eq!(marked(new), ["grants.urn:shop"]);
    }

    #[test]
    fn only_an_owner_touches_the_admin_api_but_anybody_may_leave_it() {
        let mut world = World::new();
        let grants = [("urn:jeton:admin", "clients:read"), ("urn:shop", "read")];
        let client = world.run(register("c", &grants)).unwrap().client.id.clone();
        let admin = person(Role::Admin);
        let forbidden = Refusal::Forbidden(Permission::Own);

        let withdraw = access(&client, &[("urn:shop", "read")]);
        let more = access(&client, &[("urn:jeton:admin", "clients:write")]);
        let leave = access(
            &client,
            &[("urn:jeton:admin", "clients:read"), ("urn:shop", "list")],
        );

        assert_eq!(refusal(world.run_as(admin.clone(), withdraw)), forbidden);
        assert_eq!(refusal(world.run_as(admin.clone(), more)), forbidden);
        assert!(world.run_as(admin, leave).is_ok());
    }

    #[test]
    fn what_is_restored_comes_with_its_marks_and_no_others() {
        let mut world = World::new();
        let grants = [("urn:shop", "read write")];
        let client = world.run(register("c", &grants)).unwrap().client.id.clone();
        let now = world.now;
        let on = |scope: &str| (api("urn:shop"), scope.parse().unwrap());
        world.run(access(&client, &[("urn:shop", "read")])).unwrap();

        let restore = RestoreAccess {
            access: SetAccess {
                default_scopes: Some(scopes("write")),
                ..access(&client, &grants)
            },
            watched: [
                (on("write"), now.plus(Span(9))),
                (on("read"), now),
                (on("list"), now),
            ]
            .into(),
            kept: [(on("write"), now.plus(Span::days(1000)))].into(),
            details: DetailGrants::default(),
        };
        world.run(restore).unwrap();

        let after = world.client(&client);
        assert_eq!(
            *after.grants,
            [(api("urn:shop"), scopes("read write"))].into()
        );
        assert_eq!(after.default_scopes, scopes("write"));
        assert_eq!(after.marks.watched, [(on("write"), now)].into());
        assert_eq!(after.marks.kept, [(on("write"), now.plus(KEPT))].into());
        assert_eq!(world.audited(), ["grant.set"]);
    }

    #[test]
    fn scopes_asked_for_by_default_are_the_clients_own_affair_unless_its_grants_change() {
        let mut world = World::new();
        let grants = [("urn:shop", "read write")];
        let client = world.run(register("c", &grants)).unwrap().client.id.clone();
        let set = |grants: &[(&str, &str)], default: &str| SetAccess {
            default_scopes: Some(scopes(default)),
            ..access(&client, grants)
        };
        let grants_alone = || program("grants:write");

        let refused = world.run_as(grants_alone(), set(&grants, "read"));

        let needed = Refusal::Forbidden(Permission::WriteClients);
        assert_eq!(refusal(refused), needed);
        let both = program("grants:write clients:write");
        assert!(world.run_as(both, set(&grants, "read")).is_ok());
        assert!(world.run_as(grants_alone(), set(&grants, "read")).is_ok());
        let fewer = [("urn:shop", "write")];
        assert!(world.run_as(grants_alone(), set(&fewer, "write")).is_ok());
    }
}
