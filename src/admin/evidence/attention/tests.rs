//! When each rule speaks, and when it falls silent.

mod put_off;

use super::*;
use crate::{
    admin::{
        clients::DisableClient,
        evidence::{
            scopes::Asking,
            tests::{issue, refuse, seen},
        },
        leaks::ReportLeak,
        marks::{Granted, KeepScope, PostponeAttention},
        secrets::{RetireSecret, RevokeSecret},
        settings::SetPolicy,
        tests::{World, api, register, rotate},
    },
    domain::{
        policy::OnLeak,
        registry::Registry,
        time::Span,
        usage::{Outcome, Tally},
    },
};

/// A server, and what was seen of it.
struct Scene {
    world: World,
    tally: Tally,
    guesses: Option<(ClientId, u64)>,
    oldest_secret: Span,
}

impl Scene {
    fn new() -> Self {
        Self {
            world: World::new(),
            tally: Tally::default(),
            guesses: None,
            oldest_secret: Span::days(3650),
        }
    }

    /// A client whose secret works for so long.
    fn client(&mut self, name: &str, expires_in: Option<Span>) -> ClientId {
        let mut command = register(name, &[("urn:shop", "read write")]);
        command.secret.expires_in = expires_in;
        self.world.run(command).unwrap().client.id.clone()
    }

    fn secret(&self, client: &ClientId) -> SecretId {
        let secrets = &self.world.client(client).secrets;
        secrets.last().unwrap().id.clone()
    }

    fn rotate(&mut self, client: &ClientId) {
        self.world.run(rotate(client)).unwrap();
    }

    fn issue(&mut self, client: &ClientId, secret: &SecretId, host: u8) {
        let seen = seen(self.world.now, host);
        issue(&mut self.tally, client.as_str(), secret.as_str(), seen);
    }

    fn refuse(&mut self, client: &ClientId, outcome: Outcome) {
        let seen = seen(self.world.now, 9);
        refuse(&mut self.tally, client.as_str(), outcome, seen);
    }

    /// Somebody reports the secret where leaks are only marked.
    fn leak(&mut self, client: &ClientId, secret: &SecretId) {
        let flag = SetPolicy {
            on_leak: Some(OnLeak::Flag),
            ..SetPolicy::default()
        };
        self.world.run(flag).unwrap();
        let report = ReportLeak {
            client: client.clone(),
            secret: secret.clone(),
        };
        self.world.run(report).unwrap();
    }

    /// Somebody puts a rule off, for so long or until it is worse.
    fn put_off(&mut self, client: &ClientId, (rule, level): (Rule, Level), time: Option<Span>) {
        let postpone = PostponeAttention {
            client: client.clone(),
            rule: rule.name(),
            level: level.number(),
            until: time.map(|time| self.world.now.plus(time)),
            note: "later".parse().unwrap(),
        };
        self.world.run(postpone).unwrap();
    }

    fn rows(&self) -> Vec<Attention> {
        self.look(|registry, lookout| attention(registry.clients(), lookout))
    }

    fn hidden(&self) -> Vec<PutOff> {
        self.look(|registry, lookout| put_off(registry.clients(), lookout))
    }

    fn look<T>(&self, look: impl FnOnce(&Registry, &Lookout<'_>) -> T) -> T {
        let now = self.world.now;
        let guesses = self.guesses.iter();
        let guesses = guesses.map(|(client, n)| (client.clone(), ([10, 0, 9, 7].into(), *n)));
        let overview = Overview::of(&self.tally, now)
            .with_asking(Asking::all_of(&self.tally, now))
            .with_guesses(guesses);
        let lookout = Lookout {
            now,
            watching_since: Timestamp(0),
            latest: Box::new(|secret| {
                let last = self.tally.last.get(secret);
                last.map(|last| (last.at, last.count))
            }),
            overview: &overview,
            oldest_secret: self.oldest_secret,
        };
        look(&self.world.registry, &lookout)
    }

    /// The one thing that needs attention.
    #[track_caller]
    fn only(&self) -> (Rule, Level, String, String) {
        let mut rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = rows.remove(0);
        (row.rule, row.level, row.reason, row.number)
    }

    #[track_caller]
    fn assert_quiet(&self) {
        assert_eq!(self.rows(), []);
    }
}

#[test]
fn a_leaked_secret_is_the_worst_until_it_is_revoked() {
    let mut scene = Scene::new();
    let client = scene.client("c", Some(Span::days(5)));
    let secret = scene.secret(&client);
    scene.leak(&client, &secret);
    scene.world.advance(Span::hours(3));

    let rows = scene.rows();

    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].rule, rows[0].level), (Rule::Leaked, Level::Danger));
    assert_eq!(rows[0].act, Act::Revoke(secret.clone()));
    assert_eq!(
        rows[0].reason,
        format!("Its secret {secret} was reported as leaked 3 hours ago and still works.")
    );
    let revoke = RevokeSecret {
        client,
        secret: Some(secret),
    };
    scene.world.run(revoke).unwrap();
    scene.assert_quiet();
}

#[test]
fn a_client_whose_only_secret_stopped_is_broken_while_it_asks() {
    let mut scene = Scene::new();
    let client = scene.client("c", Some(Span::days(20)));
    scene.world.advance(Span::days(20));
    scene.world.advance(Span::hours(5));
    scene.assert_quiet();

    for _ in 0..41 {
        scene.refuse(&client, Outcome::ExpiredSecret);
    }
    scene.world.advance(Span::minutes(4));

    let (rule, level, reason, number) = scene.only();
    assert_eq!((rule, level), (Rule::Broken, Level::Danger));
    assert_eq!(
        reason,
        "Its only secret expired 5 hours ago. 41 requests refused, the last 4 minutes ago from \
         10.0.0.9."
    );
    assert_eq!(number, "41 refused");
    scene.world.advance(Span::hours(1));
    scene.assert_quiet();
}

#[test]
fn an_old_secret_that_stops_soon_and_is_used_is_spoken_of() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    let old = scene.secret(&client);
    scene.rotate(&client);
    let new = scene.secret(&client);
    scene.issue(&client, &old, 1);
    scene.issue(&client, &new, 2);
    scene.assert_quiet();

    scene.world.advance(Span::hours(21));
    scene.issue(&client, &old, 1);

    assert_eq!(
        scene.only(),
        (
            Rule::Deadline,
            Level::Danger,
            "Stops in 3 hours and is still in use by 10.0.0.1.".to_owned(),
            "in 3 hours".to_owned()
        )
    );
    scene.issue(&client, &new, 1);
    scene.world.advance(Span(1));
    scene.issue(&client, &new, 1);
    assert_eq!(scene.only().0, Rule::Finish);
}

#[test]
fn the_only_secret_is_spoken_of_two_weeks_before_it_expires() {
    let mut scene = Scene::new();
    let client = scene.client("c", Some(Span::days(15)));
    scene.assert_quiet();

    scene.world.advance(Span::days(2));
    assert_eq!(
        scene.only(),
        (
            Rule::Expiring,
            Level::Warning,
            "Its only secret expires 30 Jan, 08:00 UTC, in 13 days.".to_owned(),
            "in 13 days".to_owned()
        )
    );
    scene.world.advance(Span::days(10));
    assert_eq!(scene.only().1, Level::Danger);

    scene.rotate(&client);
    scene.assert_quiet();
}

#[test]
fn a_rotation_that_can_be_finished_is_spoken_of_until_it_is() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    let old = scene.secret(&client);
    scene.issue(&client, &old, 1);
    scene.rotate(&client);
    let new = scene.secret(&client);
    scene.assert_quiet();

    scene.world.advance(Span::minutes(5));
    scene.issue(&client, &new, 1);

    let rows = scene.rows();
    assert_eq!(rows[0].rule, Rule::Finish);
    assert_eq!(rows[0].act, Act::Retire(old.clone()));
    assert_eq!(rows[0].reason, "Safe to retire. No use for 5 minutes.");
    let retire = RetireSecret {
        client,
        secret: Some(old),
    };
    scene.world.run(retire).unwrap();
    scene.assert_quiet();
}

#[test]
fn somebody_who_tries_secrets_is_spoken_of() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    scene.guesses = Some((client.clone(), 19));
    scene.assert_quiet();

    scene.guesses = Some((client, 38));

    assert_eq!(
        scene.only(),
        (
            Rule::Guessing,
            Level::Warning,
            "38 wrong secrets in 10 minutes from 10.0.9.7.".to_owned(),
            "38 refused".to_owned()
        )
    );
}

#[test]
fn a_client_that_gets_no_tokens_is_spoken_of_after_a_while() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    let secret = scene.secret(&client);
    scene.world.advance(Span::days(29));
    scene.assert_quiet();

    scene.world.advance(Span::days(1));
    let (rule, level, reason, _) = scene.only();
    assert_eq!((rule, level), (Rule::Unused, Level::Notice));
    assert_eq!(reason, "No token yet, 30 days after it was made.");

    scene.issue(&client, &secret, 1);
    scene.assert_quiet();
    scene.world.advance(Span::days(90));
    assert_eq!(scene.only().2, "No token for 90 days.");
}

#[test]
fn scopes_that_nobody_asks_for_are_spoken_of_unless_they_are_kept() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    let secret = scene.secret(&client);
    for _ in 0..31 {
        scene.issue(&client, &secret, 1);
        scene.world.advance(Span::days(1));
    }

    let rows = scene.rows();

    assert_eq!(
        (rows[0].rule, rows[0].level),
        (Rule::TooBroad, Level::Notice)
    );
    assert_eq!(rows[0].reason, "write has never been asked for.");
    assert_eq!(
        (&rows[0].act, rows[0].number.as_str()),
        (&Act::ReviewAccess, "1 scope")
    );
    let keep = KeepScope(Granted {
        client,
        api: api("urn:shop"),
        scope: "write".parse().unwrap(),
    });
    scene.world.run(keep).unwrap();
    scene.assert_quiet();
}

#[test]
fn a_secret_older_than_the_policy_allows_is_spoken_of() {
    let mut scene = Scene::new();
    let client = scene.client("c", None);
    let secret = scene.secret(&client);
    scene.world.advance(Span::days(31));
    scene.issue(&client, &secret, 1);
    scene.assert_quiet();

    scene.oldest_secret = Span::days(30);

    assert_eq!(
        scene.only(),
        (
            Rule::Old,
            Level::Notice,
            "Its secret is 31 days old; the policy allows 30 days.".to_owned(),
            "31 days".to_owned()
        )
    );
    scene.rotate(&client);
    scene.assert_quiet();
}

#[test]
fn each_client_has_one_row_and_the_worst_comes_first() {
    let mut scene = Scene::new();
    let later = scene.client("later", Some(Span::days(12)));
    scene.client("sooner", Some(Span::days(5)));
    let worst = scene.client("worst", Some(Span::days(5)));
    scene.client("fine", None);
    let secret = scene.secret(&worst);
    scene.leak(&worst, &secret);
    scene.oldest_secret = Span::days(1);
    scene.guesses = Some((later, 50));
    scene.world.advance(Span::days(2));

    let rows = scene.rows();

    let rows = rows.iter().map(|row| (row.name.as_str(), row.rule));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ("worst", Rule::Leaked),
            ("sooner", Rule::Expiring),
            ("later", Rule::Expiring),
            ("fine", Rule::Old),
        ]
    );
}

#[test]
fn a_disabled_client_needs_no_attention_but_for_a_leak() {
    let mut scene = Scene::new();
    let client = scene.client("c", Some(Span::days(10)));
    let secret = scene.secret(&client);
    let disable = DisableClient {
        client: client.clone(),
    };
    scene.world.run(disable).unwrap();
    scene.assert_quiet();

    scene.leak(&client, &secret);

    assert_eq!(scene.only().0, Rule::Leaked);
}

#[test]
fn rules_and_levels_are_found_by_their_words() {
    for rule in Rule::ALL {
        assert_eq!(Rule::find_by_word(rule.as_str()), Some(rule));
    }
    for level in [Level::Notice, Level::Warning, Level::Danger] {
        assert_eq!(Level::find_by_word(level.as_str()), Some(level));
    }
    assert_eq!(Rule::find_by_word("fine"), None);
}
