//! A commit in the making: collects changes, hands out the moment, ids and secrets.

use std::sync::Arc;

use super::refusal::Refusal;
use crate::{
    crypto::random::Entropy,
    domain::{
        actor::Actor,
        api::Api,
        audit::{Action, Facts, Object},
        change::{Change, Commit, Effect, MasterKeyChange},
        client::Client,
        handover::Handover,
        id::{ApiIdentifier, ClientId, KeyId, OperatorId, RegistrationTokenId},
        key::SigningKey,
        operator::Operator,
        permission::{Permission, Permissions},
        policy::Policy,
        registration::RegistrationToken,
        registry::Registry,
        time::Timestamp,
    },
};

/// What a command has decided so far.
#[derive(Debug)]
pub struct Draft {
    actor: Actor,
    now: Timestamp,
    entropy: Entropy,
    changes: Vec<Change>,
}

impl Draft {
    /// Nothing decided yet.
    pub fn new(actor: Actor, now: Timestamp, entropy: Entropy) -> Self {
        Self {
            actor,
            now,
            entropy,
            changes: Vec::new(),
        }
    }

    /// The commit to make, or nothing if nothing changes.
    pub fn into_commit(self, base: &Registry) -> Option<Commit> {
        (!self.changes.is_empty()).then(|| Commit::new(base, self.now, &self.actor, self.changes))
    }

    /// Puts a client's record in place of the one there was, if any.
    pub fn put_client(&mut self, action: Action, client: Client) {
        self.change(
            action,
            Effect::Client(client.id.clone(), Some(Arc::new(client))),
        );
    }

    /// Takes a client's record away; its id stays taken.
    pub fn remove_client(&mut self, id: &ClientId) {
        self.change(Action::ClientRemove, Effect::Client(id.clone(), None));
    }

    /// Puts an API's record in place.
    pub fn put_api(&mut self, action: Action, api: Api) {
        self.change(
            action,
            Effect::Api(api.identifier.clone(), Some(Arc::new(api))),
        );
    }

    /// Takes an API's record away.
    pub fn remove_api(&mut self, identifier: &ApiIdentifier) {
        self.change(Action::ApiRemove, Effect::Api(identifier.clone(), None));
    }

    /// Puts a signing key's record in place.
    pub fn put_key(&mut self, action: Action, key: SigningKey) {
        self.change(action, Effect::Key(key.id.clone(), Some(Arc::new(key))));
    }

    /// Takes a signing key's record away.
    pub fn remove_key(&mut self, action: Action, id: &KeyId) {
        self.change(action, Effect::Key(id.clone(), None));
    }

    /// Puts an operator's record in place.
    pub fn put_operator(&mut self, action: Action, operator: Operator) {
        self.change(
            action,
            Effect::Operator(operator.id.clone(), Some(Arc::new(operator))),
        );
    }

    /// Takes an operator's record away.
    pub fn remove_operator(&mut self, id: &OperatorId) {
        self.change(Action::OperatorRemove, Effect::Operator(id.clone(), None));
    }

    /// Puts a hand-over's record in place.
    pub fn put_handover(&mut self, action: Action, handover: Handover) {
        let (id, client) = (handover.id.clone(), handover.client.clone());
        self.change(
            action,
            Effect::Handover(id, client, Some(Arc::new(handover))),
        );
    }

    /// Takes a hand-over's record away.
    pub fn remove_handover(&mut self, handover: &Handover) {
        let (id, client) = (handover.id.clone(), handover.client.clone());
        self.change(Action::HandoverForget, Effect::Handover(id, client, None));
    }

    /// Puts a registration token's record in place.
    pub fn put_registration_token(&mut self, action: Action, token: RegistrationToken) {
        let effect = Effect::RegistrationToken(token.id.clone(), Some(Arc::new(token)));
        self.change(action, effect);
    }

    /// Takes a registration token's record away.
    pub fn remove_registration_token(&mut self, id: &RegistrationTokenId) {
        let effect = Effect::RegistrationToken(id.clone(), None);
        self.change(Action::RegistrationTokenForget, effect);
    }

    /// Puts the policy in place of the one before.
    pub fn put_policy(&mut self, action: Action, policy: Policy) {
        self.change(action, Effect::Policy(Arc::new(policy)));
    }

    /// Wraps the keys of the data file by another master key.
    pub fn change_master_key(&mut self, change: MasterKeyChange) {
        self.change(Action::ServerRekey, Effect::MasterKey(change));
    }

    /// Tells the audit log of something that changes no record.
    pub fn note(&mut self, action: Action) {
        self.change(action, Effect::Nothing);
    }

    /// Tells the audit log of something that happened to `object` and changes no record.
    pub fn tell(&mut self, action: Action, object: Object, facts: Facts) {
        self.change(action, Effect::Told(object, facts));
    }

    fn change(&mut self, action: Action, effect: Effect) {
        self.changes.push(Change { action, effect });
    }

    /// The moment of the decision.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Where ids, keys and secrets come from.
    pub fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// Who asks.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Refuses an actor that may not do what needs `permission`.
    pub fn require(&self, permission: Permission) -> Result<(), Refusal> {
        if self.actor.may(permission) {
            Ok(())
        } else {
            Err(Refusal::Forbidden(permission))
        }
    }

    /// Refuses an actor that would hand out more than it has.
    pub fn require_all(&self, permissions: Permissions) -> Result<(), Refusal> {
        // What everybody may do to themselves is nobody's to hand out.
        let handed_out = permissions.without(Permission::KeepAccount);
        if self.actor.permissions().cover(handed_out) {
            Ok(())
        } else {
            Err(Refusal::Forbidden(Permission::Own))
        }
    }

    /// Refuses an actor that may not touch the credentials of `client`: only an Owner may, of a
    /// client that can manage this server.
    pub fn require_touch(&self, client: &Client) -> Result<(), Refusal> {
        if client.holds_admin() {
            self.require(Permission::Own)
        } else {
            Ok(())
        }
    }
}
