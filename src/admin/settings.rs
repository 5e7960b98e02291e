//! The policy of the server: edited as a whole or in part.

use super::{
    command::Command,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    secrets::{LONGEST_LIFE, SHORTEST_LIFE},
};
use crate::domain::{
    audit::Action,
    forward::ForwardRules,
    name::DisplayName,
    permission::Permission,
    policy::{OnLeak, Policy},
    registry::Registry,
    rotation::Overlap,
    time::{Lifetime, Span},
};

/// Changes the policy; what is not named stays as it is. What was made under the old one stays too.
#[derive(Clone, Debug, Default)]
pub struct SetPolicy {
    /// What this server is called.
    pub server_name: Option<DisplayName>,
    /// How long the tokens of a new API live.
    pub token_lifetime: Option<Lifetime>,
    /// How long a new secret works.
    pub secret_lifetime: Option<Span>,
    /// The longest that one may be set to work.
    pub longest_secret_lifetime: Option<Span>,
    /// Whether one may work until it is replaced.
    pub endless_secrets: Option<bool>,
    /// How long an old secret goes on working.
    pub overlap: Option<Span>,
    /// How long a session may rest.
    pub session_idle: Option<Span>,
    /// How long a session may last.
    pub session_longest: Option<Span>,
    /// How long somebody counts as present.
    pub reauthenticate_after: Option<Span>,
    /// What happens to a leaked secret.
    pub on_leak: Option<OnLeak>,
    /// Whether every DPoP proof needs a nonce.
    pub dpop_nonces: Option<bool>,
    /// The rules that proxies name, all of them.
    pub forward_policies: Option<ForwardRules>,
    /// Confirms that the master key is kept elsewhere too, or takes that back.
    pub master_key_kept: Option<bool>,
}

impl Command for SetPolicy {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = registry.policy();
        let master_key_kept = match self.master_key_kept {
            None => before.master_key_kept,
            Some(true) => Some(draft.now()),
            Some(false) => None,
        };
        let name = self.server_name;
        let after = Policy {
            server_name: name.unwrap_or_else(|| before.server_name.clone()),
            token_lifetime: self.token_lifetime.unwrap_or(before.token_lifetime),
            secret_lifetime: self.secret_lifetime.unwrap_or(before.secret_lifetime),
            longest_secret_lifetime: self
                .longest_secret_lifetime
                .unwrap_or(before.longest_secret_lifetime),
            endless_secrets: self.endless_secrets.unwrap_or(before.endless_secrets),
            overlap: self.overlap.unwrap_or(before.overlap),
            session_idle: self.session_idle.unwrap_or(before.session_idle),
            session_longest: self.session_longest.unwrap_or(before.session_longest),
            reauthenticate_after: self
                .reauthenticate_after
                .unwrap_or(before.reauthenticate_after),
            on_leak: self.on_leak.unwrap_or(before.on_leak),
            dpop_nonces: self.dpop_nonces.unwrap_or(before.dpop_nonces),
            forward_policies: self
                .forward_policies
                .unwrap_or_else(|| before.forward_policies.clone()),
            halt: before.halt.clone(),
            master_key_kept,
            revision: before.revision,
        };
        check(&after)?;
        if after.forward_policies != before.forward_policies {
            check_rules(&after, registry)?;
        }
        if after != **before {
            draft.put_policy(Action::SettingsEdit, after);
        }
        Ok(())
    }
}

/// Refuses what would lock people out or make no sense; all of it at once.
fn check(policy: &Policy) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut within = |field: &str, span: Span, (least, most): (Span, Span)| {
        if !(least..=most).contains(&span) {
            errors.add(field, &format!("write {least} to {most}"));
        }
    };
    let lives = (SHORTEST_LIFE, LONGEST_LIFE);
    within(
        "longest_secret_lifetime",
        policy.longest_secret_lifetime,
        lives,
    );
    let lives = (SHORTEST_LIFE, policy.longest_secret_lifetime);
    within("secret_lifetime", policy.secret_lifetime, lives);
    let sessions = (Span::minutes(15), Span::days(7));
    within("session_longest", policy.session_longest, sessions);
    let rests = (Span::minutes(5), policy.session_longest);
    within("session_idle", policy.session_idle, rests);
    let presence = (Span::minutes(1), policy.session_longest);
    within(
        "reauthenticate_after",
        policy.reauthenticate_after,
        presence,
    );
    if Overlap::of(policy.overlap).is_none() {
        errors.add("overlap", "write a minute to 30 days, or 0");
    }
    errors.finish()
}

/// Refuses rules about what there is not: nobody would get through.
fn check_rules(policy: &Policy, registry: &Registry) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (name, rule) in policy.forward_policies.iter() {
        let api = registry.find_api(&rule.audience);
        let Some(api) = api.filter(|api| !api.is_admin()) else {
            let message = format!("{name}: there is no API {}", rule.audience);
            errors.add("forward_policies", &message);
            continue;
        };
        let mut unknown = rule.scopes.iter();
        if let Some(scope) = unknown.find(|scope| !api.scopes.contains_key(*scope)) {
            let message = format!("{name}: {} has no scope {scope}", rule.audience);
            errors.add("forward_policies", &message);
        }
    }
    errors.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tests::{World, fields, refusal, register, rotate};

    #[test]
    fn only_what_is_named_changes() {
        let mut world = World::new();
        let before = Policy::clone(world.registry.policy());

        let edit = SetPolicy {
            session_idle: Some(Span::minutes(30)),
            master_key_kept: Some(true),
            ..SetPolicy::default()
        };
        world.run(edit).unwrap();

        let after = Policy {
            session_idle: Span::minutes(30),
            master_key_kept: Some(world.now),
            revision: world.registry.revision(),
            ..before
        };
        assert_eq!(**world.registry.policy(), after);
        assert_eq!(world.audited(), ["settings.edit"]);
        world.run(SetPolicy::default()).unwrap();
        assert!(world.last.is_none(), "nothing changed");
    }

    #[test]
    fn bounds_that_make_no_sense_are_named_all_at_once() {
        let mut world = World::new();

        let edit = SetPolicy {
            secret_lifetime: Some(Span::days(400)),
            session_longest: Some(Span::minutes(30)),
            session_idle: Some(Span::minutes(31)),
            overlap: Some(Span::days(31)),
            ..SetPolicy::default()
        };

        assert_eq!(
            fields(world.run(edit)),
            ["overlap", "secret_lifetime", "session_idle"]
        );
    }

    #[test]
    fn a_secret_lives_as_long_as_the_policy_lets_it() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        assert_eq!(world.client(&client).secrets[0].expires, None);

        let edit = SetPolicy {
            endless_secrets: Some(false),
            ..SetPolicy::default()
        };
        world.run(edit).unwrap();
        let made = world.run(register("d", &[])).unwrap();
        let mut long = rotate(&client);
        long.new.expires_in = Some(Span::days(366));

        let expires = made.client.secrets[0].expires;
        assert_eq!(expires, Some(world.now.plus(Span::days(180))));
        let refused = refusal(world.run(long));
        assert_eq!(
            refused.to_string(),
            "expires_in: a secret lives for at most 365d here"
        );
    }
}
