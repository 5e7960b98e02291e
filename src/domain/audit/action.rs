//! What was done: one word of the audit log for each.

/// What was done. Each is one word of the audit log.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// The server was set up.
    ServerInit,
    /// A backup was made.
    ServerBackup,
    /// A backup was restored.
    ServerRestore,
    /// The master key gave way to another.
    ServerRekey,
    /// The clock of the machine jumped.
    ClockJump,
    /// A client was registered.
    ClientCreate,
    /// Its name, description, owner, lifetime or default scopes were edited.
    ClientEdit,
    /// From where it may authenticate, or how many tokens it may get, was limited otherwise.
    ClientLimit,
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
    /// No tokens are issued for it for a while; those there are go on to count.
    ApiHalt,
    /// Tokens are issued for it again.
    ApiResume,
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
    /// No tokens are issued at all for a while; those there are go on to count.
    IssuanceHalt,
    /// Tokens are issued again.
    IssuanceResume,
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
    /// Every one.
    pub const ALL: [Self; 81] = [
        Self::ServerInit,
        Self::ServerBackup,
        Self::ServerRestore,
        Self::ServerRekey,
        Self::ClockJump,
        Self::ClientCreate,
        Self::ClientEdit,
        Self::ClientDisable,
        Self::ClientEnable,
        Self::ClientRemove,
        Self::SecretCreate,
        Self::SecretRotate,
        Self::SecretRetire,
        Self::SecretUndo,
        Self::SecretRevoke,
        Self::SecretCancel,
        Self::SecretExtend,
        Self::SecretHold,
        Self::SecretEdit,
        Self::SecretShow,
        Self::SecretForget,
        Self::TokenTest,
        Self::TokenRevoke,
        Self::GrantSet,
        Self::GrantRemove,
        Self::ApiCreate,
        Self::ApiEdit,
        Self::ApiDisable,
        Self::ApiEnable,
        Self::ApiRemove,
        Self::ApiRekey,
        Self::ScopeCreate,
        Self::ScopeEdit,
        Self::ScopeRemove,
        Self::DetailTypeCreate,
        Self::DetailTypeEdit,
        Self::DetailTypeRemove,
        Self::KeyGenerate,
        Self::KeyActivate,
        Self::KeyRetire,
        Self::KeyRevoke,
        Self::OperatorCreate,
        Self::OperatorEdit,
        Self::OperatorPassword,
        Self::OperatorDisable,
        Self::OperatorEnable,
        Self::OperatorRemove,
        Self::OperatorClaim,
        Self::OperatorInvite,
        Self::OperatorReset,
        Self::OperatorWithdraw,
        Self::OperatorAccept,
        Self::OperatorSignIn,
        Self::OperatorEnrol,
        Self::OperatorUnenrol,
        Self::OperatorCodes,
        Self::SettingsEdit,
        Self::ClientPostpone,
        Self::ClientDismiss,
        Self::ClientRecall,
        Self::SecretLeak,
        Self::GrantWatch,
        Self::GrantUnwatch,
        Self::GrantKeep,
        Self::HandoverOffer,
        Self::HandoverRedeem,
        Self::HandoverWithdraw,
        Self::HandoverForget,
        Self::OperatorEndSessions,
        Self::AuditExport,
        Self::RegistrationTokenCreate,
        Self::RegistrationTokenUse,
        Self::RegistrationTokenRevoke,
        Self::RegistrationTokenForget,
        Self::RegistrationReplace,
        Self::RegistrationRevoke,
        Self::ClientLimit,
        Self::ApiHalt,
        Self::ApiResume,
        Self::IssuanceHalt,
        Self::IssuanceResume,
    ];

    /// The one of this word; nothing if this version does not know it.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// Whether somebody can do less afterwards, if only who knows what was replaced; also whether somebody comes
    /// in who may be about to see to that.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub const fn takes_away(self) -> bool {
        match self {
            Self::ClientDisable
            | Self::ClientLimit
            | Self::ClientRemove
            | Self::SecretRotate
            | Self::SecretRetire
            | Self::SecretRevoke
            | Self::SecretCancel
            | Self::TokenRevoke
            | Self::GrantSet
            | Self::GrantRemove
            | Self::ApiDisable
            | Self::ApiHalt
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
            | Self::IssuanceHalt
            | Self::SecretLeak
            | Self::HandoverWithdraw
            | Self::OperatorEndSessions
            | Self::RegistrationTokenRevoke
            | Self::RegistrationRevoke => true,
            Self::ServerInit
            | Self::ServerBackup
            | Self::ServerRestore
            | Self::ServerRekey
            | Self::ClockJump
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
            | Self::ApiResume
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
            | Self::IssuanceResume
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
            Self::ServerRestore => "server.restore",
            Self::ServerRekey => "server.rekey",
            Self::ClockJump => "server.clock_jump",
            Self::ClientCreate => "client.create",
            Self::ClientEdit => "client.edit",
            Self::ClientLimit => "client.limit",
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
            Self::ApiHalt => "api.halt",
            Self::ApiResume => "api.resume",
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
            Self::IssuanceHalt => "issuance.halt",
            Self::IssuanceResume => "issuance.resume",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_found_by_its_word() {
        let source = include_str!("action.rs");
        let words = source.lines().filter_map(|line| {
            let arm = line.trim().strip_prefix("Self::")?.split_once(" => \"")?;
            arm.1.strip_suffix("\",")
        });
        let words: Vec<&str> = words.collect();

        assert_eq!(words.len(), Action::ALL.len());
        for word in words {
            assert_eq!(Action::named(word).map(Action::word), Some(word));
        }
        assert_eq!(Action::named("moon.land"), None);
    }
}
