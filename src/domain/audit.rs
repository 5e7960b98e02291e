//! The audit log's words: who did what to which, when, and what it was before and after.
//!
//! Entries are derived from a commit's changes, so there is no change without one. Nothing secret
//! can reach them: they are made from [`Facts`], which hold none.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{
    id::{ApiIdentifier, ClientId, KeyId, OperatorId, RegistrationTokenId, Revision},
    time::Timestamp,
};

/// What may be said of a record, field by field; never a secret.
pub type Facts = BTreeMap<String, String>;

/// Facts from pairs.
pub(crate) fn facts<const N: usize>(pairs: [(&str, String); N]) -> Facts {
    pairs
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect()
}

/// What was done. Each is one word of the audit log.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// The server was set up.
    ServerInit,
    /// A backup was made.
    ServerBackup,
    /// A client was registered.
    ClientCreate,
    /// Its name, description, owner, lifetime or default scopes were edited.
    ClientEdit,
    /// It gets no tokens any more.
    ClientDisable,
    /// It gets tokens again.
    ClientEnable,
    /// It was removed for good.
    ClientRemove,
    /// It was given a secret without any other being live.
    SecretCreate,
    /// It was given a second secret; the first is on its way out.
    SecretRotate,
    /// An old secret was stopped as planned.
    SecretRetire,
    /// A retired secret was brought back.
    SecretUndo,
    /// A secret was stopped for good.
    SecretRevoke,
    /// A rotation was cancelled.
    SecretCancel,
    /// The deadline of a rotation was moved by an operator.
    SecretExtend,
    /// The deadline of a rotation was moved because the old secret was still in use.
    SecretHold,
    /// The note of a secret was edited.
    SecretEdit,
    /// A secret that was just made was looked at.
    SecretShow,
    /// Secrets that were dead for long were forgotten.
    SecretForget,
    /// An operator made a token in a client's name, to try it.
    TokenTest,
    /// All tokens of a client were revoked.
    TokenRevoke,
    /// A client's scopes on an API were set.
    GrantSet,
    /// A client's scopes on an API were withdrawn.
    GrantRemove,
    /// An API was defined.
    ApiCreate,
    /// An API was edited.
    ApiEdit,
    /// No tokens are issued for it any more.
    ApiDisable,
    /// Tokens are issued for it again.
    ApiEnable,
    /// It was removed.
    ApiRemove,
    /// Its shared key was replaced.
    ApiRekey,
    /// A scope was defined.
    ScopeCreate,
    /// A scope was edited.
    ScopeEdit,
    /// A scope was removed.
    ScopeRemove,
    /// A type of authorization details was defined.
    DetailTypeCreate,
    /// A type of authorization details was edited.
    DetailTypeEdit,
    /// A type of authorization details was removed.
    DetailTypeRemove,
    /// A signing key was generated.
    KeyGenerate,
    /// A signing key begins to sign earlier than planned.
    KeyActivate,
    /// A signing key was destroyed as planned.
    KeyRetire,
    /// A signing key was taken out at once.
    KeyRevoke,
    /// An operator was added.
    OperatorCreate,
    /// An operator was edited.
    OperatorEdit,
    /// An operator's password was set.
    OperatorPassword,
    /// An operator may not sign in any more.
    OperatorDisable,
    /// An operator may sign in again.
    OperatorEnable,
    /// An operator was removed.
    OperatorRemove,
    /// The first Owner made the server theirs.
    OperatorClaim,
    /// Somebody was invited to become an operator.
    OperatorInvite,
    /// An operator was given a link to begin anew with.
    OperatorReset,
    /// The link of an operator was withdrawn.
    OperatorWithdraw,
    /// An operator followed their link and chose a password.
    OperatorAccept,
    /// An operator signed in.
    OperatorSignIn,
    /// An operator set up a second factor.
    OperatorEnrol,
    /// The second factor of an operator was taken away.
    OperatorUnenrol,
    /// An operator made new recovery codes.
    OperatorCodes,
    /// The policy of the server was edited.
    SettingsEdit,
    /// What needs attention on a client was postponed.
    ClientPostpone,
    /// What needs attention about a client was dismissed.
    ClientDismiss,
    /// What was postponed is shown again.
    ClientRecall,
    /// A secret was reported as leaked.
    SecretLeak,
    /// A scope is watched before it is withdrawn.
    GrantWatch,
    /// A scope is watched no more.
    GrantUnwatch,
    /// A scope is kept, used or not.
    GrantKeep,
    /// A link to a new secret was made for a developer.
    HandoverOffer,
    /// A developer followed the link and took the secret.
    HandoverRedeem,
    /// The link was withdrawn.
    HandoverWithdraw,
    /// A hand-over that ended long ago was forgotten.
    HandoverForget,
    /// All sessions of an operator were ended.
    OperatorEndSessions,
    /// The audit log was exported.
    AuditExport,
    /// A token was made by which clients register themselves.
    RegistrationTokenCreate,
    /// A client was registered with it.
    RegistrationTokenUse,
    /// It registers no client any more.
    RegistrationTokenRevoke,
    /// One that ended long ago was forgotten.
    RegistrationTokenForget,
    /// A client replaced its own registration.
    RegistrationReplace,
    /// A client cannot manage its own registration any more.
    RegistrationRevoke,
}

impl Action {
    /// Whether somebody can do less afterwards, if only who knows what was replaced; also whether somebody comes
    /// in who may be about to see to that.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub const fn takes_away(self) -> bool {
        match self {
            Self::ClientDisable
            | Self::ClientRemove
            | Self::SecretRotate
            | Self::SecretRetire
            | Self::SecretRevoke
            | Self::SecretCancel
            | Self::TokenRevoke
            | Self::GrantSet
            | Self::GrantRemove
            | Self::ApiDisable
            | Self::ApiRemove
            | Self::ApiRekey
            | Self::ScopeRemove
            | Self::DetailTypeRemove
            | Self::KeyRetire
            | Self::KeyRevoke
            | Self::OperatorEdit
            | Self::OperatorPassword
            | Self::OperatorDisable
            | Self::OperatorRemove
            | Self::OperatorReset
            | Self::OperatorWithdraw
            | Self::OperatorSignIn
            | Self::SecretLeak
            | Self::HandoverWithdraw
            | Self::OperatorEndSessions
            | Self::RegistrationTokenRevoke
            | Self::RegistrationRevoke => true,
            Self::ServerInit
            | Self::ServerBackup
            | Self::ClientCreate
            | Self::ClientEdit
            | Self::ClientEnable
            | Self::SecretCreate
            | Self::SecretUndo
            | Self::SecretExtend
            | Self::SecretHold
            | Self::SecretEdit
            | Self::SecretShow
            | Self::SecretForget
            | Self::TokenTest
            | Self::ApiCreate
            | Self::ApiEdit
            | Self::ApiEnable
            | Self::ScopeCreate
            | Self::ScopeEdit
            | Self::DetailTypeCreate
            | Self::DetailTypeEdit
            | Self::KeyGenerate
            | Self::KeyActivate
            | Self::OperatorCreate
            | Self::OperatorEnable
            | Self::OperatorClaim
            | Self::OperatorInvite
            | Self::OperatorAccept
            | Self::OperatorEnrol
            | Self::OperatorUnenrol
            | Self::OperatorCodes
            | Self::SettingsEdit
            | Self::ClientPostpone
            | Self::ClientDismiss
            | Self::ClientRecall
            | Self::GrantWatch
            | Self::GrantUnwatch
            | Self::GrantKeep
            | Self::HandoverOffer
            | Self::HandoverRedeem
            | Self::HandoverForget
            | Self::AuditExport
            | Self::RegistrationTokenCreate
            | Self::RegistrationTokenUse
            | Self::RegistrationTokenForget
            | Self::RegistrationReplace => false,
        }
    }

    /// The word in the log, as `secret.rotate`.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ServerInit => "server.init",
            Self::ServerBackup => "server.backup",
            Self::ClientCreate => "client.create",
            Self::ClientEdit => "client.edit",
            Self::ClientDisable => "client.disable",
            Self::ClientEnable => "client.enable",
            Self::ClientRemove => "client.remove",
            Self::SecretCreate => "secret.create",
            Self::SecretRotate => "secret.rotate",
            Self::SecretRetire => "secret.retire",
            Self::SecretUndo => "secret.undo",
            Self::SecretRevoke => "secret.revoke",
            Self::SecretCancel => "secret.cancel",
            Self::SecretExtend => "secret.extend",
            Self::SecretHold => "secret.hold",
            Self::SecretEdit => "secret.edit",
            Self::SecretShow => "secret.show",
            Self::SecretForget => "secret.forget",
            Self::TokenTest => "token.test",
            Self::TokenRevoke => "token.revoke",
            Self::GrantSet => "grant.set",
            Self::GrantRemove => "grant.remove",
            Self::ApiCreate => "api.create",
            Self::ApiEdit => "api.edit",
            Self::ApiDisable => "api.disable",
            Self::ApiEnable => "api.enable",
            Self::ApiRemove => "api.remove",
            Self::ApiRekey => "api.rekey",
            Self::ScopeCreate => "scope.create",
            Self::ScopeEdit => "scope.edit",
            Self::ScopeRemove => "scope.remove",
            Self::DetailTypeCreate => "detail_type.create",
            Self::DetailTypeEdit => "detail_type.edit",
            Self::DetailTypeRemove => "detail_type.remove",
            Self::KeyGenerate => "key.generate",
            Self::KeyActivate => "key.activate",
            Self::KeyRetire => "key.retire",
            Self::KeyRevoke => "key.revoke",
            Self::OperatorCreate => "operator.create",
            Self::OperatorEdit => "operator.edit",
            Self::OperatorPassword => "operator.password",
            Self::OperatorDisable => "operator.disable",
            Self::OperatorEnable => "operator.enable",
            Self::OperatorRemove => "operator.remove",
            Self::OperatorClaim => "operator.claim",
            Self::OperatorInvite => "operator.invite",
            Self::OperatorReset => "operator.reset",
            Self::OperatorWithdraw => "operator.withdraw",
            Self::OperatorAccept => "operator.accept",
            Self::OperatorSignIn => "operator.sign_in",
            Self::OperatorEnrol => "operator.enrol",
            Self::OperatorUnenrol => "operator.unenrol",
            Self::OperatorCodes => "operator.codes",
            Self::SettingsEdit => "settings.edit",
            Self::ClientPostpone => "client.postpone",
            Self::ClientDismiss => "client.dismiss",
            Self::ClientRecall => "client.recall",
            Self::SecretLeak => "secret.leak",
            Self::GrantWatch => "grant.watch",
            Self::GrantUnwatch => "grant.unwatch",
            Self::GrantKeep => "grant.keep",
            Self::HandoverOffer => "handover.offer",
            Self::HandoverRedeem => "handover.redeem",
            Self::HandoverWithdraw => "handover.withdraw",
            Self::HandoverForget => "handover.forget",
            Self::OperatorEndSessions => "operator.end_sessions",
            Self::AuditExport => "audit.export",
            Self::RegistrationTokenCreate => "registration_token.create",
            Self::RegistrationTokenUse => "registration_token.use",
            Self::RegistrationTokenRevoke => "registration_token.revoke",
            Self::RegistrationTokenForget => "registration_token.forget",
            Self::RegistrationReplace => "registration.replace",
            Self::RegistrationRevoke => "registration.revoke",
        }
    }
}

/// What something was done to.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "id")]
pub enum Object {
    /// The server as a whole.
    Server,
    /// A client.
    Client(ClientId),
    /// An API.
    Api(ApiIdentifier),
    /// A signing key.
    Key(KeyId),
    /// An operator.
    Operator(OperatorId),
    /// A token by which clients register themselves.
    #[serde(rename = "registration_token")]
    RegistrationToken(RegistrationTokenId),
    /// The policy of the server.
    Settings,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("server"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::Api(id) => write!(f, "API {id}"),
            Self::Key(id) => write!(f, "key {id}"),
            Self::Operator(id) => write!(f, "operator {id}"),
            Self::RegistrationToken(id) => write!(f, "registration token {id}"),
            Self::Settings => f.write_str("settings"),
        }
    }
}

/// One field that is not what it was.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct FieldChange {
    /// Its name, as `grants.https://api.example.com`.
    pub field: String,
    /// What it was; nothing if it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; nothing if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The fields in which two states of a record differ.
pub fn difference(before: &Facts, after: &Facts) -> Vec<FieldChange> {
    let fields: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| FieldChange {
            field: field.clone(),
            before: before.get(field).cloned(),
            after: after.get(field).cloned(),
        })
        .collect()
}

/// One line of the audit log.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, as [`super::actor::Actor`] displays.
    pub actor: String,
    /// What, as [`Action::word`] says.
    pub action: String,
    /// To what.
    pub object: Object,
    /// What is different now.
    pub changes: Vec<FieldChange>,
    /// The revision it made.
    pub revision: Revision,
    /// From where, if over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// By which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// An entry as it is kept: numbered without gaps and chained to the one before it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRecord {
    /// Its number; the first is 1.
    pub seq: u64,
    /// What it says.
    pub entry: AuditEntry,
    /// The `mac` of the record before it; zeros for the first.
    pub prev: [u8; 32],
    /// HMAC-SHA-256 over `prev` and the stored bytes of the entry, under the server's audit key.
    pub mac: [u8; 32],
}

/// A stretch of the audit log, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditPage {
    /// Only records with a smaller number.
    pub before: Option<u64>,
    /// At most this many records.
    pub limit: usize,
    /// Only what was done by this actor.
    pub actor: Option<String>,
    /// Only this action, or all of a kind (`secret.`).
    pub action: Option<String>,
    /// Only what was done to this object's id.
    pub object: Option<String>,
    /// Only from then on.
    pub since: Option<Timestamp>,
    /// Only until then.
    pub until: Option<Timestamp>,
}

impl AuditPage {
    /// Whether `entry` passes the filters.
    pub fn admits(&self, entry: &AuditEntry) -> bool {
        let object_id = || match &entry.object {
            Object::Server => "server",
            Object::Client(id) => id.as_str(),
            Object::Api(id) => id.as_str(),
            Object::Key(id) => id.as_str(),
            Object::Operator(id) => id.as_str(),
            Object::RegistrationToken(id) => id.as_str(),
            Object::Settings => "settings",
        };
        let is_action = |wanted: &String| {
            entry.action == *wanted || (wanted.ends_with('.') && entry.action.starts_with(wanted))
        };
        self.actor
            .as_ref()
            .is_none_or(|actor| entry.actor == *actor)
            && self.action.as_ref().is_none_or(is_action)
            && self.object.as_ref().is_none_or(|id| object_id() == id)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at <= until)
    }
}
