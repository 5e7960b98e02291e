//! The acts of the log, as people say them.

use crate::domain::audit::Action;

/// Acts on one kind of thing.
pub(super) struct Group {
    /// The beginning of their words: `secret.`.
    pub(super) prefix: &'static str,
    /// What the kind is called.
    pub(super) name: &'static str,
    /// The acts.
    pub(super) acts: &'static [Action],
}

impl Group {
    /// The word of each act, and how people say it.
    pub(super) fn options(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.acts.iter().map(|act| (act.word(), phrase(*act)))
    }
}

/// Every act, by what it is done to.
pub(super) const GROUPS: &[Group] = &[
    Group {
        prefix: "secret.",
        name: "Secrets",
        acts: &[
            Action::SecretCreate,
            Action::SecretRotate,
            Action::SecretRetire,
            Action::SecretUndo,
            Action::SecretRevoke,
            Action::SecretCancel,
            Action::SecretExtend,
            Action::SecretHold,
            Action::SecretEdit,
            Action::SecretShow,
            Action::SecretForget,
            Action::SecretLeak,
        ],
    },
    Group {
        prefix: "client.",
        name: "Clients",
        acts: &[
            Action::ClientCreate,
            Action::ClientEdit,
            Action::ClientLimit,
            Action::ClientDisable,
            Action::ClientEnable,
            Action::ClientRemove,
            Action::ClientPostpone,
            Action::ClientDismiss,
            Action::ClientRecall,
        ],
    },
    Group {
        prefix: "grant.",
        name: "Access",
        acts: &[
            Action::GrantSet,
            Action::GrantRemove,
            Action::GrantWatch,
            Action::GrantUnwatch,
            Action::GrantKeep,
        ],
    },
    Group {
        prefix: "api.",
        name: "APIs",
        acts: &[
            Action::ApiCreate,
            Action::ApiEdit,
            Action::ApiDisable,
            Action::ApiEnable,
            Action::ApiHalt,
            Action::ApiResume,
            Action::ApiRemove,
            Action::ApiRekey,
        ],
    },
    Group {
        prefix: "scope.",
        name: "Scopes",
        acts: &[Action::ScopeCreate, Action::ScopeEdit, Action::ScopeRemove],
    },
    Group {
        prefix: "detail_type.",
        name: "Authorization details",
        acts: &[
            Action::DetailTypeCreate,
            Action::DetailTypeEdit,
            Action::DetailTypeRemove,
        ],
    },
    Group {
        prefix: "key.",
        name: "Signing keys",
        acts: &[
            Action::KeyGenerate,
            Action::KeyActivate,
            Action::KeyRetire,
            Action::KeyRevoke,
        ],
    },
    Group {
        prefix: "operator.",
        name: "Operators",
        acts: &[
            Action::OperatorCreate,
            Action::OperatorEdit,
            Action::OperatorPassword,
            Action::OperatorDisable,
            Action::OperatorEnable,
            Action::OperatorRemove,
            Action::OperatorClaim,
            Action::OperatorInvite,
            Action::OperatorReset,
            Action::OperatorWithdraw,
            Action::OperatorAccept,
            Action::OperatorSignIn,
            Action::OperatorEnrol,
            Action::OperatorUnenrol,
            Action::OperatorCodes,
            Action::OperatorEndSessions,
        ],
    },
    Group {
        prefix: "server.",
        name: "Server",
        acts: &[
            Action::ServerInit,
            Action::ServerBackup,
            Action::ServerRestore,
            Action::ServerRekey,
            Action::ClockJump,
        ],
    },
    Group {
        prefix: "issuance.",
        name: "Issuance",
        acts: &[Action::IssuanceHalt, Action::IssuanceResume],
    },
    Group {
        prefix: "settings.",
        name: "Settings",
        acts: &[Action::SettingsEdit],
    },
    Group {
        prefix: "handover.",
        name: "Hand-overs",
        acts: &[
            Action::HandoverOffer,
            Action::HandoverRedeem,
            Action::HandoverWithdraw,
            Action::HandoverForget,
        ],
    },
    Group {
        prefix: "registration_token.",
        name: "Registration tokens",
        acts: &[
            Action::RegistrationTokenCreate,
            Action::RegistrationTokenUse,
            Action::RegistrationTokenRevoke,
            Action::RegistrationTokenForget,
        ],
    },
    Group {
        prefix: "registration.",
        name: "Registrations",
        acts: &[Action::RegistrationReplace, Action::RegistrationRevoke],
    },
    Group {
        prefix: "token.",
        name: "Tokens",
        acts: &[Action::TokenTest, Action::TokenRevoke],
    },
    Group {
        prefix: "audit.",
        name: "Audit log",
        acts: &[Action::AuditExport],
    },
];

/// An act as people say it; one that this version does not know is shown as it is.
pub(super) fn act(word: &str) -> String {
    let known = GROUPS.iter().flat_map(|group| group.acts);
    let known = known.copied().find(|action| action.word() == word);
    known.map_or_else(|| word.to_owned(), |action| phrase(action).to_owned())
}

/// The same for what a filter may name beside: all acts of a kind.
pub(super) fn act_or_group(word: &str) -> String {
    let group = GROUPS.iter().find(|group| group.prefix == word);
    group.map_or_else(|| act(word), |group| group.name.to_owned())
}

#[expect(clippy::too_many_lines, reason = "a phrase for each act, one a line")]
const fn phrase(action: Action) -> &'static str {
    match action {
        Action::ServerInit => "Set the server up",
        Action::ServerBackup => "Made a backup",
        Action::ServerRestore => "Restored a backup",
        Action::ServerRekey => "Changed the master key",
        Action::ClockJump => "Saw the clock jump",
        Action::ClientCreate => "Registered the client",
        Action::ClientEdit => "Edited the client",
        Action::ClientLimit => "Set the limits of the client",
        Action::ClientDisable => "Disabled the client",
        Action::ClientEnable => "Enabled the client",
        Action::ClientRemove => "Removed the client",
        Action::SecretCreate => "Made a secret",
        Action::SecretRotate => "Rotated the secret",
        Action::SecretRetire => "Retired the old secret",
        Action::SecretUndo => "Brought a retired secret back",
        Action::SecretRevoke => "Revoked a secret",
        Action::SecretCancel => "Cancelled the rotation",
        Action::SecretExtend => "Extended the old secret",
        Action::SecretHold => "Held the old secret, still in use",
        Action::SecretEdit => "Edited the note of a secret",
        Action::SecretShow => "Looked at a new secret",
        Action::TokenTest => "Minted a test token",
        Action::TokenRevoke => "Revoked all tokens of the client",
        Action::SecretForget => "Forgot dead secrets",
        Action::GrantSet => "Set the scopes",
        Action::GrantRemove => "Withdrew the scopes",
        Action::ApiCreate => "Defined the API",
        Action::ApiEdit => "Edited the API",
        Action::ApiDisable => "Disabled the API",
        Action::ApiEnable => "Enabled the API",
        Action::ApiHalt => "Halted issuance for the API",
        Action::ApiResume => "Resumed issuance for the API",
        Action::ApiRemove => "Removed the API",
        Action::ApiRekey => "Replaced the shared key",
        Action::ScopeCreate => "Defined a scope",
        Action::ScopeEdit => "Edited a scope",
        Action::ScopeRemove => "Removed a scope",
        Action::DetailTypeCreate => "Defined a type of authorization details",
        Action::DetailTypeEdit => "Edited a type of authorization details",
        Action::DetailTypeRemove => "Removed a type of authorization details",
        Action::KeyGenerate => "Generated a signing key",
        Action::KeyActivate => "Brought a signing key forward",
        Action::KeyRetire => "Retired a signing key",
        Action::KeyRevoke => "Removed a signing key at once",
        Action::OperatorCreate => "Added the operator",
        Action::OperatorEdit => "Edited the operator",
        Action::OperatorPassword => "Set a password",
        Action::OperatorDisable => "Disabled the operator",
        Action::OperatorEnable => "Enabled the operator",
        Action::OperatorRemove => "Removed the operator",
        Action::OperatorClaim => "Made the server theirs",
        Action::OperatorInvite => "Invited the operator",
        Action::OperatorReset => "Made a reset link",
        Action::OperatorWithdraw => "Withdrew the link",
        Action::OperatorAccept => "Followed the link",
        Action::OperatorSignIn => "Signed in",
        Action::OperatorEnrol => "Set up a second factor",
        Action::OperatorUnenrol => "Took the second factor away",
        Action::OperatorCodes => "Made new recovery codes",
        Action::OperatorEndSessions => "Ended all sessions",
        Action::IssuanceHalt => "Halted issuance",
        Action::IssuanceResume => "Resumed issuance",
        Action::SettingsEdit => "Edited the settings",
        Action::ClientPostpone => "Postponed what needs attention",
        Action::ClientDismiss => "Dismissed what needs attention",
        Action::ClientRecall => "Brought back what was put off",
        Action::SecretLeak => "Reported a secret as leaked",
        Action::GrantWatch => "Began to watch a scope",
        Action::GrantUnwatch => "Ended watching a scope",
        Action::GrantKeep => "Kept a scope",
        Action::HandoverOffer => "Offered a secret by a link",
        Action::HandoverRedeem => "Took the secret by the link",
        Action::HandoverWithdraw => "Withdrew the link to a secret",
        Action::HandoverForget => "Forgot an old link to a secret",
        Action::AuditExport => "Exported the audit log",
        Action::RegistrationTokenCreate => "Made a registration token",
        Action::RegistrationTokenUse => "Registered a client with the token",
        Action::RegistrationTokenRevoke => "Revoked the registration token",
        Action::RegistrationTokenForget => "Forgot an old registration token",
        Action::RegistrationReplace => "Replaced its own registration",
        Action::RegistrationRevoke => "Took the registration from the client",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_that_the_log_can_hold_can_be_chosen() {
        let source = include_str!("../../../domain/audit/action.rs");
        let words = source.lines().filter_map(|line| {
            line.trim()
                .strip_prefix("Self::")?
                .split_once(" => \"")?
                .1
                .strip_suffix("\",")
        });
        let words: Vec<&str> = words.collect();

        assert!(words.len() > 40, "{words:?}");
        for word in words {
            assert_ne!(act(word), word, "it has no words");
        }
    }

    #[test]
    fn an_act_of_a_later_version_is_shown_as_it_is() {
        assert_eq!(act("moon.land"), "moon.land");
        assert_eq!(act_or_group("secret."), "Secrets");
        assert_eq!(act_or_group("secret.rotate"), "Rotated the secret");
    }
}
