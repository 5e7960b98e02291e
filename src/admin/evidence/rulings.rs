//! What people decided about evidence, and what other parts of the server know beside usage.

use super::attention::{Level, Rule};
use crate::domain::{
    id::{ApiIdentifier, ClientId, SecretId},
    scope::Scope,
    time::{Span, Timestamp},
};

/// What to take into account beside the registry and the usage. Every answer has a default that
/// takes nothing into account.
pub trait Rulings {
    /// Whether somebody put off this rule for this client, at this level or a higher one.
    fn is_postponed(&self, _client: &ClientId, _rule: Rule, _level: Level) -> bool {
        false
    }

    /// When a secret was reported as leaked.
    fn leaked(&self, _secret: &SecretId) -> Option<Timestamp> {
        None
    }

    /// How old a secret may become by the policy, if there is one.
    fn policy_age(&self) -> Option<Span> {
        None
    }

    /// Until when somebody decided to keep a scope that nobody asks for.
    fn kept_until(
        &self,
        _client: &ClientId,
        _api: &ApiIdentifier,
        _scope: &Scope,
    ) -> Option<Timestamp> {
        None
    }
}

/// Takes nothing into account.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRulings;

impl Rulings for NoRulings {}
