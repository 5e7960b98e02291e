//! What several clients may have on one API, set at once.

use super::{access::SetAccess, command::Command, draft::Draft, refusal::Refusal, require};
use crate::domain::{
    client::Grants,
    id::{ApiIdentifier, ClientId, Revision},
    permission::Permission,
    registry::Registry,
    scope::ScopeSet,
};

/// Sets what several clients may have on one API; all of it or nothing.
#[derive(Clone, Debug)]
pub struct SetHolders {
    /// Where.
    pub api: ApiIdentifier,
    /// Who, and what.
    pub holders: Vec<Holder>,
}

/// What one client may have there.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Who.
    pub client: ClientId,
    /// All that it may have; nothing withdraws it.
    pub scopes: ScopeSet,
    /// As of which revision of the client this was decided.
    pub revision: Revision,
}

impl Command for SetHolders {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        require::api(registry, &self.api)?;
        for holder in self.holders {
            let before = require::client(registry, &holder.client)?;
            if before.revision != holder.revision {
                return Err(Refusal::Stale(before.revision));
            }
            let mut grants = Grants::clone(&before.grants);
            grants.insert(self.api.clone(), holder.scopes);
            let set = SetAccess {
                client: holder.client,
                grants,
                default_scopes: None,
            };
            set.decide(registry, draft)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tests::{World, api, refusal, scopes};

    fn holder(world: &World, client: &ClientId, granted: &str) -> Holder {
        Holder {
            client: client.clone(),
            scopes: scopes(granted),
            revision: world.client(client).revision,
        }
    }

    #[test]
    fn what_several_clients_may_have_is_set_in_one_commit() {
        let mut world = World::new();
        let one = world.register("one").client.id.clone();
        let two = world.register("two").client.id.clone();
        let holders = vec![holder(&world, &one, "read"), holder(&world, &two, "")];

        world
            .run(SetHolders {
                api: api("urn:shop"),
                holders,
            })
            .unwrap();

        assert_eq!(world.client(&one).grants[&api("urn:shop")], scopes("read"));
        assert!(!world.client(&two).grants.contains_key(&api("urn:shop")));
    }

    #[test]
    fn nothing_is_set_if_one_client_changed_in_the_meantime() {
        let mut world = World::new();
        let one = world.register("one").client.id.clone();
        let two = world.register("two").client.id.clone();
        let before = world.client(&one).grants.clone();
        let mut late = holder(&world, &two, "read");
        late.revision = Revision(0);
        let holders = vec![holder(&world, &one, "read"), late];

        let set = world.run(SetHolders {
            api: api("urn:shop"),
            holders,
        });

        assert!(matches!(refusal(set), Refusal::Stale(_)));
        assert_eq!(world.client(&one).grants, before);
    }
}
