//! What people note on a client: not now, watch this first, keep this.

use super::{
    command::Command,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::domain::{
    audit::Action,
    client::Client,
    id::{ApiIdentifier, ClientId},
    marks::{KEPT, Postponed, RuleName},
    name::Note,
    permission::Permission,
    registry::Registry,
    scope::Scope,
    time::Timestamp,
};

/// Shows what a rule found no more for a while, or until it is worse.
#[derive(Clone, Debug)]
pub struct PostponeAttention {
    /// On which client.
    pub client: ClientId,
    /// By which rule.
    pub rule: RuleName,
    /// How bad it is now.
    pub level: u8,
    /// Until when; until it is worse, if left out.
    pub until: Option<Timestamp>,
    /// Why.
    pub note: Note,
}

impl Command for PostponeAttention {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        if self.until.is_some_and(|until| until <= draft.now()) {
            return Err(FieldErrors::one("until", "write a time that is yet to come").into());
        }
        let action = match self.until {
            Some(_) => Action::ClientPostpone,
            None => Action::ClientDismiss,
        };
        let mut after = Client::clone(before);
        let postponed = Postponed {
            until: self.until,
            level: self.level,
            note: self.note,
            by: draft.actor().to_string(),
            at: draft.now(),
        };
        after.marks.postponed.insert(self.rule, postponed);
        draft.put_client(action, after);
        Ok(())
    }
}

/// Shows again what was postponed.
#[derive(Clone, Debug)]
pub struct RecallAttention {
    /// On which client.
    pub client: ClientId,
    /// By which rule.
    pub rule: RuleName,
}

impl Command for RecallAttention {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        let mut after = Client::clone(before);
        if after.marks.postponed.remove(&self.rule).is_some() {
            draft.put_client(Action::ClientRecall, after);
        }
        Ok(())
    }
}

/// A scope that a client has on an API.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Who.
    pub client: ClientId,
    /// Where.
    pub api: ApiIdentifier,
    /// What.
    pub scope: Scope,
}

impl Granted {
    /// The client, and which of its scopes is meant; it must have it.
    fn find(self, registry: &Registry) -> Result<(&Client, (ApiIdentifier, Scope)), Refusal> {
        let client = require::client(registry, &self.client)?;
        let granted = client.grants.get(&self.api);
        if granted.is_some_and(|scopes| scopes.contains(&self.scope)) {
            Ok((client, (self.api, self.scope)))
        } else {
            Err(Refusal::Conflict(format!(
                "{} does not have {} on {}",
                self.client, self.scope, self.api
            )))
        }
    }
}

/// Watches a scope before it is withdrawn: it goes on being granted.
#[derive(Clone, Debug)]
pub struct WatchScope(pub Granted);

impl Command for WatchScope {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let (before, scope) = self.0.find(registry)?;
        if !before.marks.watched.contains_key(&scope) {
            let mut after = before.clone();
            after.marks.watched.insert(scope, draft.now());
            draft.put_client(Action::GrantWatch, after);
        }
        Ok(())
    }
}

/// Watches a scope no more.
#[derive(Clone, Debug)]
pub struct StopWatching(pub Granted);

impl Command for StopWatching {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let (before, scope) = self.0.find(registry)?;
        let mut after = before.clone();
        if after.marks.watched.remove(&scope).is_some() {
            draft.put_client(Action::GrantUnwatch, after);
        }
        Ok(())
    }
}

/// Keeps a scope, used or not: nobody is asked about it for 90 days.
#[derive(Clone, Debug)]
pub struct KeepScope(pub Granted);

impl Command for KeepScope {
    /// Until when.
    type Outcome = Timestamp;

    const NEEDS: Permission = Permission::WriteGrants;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Timestamp, Refusal> {
        let (before, scope) = self.0.find(registry)?;
        let until = draft.now().plus(KEPT);
        let mut after = before.clone();
        after.marks.watched.remove(&scope);
        after.marks.kept.insert(scope, until);
        draft.put_client(Action::GrantKeep, after);
        Ok(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::{
            grants::{RemoveGrant, SetGrant},
            tests::{World, api, fields, refusal, scopes},
        },
        domain::time::Span,
    };

    fn granted(client: &ClientId, scope: &str) -> Granted {
        Granted {
            client: client.clone(),
            api: api("urn:shop"),
            scope: scope.parse().unwrap(),
        }
    }

    fn postpone(client: &ClientId, until: Option<Timestamp>) -> PostponeAttention {
        PostponeAttention {
            client: client.clone(),
            rule: "expiring".parse().unwrap(),
            level: 3,
            until,
            note: "after the release".parse().unwrap(),
        }
    }

    #[test]
    fn what_is_postponed_comes_back_in_time_or_when_it_is_worse() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        let until = world.now.plus(Span::days(7));

        world.run(postpone(&client, Some(until))).unwrap();

        let rule: RuleName = "expiring".parse().unwrap();
        let postponed = world.client(&client).marks.postponed[&rule].clone();
        assert!(postponed.holds(3, world.now));
        assert!(!postponed.holds(4, world.now), "it is worse");
        assert!(!postponed.holds(3, until), "its time is over");
        assert_eq!(postponed.by, "local:0");
        let recall = RecallAttention {
            client: client.clone(),
            rule,
        };
        world.run(recall.clone()).unwrap();
        assert_eq!(world.audited(), ["client.recall"]);
        assert!(world.client(&client).marks.postponed.is_empty());
        world.run(recall).unwrap();
        assert!(world.last.is_none());
    }

    #[test]
    fn what_is_dismissed_holds_until_it_is_worse() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();

        world.run(postpone(&client, None)).unwrap();
        assert_eq!(world.audited(), ["client.dismiss"]);
        let now = world.now;
        let past = postpone(&client, Some(now));

        let all = &world.client(&client).marks.postponed;
        let postponed = all.values().next().unwrap();
        assert!(postponed.holds(3, Timestamp(i64::MAX)) && !postponed.holds(4, now));
        assert_eq!(fields(world.run(past)), ["until"]);
    }

    #[test]
    fn a_scope_is_watched_until_it_is_kept_or_withdrawn() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        let (shop, read, write) = (
            api("urn:shop"),
            "read".parse().unwrap(),
            "write".parse().unwrap(),
        );
        world.run(WatchScope(granted(&client, "read"))).unwrap();
        world.run(WatchScope(granted(&client, "write"))).unwrap();
        let since = world.client(&client).marks.watched_since(&shop, &read);
        assert_eq!(since, Some(world.now));

        let until = world.run(KeepScope(granted(&client, "read"))).unwrap();
        let marks = &world.client(&client).marks;
        assert_eq!(until, world.now.plus(Span::days(90)));
        assert!(marks.is_kept(&shop, &read, world.now) && !marks.is_kept(&shop, &read, until));
        assert_eq!(marks.watched_since(&shop, &read), None);
        let set = SetGrant {
            client: client.clone(),
            api: shop.clone(),
            scopes: scopes("read list"),
            details: None,
        };
        world.run(set).unwrap();
        assert_eq!(
            world.client(&client).marks.watched_since(&shop, &write),
            None
        );
        let remove = RemoveGrant {
            client: client.clone(),
            api: shop,
        };
        world.run(remove).unwrap();
        assert!(world.client(&client).marks.kept.is_empty());
    }

    #[test]
    fn only_what_a_client_has_is_watched_or_kept() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();

        let watch = world.run(WatchScope(granted(&client, "list")));
        let keep = world.run(KeepScope(granted(&client, "nothing")));

        assert!(matches!(refusal(watch), Refusal::Conflict(_)));
        assert!(matches!(refusal(keep), Refusal::Conflict(_)));
        world.run(StopWatching(granted(&client, "read"))).unwrap();
        assert!(world.last.is_none(), "it was not watched");
    }
}
