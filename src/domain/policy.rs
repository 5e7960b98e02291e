//! The policy of the server: what operators decide for everything at once.
//!
//! It gives defaults and sets bounds. What is there already stays as it is when it changes.

use super::{
    audit::{Facts, facts},
    forward::ForwardRules,
    halt::Halt,
    id::Revision,
    name::DisplayName,
    time::{Lifetime, Span, Timestamp},
};

/// What operators decide for everything at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What this server is called: on its pages, and in authenticator apps.
    pub server_name: DisplayName,
    /// How long the tokens of a new API live, unless it says otherwise.
    pub token_lifetime: Lifetime,
    /// How long a new secret is suggested to work, and works where none may last for good.
    pub secret_lifetime: Span,
    /// The longest that a new secret may be set to work.
    pub longest_secret_lifetime: Span,
    /// Whether a secret may work until it is replaced.
    pub endless_secrets: bool,
    /// How long the old secret of a rotation goes on working, unless the rotation says otherwise.
    pub overlap: Span,
    /// How long a session of the console may rest.
    pub session_idle: Span,
    /// How long a session of the console may last.
    pub session_longest: Span,
    /// How long somebody counts as present after they proved who they are.
    pub reauthenticate_after: Span,
    /// What happens to a secret that is reported as leaked.
    pub on_leak: OnLeak,
    /// Whether every DPoP proof needs a nonce of this server, not only those made before it was started.
    pub dpop_nonces: bool,
    /// What requests must bring of which proxies ask by the name of a rule.
    pub forward_policies: ForwardRules,
    /// That no tokens are issued at all, if somebody said so.
    pub halt: Option<Halt>,
    /// When somebody confirmed that the master key is kept elsewhere too.
    pub master_key_kept: Option<Timestamp>,
    /// The revision that last changed it.
    pub revision: Revision,
}

/// What happens to a secret that is reported as leaked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnLeak {
    /// It is revoked at once.
    Revoke,
    /// It is marked, and people decide.
    Flag,
}

impl OnLeak {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Flag => "flag",
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            server_name: "Jeton".parse().expect("it is a name"),
            token_lifetime: Lifetime::DEFAULT,
            secret_lifetime: Span::days(180),
            longest_secret_lifetime: Span::days(365),
            endless_secrets: true,
            overlap: Span::hours(24),
            session_idle: Span::minutes(60),
            session_longest: Span::hours(12),
            reauthenticate_after: Span::minutes(15),
            on_leak: OnLeak::Revoke,
            dpop_nonces: false,
            forward_policies: ForwardRules::default(),
            halt: None,
            master_key_kept: None,
            revision: Revision::default(),
        }
    }
}

impl Policy {
    /// How long a secret works for which `asked` was asked: nothing means until it is replaced.
    ///
    /// # Errors
    /// If that is longer than it may be; says how long that is.
    pub fn life_of_secret(&self, asked: Option<Span>) -> Result<Option<Span>, String> {
        match asked {
            Some(span) if span > self.longest_secret_lifetime => Err(format!(
                "a secret lives for at most {} here",
                self.longest_secret_lifetime
            )),
            Some(span) => Ok(Some(span)),
            None if self.endless_secrets => Ok(None),
            None => Ok(Some(self.secret_lifetime)),
        }
    }

    /// What the audit log may say of it.
    pub fn facts(&self) -> Facts {
        let kept = self.master_key_kept;
        let mut all = facts([
            ("server_name", self.server_name.to_string()),
            ("token_lifetime", self.token_lifetime.to_string()),
            ("secret_lifetime", self.secret_lifetime.to_string()),
            (
                "longest_secret_lifetime",
                self.longest_secret_lifetime.to_string(),
            ),
            ("endless_secrets", self.endless_secrets.to_string()),
            ("overlap", self.overlap.to_string()),
            ("session_idle", self.session_idle.to_string()),
            ("session_longest", self.session_longest.to_string()),
            (
                "reauthenticate_after",
                self.reauthenticate_after.to_string(),
            ),
            ("on_leak", self.on_leak.as_str().to_owned()),
            (
                "master_key_kept",
                kept.map_or_else(String::new, |at| at.to_string()),
            ),
        ]);
        if self.dpop_nonces {
            all.insert("dpop_nonces".to_owned(), "yes".to_owned());
        }
        Halt::add_facts(self.halt.as_ref(), &mut all);
        for (name, rule) in self.forward_policies.iter() {
            all.insert(format!("forward_policies.{name}"), rule.to_string());
        }
        all
    }
}
