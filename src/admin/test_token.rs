//! Test tokens, as the audit log knows them.

use super::{command::Command, draft::Draft, refusal::Refusal, require};
use crate::domain::{
    audit::{Action, Object, facts},
    id::{ApiIdentifier, ClientId},
    permission::{ADMIN_API, Permission},
    registry::Registry,
    scope::ScopeSet,
};

/// Tells the audit log that an operator makes a token in a client's name, to try it.
#[derive(Clone, Debug)]
pub struct NoteTestToken {
    /// In whose name.
    pub client: ClientId,
    /// For which API; never the one by which this server is managed.
    pub api: ApiIdentifier,
    /// With which scopes.
    pub scopes: ScopeSet,
    /// What it allows in detail, as JSON.
    pub details: Option<String>,
}

impl Command for NoteTestToken {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let client = require::client(registry, &self.client)?;
        draft.require_touch(client)?;
        if self.api.as_str() == ADMIN_API {
            let message = "no test token is ever made for the admin API";
            return Err(Refusal::Conflict(message.to_owned()));
        }
        if !client.is_active() {
            let message = format!("{} is disabled, and gets no tokens", self.client);
            return Err(Refusal::Conflict(message));
        }
        let mut said = facts([
            ("api", self.api.to_string()),
            ("scopes", self.scopes.to_string()),
        ]);
        if let Some(details) = self.details {
            said.insert("authorization_details".to_owned(), details);
        }
        draft.tell(Action::TokenTest, Object::Client(self.client), said);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tests::{World, api, refusal, scopes};

    fn test_token(client: &ClientId, of: &str) -> NoteTestToken {
        NoteTestToken {
            client: client.clone(),
            api: api(of),
            scopes: scopes("read"),
            details: None,
        }
    }

    #[test]
    fn a_test_token_is_told_to_the_audit_log_and_changes_nothing() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        let before = world.client(&client).clone();

        world.run(test_token(&client, "urn:shop")).unwrap();

        assert_eq!(world.audited(), ["token.test"]);
        assert_eq!(*world.client(&client), before);
        let entry = &world.last.as_ref().unwrap().audit[0];
        assert_eq!(entry.object, Object::Client(client));
    }

    #[test]
    fn no_test_token_is_made_for_the_admin_api() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();

        let refused = world.run(test_token(&client, ADMIN_API));

        assert!(matches!(refusal(refused), Refusal::Conflict(_)));
    }
}
