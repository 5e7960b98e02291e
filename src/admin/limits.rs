//! Limiting a client: from where it may authenticate, how many tokens it may get.

use super::{command::Command, draft::Draft, refusal::Refusal, require};
use crate::domain::{
    audit::Action,
    client::Client,
    id::ClientId,
    limits::{Networks, TokenQuota},
    permission::Permission,
    registry::Registry,
};

/// Limits a client, or less than before; what is not named stays as it is.
#[derive(Clone, Debug)]
pub struct LimitClient {
    /// Which.
    pub client: ClientId,
    /// From where it may authenticate; none named means from anywhere.
    pub networks: Option<Networks>,
    /// How many tokens it may get; `Some(None)`: as many as it asks for.
    pub quota: Option<Option<TokenQuota>>,
}

impl Command for LimitClient {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        draft.require_touch(before)?;
        let mut after = Client::clone(before);
        if let Some(networks) = self.networks {
            after.rules.limits.networks = networks;
        }
        if let Some(quota) = self.quota {
            after.rules.limits.quota = quota;
        }
        if after != **before {
            draft.put_client(Action::ClientLimit, after);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::{
            grants::SetGrant,
            tests::{World, refusal, scopes},
        },
        domain::{
            actor::Actor,
            limits::{ClientLimits, Per, QuotaMode},
            permission::{Permissions, admin_api},
        },
    };

    #[test]
    fn each_limit_is_set_and_lifted_by_itself() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        let quota = TokenQuota::new(10, Per::Minute, None, QuotaMode::Watch).unwrap();
        let set = |networks: Option<&[&str]>, quota| LimitClient {
            client: client.clone(),
            networks: networks.map(|texts| {
                let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
                texts.try_into().unwrap()
            }),
            quota,
        };

        world.run(set(Some(&["10.0.0.0/8"]), None)).unwrap();
        assert_eq!(world.audited(), ["client.limit"]);
        assert!(world.last.as_ref().unwrap().takes_away());
        world.run(set(None, Some(Some(quota)))).unwrap();

        let limits = world.client(&client).rules.limits.clone();
        assert_eq!(limits.networks.texts(), ["10.0.0.0/8"]);
        assert_eq!(limits.quota, Some(quota));
        world.run(set(Some(&[]), Some(None))).unwrap();
        let none = ClientLimits::default();
        assert_eq!(world.client(&client).rules.limits, none);
        world.run(set(Some(&[]), None)).unwrap();
        assert!(world.last.is_none(), "nothing changed");
    }

    #[test]
    fn only_an_owner_limits_who_manages_the_server() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        world
            .run(SetGrant {
                client: client.clone(),
                api: admin_api(),
                scopes: scopes("clients:read"),
                details: None,
            })
            .unwrap();
        let may = Permission::ALL.into_iter().collect::<Permissions>();
        let actor = Actor::client("robot".parse().unwrap(), may.without(Permission::Own));

        let refused = world.run_as(
            actor,
            LimitClient {
                client,
                networks: Some(Networks::default()),
                quota: None,
            },
        );

        assert!(matches!(
            refusal(refused),
            Refusal::Forbidden(Permission::Own)
        ));
    }
}
