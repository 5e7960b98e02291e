//! Changes and commits: the only way from one registry to the next.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    api::Api,
    audit::{Action, AuditEntry, Facts, Object, difference, facts},
    client::Client,
    handover::Handover,
    id::{ApiIdentifier, ClientId, HandoverId, KeyId, OperatorId, RegistrationTokenId, Revision},
    key::SigningKey,
    operator::Operator,
    policy::Policy,
    registration::RegistrationToken,
    registry::Registry,
    time::Timestamp,
};
use crate::crypto::sealed::MasterKey;

/// One difference between two registries, and what the audit log calls it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The audit log's word.
    pub action: Action,
    /// What becomes of which record.
    pub effect: Effect,
}

/// What becomes of a record: what it is afterwards, or nothing if it is gone.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A client's record.
    Client(ClientId, Option<Arc<Client>>),
    /// An API's record.
    Api(ApiIdentifier, Option<Arc<Api>>),
    /// A signing key's record.
    Key(KeyId, Option<Arc<SigningKey>>),
    /// An operator's record.
    Operator(OperatorId, Option<Arc<Operator>>),
    /// No record changes; something happened to an object that the audit log must tell, and what.
    Told(Object, Facts),
    /// A hand-over's record, and whose secret it gives: for people, it is that client's matter.
    Handover(HandoverId, ClientId, Option<Arc<Handover>>),
    /// A registration token's record.
    RegistrationToken(RegistrationTokenId, Option<Arc<RegistrationToken>>),
    /// The policy, which is always there.
    Policy(Arc<Policy>),
    /// No record changes; the keys of the data file are wrapped by another master key.
    MasterKey(MasterKeyChange),
    /// No record changes; something happened that the audit log must tell.
    Nothing,
}

/// One master key in the place of another. Equal to another change if the keys' ids are.
#[derive(Clone, Debug)]
pub struct MasterKeyChange {
    /// What wraps the keys before.
    pub old: Arc<MasterKey>,
    /// What wraps them afterwards.
    pub new: Arc<MasterKey>,
}

impl PartialEq for MasterKeyChange {
    fn eq(&self, other: &Self) -> bool {
        self.old.id() == other.old.id() && self.new.id() == other.new.id()
    }
}

impl Effect {
    /// Which object it is about.
    pub fn object(&self) -> Object {
        match self {
            Self::Client(id, _) => Object::Client(id.clone()),
            Self::Api(id, _) => Object::Api(id.clone()),
            Self::Key(id, _) => Object::Key(id.clone()),
            Self::Operator(id, _) => Object::Operator(id.clone()),
            Self::Told(object, _) => object.clone(),
            Self::Handover(_, client, _) => Object::Client(client.clone()),
            Self::RegistrationToken(id, _) => Object::RegistrationToken(id.clone()),
            Self::Policy(_) => Object::Settings,
            Self::MasterKey(_) | Self::Nothing => Object::Server,
        }
    }

    fn facts_before(&self, registry: &Registry) -> Facts {
        match self {
            Self::Client(id, _) => registry.find_client(id).map(|it| it.facts()),
            Self::Api(id, _) => registry.find_api(id).map(|it| it.facts()),
            Self::Key(id, _) => registry.find_key(id).map(|it| it.facts()),
            Self::Operator(id, _) => registry.find_operator(id).map(|it| it.facts()),
            Self::Handover(id, ..) => registry.find_handover(id).map(|it| it.facts()),
            Self::RegistrationToken(id, _) => {
                registry.find_registration_token(id).map(|it| it.facts())
            }
            Self::Policy(_) => Some(registry.policy().facts()),
            Self::MasterKey(change) => Some(master_key_facts(&change.old)),
            Self::Told(..) | Self::Nothing => None,
        }
        .unwrap_or_default()
    }

    fn facts_after(&self) -> Facts {
        match self {
            Self::Client(_, after) => after.as_ref().map(|it| it.facts()),
            Self::Api(_, after) => after.as_ref().map(|it| it.facts()),
            Self::Key(_, after) => after.as_ref().map(|it| it.facts()),
            Self::Operator(_, after) => after.as_ref().map(|it| it.facts()),
            Self::Told(_, facts) => Some(facts.clone()),
            Self::Handover(.., after) => after.as_ref().map(|it| it.facts()),
            Self::RegistrationToken(_, after) => after.as_ref().map(|it| it.facts()),
            Self::Policy(after) => Some(after.facts()),
            Self::MasterKey(change) => Some(master_key_facts(&change.new)),
            Self::Nothing => None,
        }
        .unwrap_or_default()
    }

    /// The same effect on a record that says which revision changed it.
    fn stamped(self, revision: Revision) -> Self {
        macro_rules! stamp {
            ($kind:ident, $id:expr, $after:expr) => {
                Self::$kind(
                    $id,
                    $after.map(|record| {
                        let mut record = Arc::unwrap_or_clone(record);
                        record.revision = revision;
                        Arc::new(record)
                    }),
                )
            };
        }
        match self {
            Self::Client(id, after) => stamp!(Client, id, after),
            Self::Api(id, after) => stamp!(Api, id, after),
            Self::Key(id, after) => stamp!(Key, id, after),
            Self::Operator(id, after) => stamp!(Operator, id, after),
            Self::Told(object, facts) => Self::Told(object, facts),
            Self::Handover(id, client, after) => {
                let stamped = after.map(|record| {
                    let mut record = Arc::unwrap_or_clone(record);
                    record.revision = revision;
                    Arc::new(record)
                });
                Self::Handover(id, client, stamped)
            }
            Self::RegistrationToken(id, after) => stamp!(RegistrationToken, id, after),
            Self::Policy(after) => {
                let mut policy = Arc::unwrap_or_clone(after);
                policy.revision = revision;
                Self::Policy(Arc::new(policy))
            }
            Self::MasterKey(change) => Self::MasterKey(change),
            Self::Nothing => Self::Nothing,
        }
    }
}

fn master_key_facts(key: &MasterKey) -> Facts {
    facts([("master_key", key.id().to_owned())])
}

/// All that one command changes, with its audit entries: kept as a whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The revision it was decided on.
    pub base: Revision,
    /// When.
    pub at: Timestamp,
    /// What changes, in order.
    pub changes: Vec<Change>,
    /// One entry for each change.
    pub audit: Vec<AuditEntry>,
    /// What to remember so that the same request is not carried out twice.
    pub once: Option<OnceRecord>,
}

impl Commit {
    /// Puts changes together, and derives what the audit log says of them.
    pub fn new(base: &Registry, at: Timestamp, actor: &Actor, changes: Vec<Change>) -> Self {
        let revision = base.revision().next();
        let mut audit = Vec::with_capacity(changes.len());
        let mut registry = base.clone();
        let mut stamped = Vec::with_capacity(changes.len());
        for change in changes {
            let effect = change.effect.stamped(revision);
            audit.push(AuditEntry {
                at,
                actor: actor.to_string(),
                action: change.action.word().to_owned(),
                object: effect.object(),
                changes: difference(&effect.facts_before(&registry), &effect.facts_after()),
                revision,
                address: actor.address,
                request_id: actor.request_id.as_deref().map(str::to_owned),
            });
            registry.put(&effect);
            stamped.push(Change {
                action: change.action,
                effect,
            });
        }
        Self {
            base: base.revision(),
            at,
            changes: stamped,
            audit,
            once: None,
        }
    }

    /// Whether it takes a right from somebody, or lets in who is to do that: then it must be kept even on a full
    /// disk.
    pub fn takes_away(&self) -> bool {
        self.changes.iter().any(|change| change.action.takes_away())
    }

    /// The revision it makes.
    pub fn revision(&self) -> Revision {
        self.base.next()
    }
}

/// That a request with this idempotency key was carried out, and on what.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct OnceRecord {
    /// Who sent it; keys of different actors do not meet.
    pub actor: String,
    /// The `Idempotency-Key` it carried.
    pub key: String,
    /// SHA-256 of method, path and body, as base64url: another request under this key is refused.
    pub request: String,
    /// What it made or changed.
    pub object: Object,
    /// When.
    pub at: Timestamp,
}
