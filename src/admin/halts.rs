//! Halting: no tokens are issued, at all or for one API, from the next request on.
//!
//! It says nothing of what was issued: tokens go on to count, and clients go on to introspect and revoke.
//! For one client there is [`DisableClient`](super::clients::DisableClient): whoever is under suspicion is to
//! lose its tokens too, and at the same moment.

use super::{command::Command, draft::Draft, refusal::Refusal, require};
use crate::domain::{
    api::Api, audit::Action, halt::Halt, id::ApiIdentifier, name::HaltReason,
    permission::Permission, policy::Policy, registry::Registry,
};

/// Issues no tokens at all, not even for the admin API. If none are issued already, gives another reason for it.
#[derive(Clone, Debug)]
pub struct HaltIssuance {
    /// Why.
    pub reason: HaltReason,
}

impl Command for HaltIssuance {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = registry.policy();
        if let Some(halt) = halted(before.halt.as_ref(), self.reason, draft) {
            let after = Policy {
                halt: Some(halt),
                ..Policy::clone(before)
            };
            draft.put_policy(Action::IssuanceHalt, after);
        }
        Ok(())
    }
}

/// Issues tokens again. Nothing happens if they are issued.
#[derive(Clone, Debug)]
pub struct ResumeIssuance;

impl Command for ResumeIssuance {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = registry.policy();
        if before.halt.is_some() {
            let after = Policy {
                halt: None,
                ..Policy::clone(before)
            };
            draft.put_policy(Action::IssuanceResume, after);
        }
        Ok(())
    }
}

/// Issues no tokens for an API. If none are issued already, gives another reason for it.
#[derive(Clone, Debug)]
pub struct HaltApi {
    /// Which.
    pub api: ApiIdentifier,
    /// Why.
    pub reason: HaltReason,
}

impl Command for HaltApi {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        if let Some(halt) = halted(before.rules.halt.as_ref(), self.reason, draft) {
            let mut after = Api::clone(before);
            after.rules.halt = Some(halt);
            draft.put_api(Action::ApiHalt, after);
        }
        Ok(())
    }
}

/// Issues tokens for an API again. Nothing happens if they are issued.
#[derive(Clone, Debug)]
pub struct ResumeApi {
    /// Which.
    pub api: ApiIdentifier,
}

impl Command for ResumeApi {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        if before.rules.halt.is_some() {
            let mut after = Api::clone(before);
            after.rules.halt = None;
            draft.put_api(Action::ApiResume, after);
        }
        Ok(())
    }
}

/// The halt to note; nothing if there is one for the same reason. One that goes on keeps its beginning.
fn halted(before: Option<&Halt>, reason: HaltReason, draft: &Draft) -> Option<Halt> {
    let since = match before {
        Some(halt) if halt.reason == reason => return None,
        Some(halt) => halt.since,
        None => draft.now(),
    };
    Some(Halt {
        since,
        reason,
        by: draft.actor().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::tests::{World, api, refusal},
        domain::{actor::Actor, id::ClientId, permission::Permissions, time::Span},
    };

    fn halt(reason: &str) -> HaltIssuance {
        HaltIssuance {
            reason: reason.parse().unwrap(),
        }
    }

    #[test]
    fn a_halt_has_a_reason_and_keeps_its_beginning_until_it_ends() {
        let mut world = World::new();
        let since = world.now;
        world.run(halt("a key may be known")).unwrap();
        assert_eq!(world.audited(), ["issuance.halt"]);
        world.now = world.now.plus(Span::minutes(5));

        world.run(halt("a key may be known")).unwrap();
        assert!(world.last.is_none(), "nothing changed");
        world.run(halt("the key is known")).unwrap();

        let found = world.registry.policy().halt.clone().unwrap();
        assert_eq!(found.since, since);
        assert_eq!(found.reason.as_str(), "the key is known");
        assert!(world.last.as_ref().unwrap().takes_away());
        world.run(ResumeIssuance).unwrap();
        assert_eq!(world.registry.policy().halt, None);
        assert_eq!(world.audited(), ["issuance.resume"]);
        assert!(!world.last.as_ref().unwrap().takes_away());
        world.run(ResumeIssuance).unwrap();
        assert!(world.last.is_none(), "nothing changed");
    }

    #[test]
    fn an_api_is_halted_by_itself_and_the_built_in_one_never() {
        let mut world = World::new();
        let of = |name: &str| HaltApi {
            api: api(name),
            reason: "it is being moved".parse().unwrap(),
        };
        world.run(of("urn:shop")).unwrap();

        let halted = world.registry.find_api(&api("urn:shop")).unwrap();
        assert!(halted.rules.halt.is_some() && halted.is_active());
        assert_eq!(world.registry.policy().halt, None);
        assert_eq!(world.audited(), ["api.halt"]);
        let refused = world.run(of("urn:jeton:admin"));
        assert!(matches!(refusal(refused), Refusal::Conflict(_)));
        world
            .run(ResumeApi {
                api: api("urn:shop"),
            })
            .unwrap();
        let resumed = world.registry.find_api(&api("urn:shop")).unwrap();
        assert_eq!(resumed.rules.halt, None);
        assert_eq!(world.audited(), ["api.resume"]);
    }

    #[test]
    fn who_may_only_change_clients_halts_nothing() {
        let mut world = World::new();
        let who: ClientId = "robot".parse().unwrap();
        let clients = [Permission::WriteClients, Permission::WriteSecrets];
        let actor = Actor::client(who, clients.into_iter().collect::<Permissions>());

        let refused = world.run_as(actor, halt("why not"));

        assert!(matches!(refusal(refused), Refusal::Forbidden(_)));
    }
}
