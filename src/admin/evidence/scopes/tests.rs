//! When a scope seems to be too much, and when the record cannot tell.

use super::*;
use crate::{
    admin::{
        evidence::tests::{hours_ago, seen},
        grants::{RemoveGrant, SetGrant},
        marks::{Granted, KeepScope},
        tests::{World, api, scopes},
    },
    domain::{
        time::Span,
        usage::{Asked, Observation},
    },
};

/// A client with `read` and `write`, made so many days ago, and what it asked for, in days ago.
struct Asker {
    world: World,
    client: ClientId,
    tally: Tally,
}

impl Asker {
    fn made_days_ago(days: u64) -> Self {
        let mut world = World::new();
        let now = world.now;
        world.now = now.minus(Span::days(days));
        let client = world.register("c").client.id.clone();
        world.now = now;
        Self {
            world,
            client,
            tally: Tally::default(),
        }
    }

    fn asked(mut self, some: &str, asked: Asked, days_ago: &[u64]) -> Self {
        for days in days_ago {
            self.tally.add(Observation::Issued {
                client: self.client.clone(),
                secret: "AAAAAAAA".parse().unwrap(),
                api: api("urn:shop"),
                scopes: scopes(some),
                asked,
                seen: seen(hours_ago(24 * days), 1),
            });
        }
        self
    }

    fn evidence(&self) -> Vec<ScopeEvidence> {
        let now = self.world.now;
        let asking = Asking::of(&self.client, &self.tally, now);
        scopes_of(self.world.client(&self.client), &asking, now)
    }

    fn suggested(&self) -> Vec<String> {
        let evidence = self.evidence().into_iter();
        let suggestions = evidence.filter_map(|scope| scope.suggestion);
        suggestions.map(|it| it.in_words()).collect()
    }
}

/// Each of the last 31 days.
fn daily() -> Vec<u64> {
    (0..31).collect()
}

#[test]
fn named_and_default_uses_of_a_scope_are_told_apart() {
    let asker = Asker::made_days_ago(100)
        .asked("read", Asked::ByName, &[1, 2, 2, 40])
        .asked("read write", Asked::ByDefault, &[0, 29, 30]);

    let evidence = asker.evidence();

    let [read, write] = evidence.as_slice() else {
        panic!("two scopes are granted: {evidence:?}");
    };
    assert_eq!(read.usage.last_named, Some(hours_ago(24).day()));
    assert_eq!((read.usage.named_30d, read.usage.default_30d), (3, 2));
    assert_eq!((write.usage.last_named, write.usage.named_30d), (None, 0));
    assert_eq!(write.usage.default_30d, 2);
}

#[test]
fn a_scope_that_was_not_asked_for_in_90_days_is_suggested() {
    let never = Asker::made_days_ago(60).asked("read", Asked::ByName, &daily());
    assert_eq!(never.suggested(), ["write has never been asked for."]);

    let unknown = Asker::made_days_ago(400).asked("read", Asked::ByName, &daily());
    assert_eq!(
        unknown.suggested(),
        ["write has not been asked for in 90 days."]
    );

    let long_ago = unknown.asked("write", Asked::ByName, &[94]);
    assert_eq!(
        long_ago.suggested(),
        ["write has not been asked for in 94 days."]
    );
    let lately = long_ago.asked("write", Asked::ByName, &[89]);
    assert!(lately.suggested().is_empty());
}

#[test]
fn too_little_on_record_suggests_nothing() {
    let young = Asker::made_days_ago(29).asked("read", Asked::ByName, &[0; 40]);
    assert!(young.suggested().is_empty());

    let few: Vec<u64> = (12..31).collect();
    let rare = Asker::made_days_ago(90).asked("read", Asked::ByName, &few);
    assert!(rare.suggested().is_empty());
    assert_eq!(rare.asked("read", Asked::ByName, &[1]).suggested().len(), 1);
}

#[test]
fn a_client_that_names_no_scope_gets_no_suggestion() {
    let asker = Asker::made_days_ago(60).asked("read", Asked::ByDefault, &daily());

    assert!(asker.suggested().is_empty());
    assert!(Asking::of(&asker.client, &asker.tally, asker.world.now).names_no_scope());
    let names_once = asker.asked("read", Asked::ByName, &[3]);
    assert_eq!(names_once.suggested(), ["write has never been asked for."]);
    let by_default = names_once.asked("write", Asked::ByDefault, &[3]);
    assert!(by_default.suggested().is_empty());
}

#[test]
fn a_scope_that_somebody_keeps_is_not_suggested() {
    let mut asker = Asker::made_days_ago(60).asked("read", Asked::ByName, &daily());
    let keep = KeepScope(Granted {
        client: asker.client.clone(),
        api: api("urn:shop"),
        scope: "write".parse().unwrap(),
    });

    let until = asker.world.run(keep).unwrap();

    assert!(asker.suggested().is_empty());
    let suggested = |now| {
        let asking = Asking::of(&asker.client, &asker.tally, asker.world.now);
        suggest(
            asker.world.client(&asker.client),
            (&api("urn:shop"), &"write".parse().unwrap()),
            &asking,
            now,
        )
    };
    assert!(suggested(until.minus(Span(1))).is_none());
    assert!(suggested(until).is_some());
}

#[test]
fn a_scope_that_was_given_lately_is_not_suggested() {
    let mut asker = Asker::made_days_ago(400).asked("read", Asked::ByName, &daily());
    let now = asker.world.now;
    let mut suggested = |days_ago: u64| {
        asker.world.now = now.minus(Span::days(days_ago));
        let given = SetGrant {
            client: asker.client.clone(),
            api: api("urn:shop"),
            scopes: scopes("read write list"),
            details: None,
        };
        asker.world.run(given).unwrap();
        asker.world.now = now;
        let entry = asker.world.last.as_ref().unwrap().audit[0].clone();
        let taken_back = RemoveGrant {
            client: asker.client.clone(),
            api: api("urn:shop"),
        };
        let mut all = Asking::all_of(&asker.tally, now);
        Asking::note_grant(&mut all, &entry);
        let client = asker.world.client(&asker.client).clone();
        let evidence = scopes_of(&client, &all[&asker.client], now);
        asker.world.run(taken_back).unwrap();
        let given = SetGrant {
            client: asker.client.clone(),
            api: api("urn:shop"),
            scopes: scopes("read write"),
            details: None,
        };
        asker.world.run(given).unwrap();
        let suggestions = evidence.into_iter().filter_map(|scope| scope.suggestion);
        suggestions.map(|it| it.in_words()).collect::<Vec<_>>()
    };

    let write = "write has not been asked for in 90 days.";
    assert_eq!(suggested(29), [write]);
    assert_eq!(suggested(40), ["list has never been asked for.", write]);
}
