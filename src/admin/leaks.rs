//! Secrets that were found where they should not be.
//!
//! Who shows a secret has it, and that is proof enough. Whether it was one is told to nobody.

use super::{command::Command, draft::Draft, refusal::Refusal, secrets::touched};
use crate::domain::{
    audit::Action,
    client::Client,
    id::{ClientId, SecretId},
    permission::Permission,
    policy::OnLeak,
    registry::Registry,
    rotation,
    secret::{self, Proof},
};

/// Whose secret a text is, live or dead, if it is one that this server made. Looks only where the
/// checksum is right, and compares in constant time.
pub fn recognise(registry: &Registry, text: &str) -> Option<(ClientId, SecretId)> {
    let text = text.trim();
    let id = secret::public_id(text)?;
    let client = registry.find_client_by_secret(&id)?;
    let is_it = match &client.find_secret(&id)?.proof {
        Proof::Mac(digest) => registry
            .pepper()
            .matches(text.as_bytes(), digest.as_bytes()),
        Proof::Shared(kept) => kept.is(text),
        Proof::Password(_)
        | Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::CertificateKeySet(_)
        | Proof::Subject(_)
        | Proof::Federated(_) => false,
    };
    is_it.then(|| (client.id.clone(), id))
}

/// Marks a secret as leaked, and revokes it if the policy says so. Nothing happens the second time.
#[derive(Clone, Debug)]
pub struct ReportLeak {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub secret: SecretId,
}

/// What became of a leaked secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Leak {
    /// It was revoked by this report.
    Revoked,
    /// It is marked, and still works.
    Flagged,
    /// It did not work any more.
    Dead,
}

impl Command for ReportLeak {
    type Outcome = Leak;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Leak, Refusal> {
        let before = touched(registry, draft, &self.client)?;
        let now = draft.now();
        let found = before
            .find_secret(&self.secret)
            .ok_or_else(|| rotation::RotationError::Unknown(self.secret.clone()))?;
        let (mut after, outcome) = if !found.is_live(now) {
            (before.clone(), Leak::Dead)
        } else if registry.policy().on_leak == OnLeak::Revoke {
            let (after, _) = rotation::revoke(before, Some(&self.secret), now)?;
            (after, Leak::Revoked)
        } else {
            (before.clone(), Leak::Flagged)
        };
        mark(&mut after, &self.secret, now);
        if after != *before {
            draft.put_client(Action::SecretLeak, after);
        }
        Ok(outcome)
    }
}

fn mark(client: &mut Client, id: &SecretId, now: crate::domain::time::Timestamp) {
    let secret = client.secrets.iter_mut().find(|secret| secret.id == *id);
    if let Some(secret) = secret {
        secret.leaked.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::{
            settings::SetPolicy,
            tests::{World, person, refusal, register},
        },
        domain::{permission::Role, secret::Life},
    };

    fn report((client, secret): (ClientId, SecretId)) -> ReportLeak {
        ReportLeak { client, secret }
    }

    #[test]
    fn a_secret_is_recognised_by_who_has_all_of_it() {
        let mut world = World::new();
        let made = world.register("c");
        let text = made.secret.reveal();

        let found = recognise(&world.registry, &format!(" {text}\n"));

        assert_eq!(
            found,
            Some((made.client.id.clone(), made.secret.id().clone()))
        );
        let stranger = World::bare();
        assert_eq!(recognise(&stranger.registry, text), None);
        for other in ["", &text[1..], &text[..12], "jtn_AAAAAAAA"] {
            assert_eq!(recognise(&world.registry, other), None, "{other}");
        }
    }

    #[test]
    fn a_leaked_secret_is_revoked_at_once_and_reported_once() {
        let mut world = World::new();
        let made = world.register("c");
        let found = recognise(&world.registry, made.secret.reveal()).unwrap();

        let outcome = world.run(report(found.clone())).unwrap();

        assert_eq!(outcome, Leak::Revoked);
        assert_eq!(world.audited(), ["secret.leak"]);
        let secret = &world.client(&found.0).secrets[0];
        assert_eq!(secret.life(world.now), Life::Revoked);
        assert_eq!(secret.leaked, Some(world.now));
        assert_eq!(world.run(report(found)).unwrap(), Leak::Dead);
        assert!(world.last.is_none(), "nothing more happens");
    }

    #[test]
    fn where_people_decide_a_leaked_secret_is_only_marked() {
        let mut world = World::new();
        let flag = SetPolicy {
            on_leak: Some(OnLeak::Flag),
            ..SetPolicy::default()
        };
        world.run(flag).unwrap();
        let made = world.register("c");
        let found = recognise(&world.registry, made.secret.reveal()).unwrap();

        assert_eq!(world.run(report(found.clone())).unwrap(), Leak::Flagged);

        let secret = &world.client(&found.0).secrets[0];
        assert!(secret.is_live(world.now) && secret.leaked.is_some());
    }

    #[test]
    fn nobody_but_an_owner_reports_the_secret_of_a_client_that_manages_the_server() {
        let mut world = World::new();
        let grants = [("urn:jeton:admin", "clients:read")];
        let made = world.run(register("deployer", &grants)).unwrap();
        let found = recognise(&world.registry, made.secret.reveal()).unwrap();

        let refused = refusal(world.run_as(person(Role::Admin), report(found)));

        assert_eq!(refused, Refusal::Forbidden(Permission::Own));
    }
}
