//! What all three surfaces show: plain data, made from the registry, the usage and the moment.
//!
//! The members of these are the members of the admin API's JSON. Times are RFC 3339 texts, spans
//! whole seconds. There is never a secret in them.

mod apis;
mod attention;
mod audit;
mod clients;
mod details;
mod halts;
mod handovers;
mod issued_token;
mod keys;
mod limits;
mod operators;
mod policy;
mod registrations;
mod secrets;
mod server;
mod usage;

use crate::domain::{id::SecretId, time::Timestamp, usage::Tally};

pub use self::{
    apis::{ApiView, ScopeView},
    attention::{AttentionListView, AttentionView, PostponedView},
    audit::{AuditView, FieldChangeView, ObjectView},
    clients::{ClientView, GrantView},
    details::DetailTypeView,
    halts::{HaltView, HaltedApiView, IssuanceView},
    handovers::HandoverView,
    issued_token::IssuedTokenView,
    keys::KeyView,
    limits::{LimitsView, QuotaView},
    operators::OperatorView,
    policy::PolicyView,
    registrations::{RegistrationTokenView, SelfRegistrationView},
    secrets::{
        AddressView, LastUsedView, RetiringView, RotationView, SecretDetailView, SecretView,
        SecretsView, VerdictView, judged,
    },
    server::{BackupsView, ServerAttentionView, ServerCertificateView},
    usage::{
        ClientUsageView, DayView, HourView, KeyFetchView, RefusedView, ScopeUseView, UnknownView,
        UnusedView, UsageView,
    },
};

/// From where things are looked at: the moment, and what is known of the use of secrets.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Since when every use is on record.
    pub watching_since: Timestamp,
    /// Exact latest uses and their number, without detail.
    pub latest: &'a dyn Fn(&SecretId) -> Option<(Timestamp, u64)>,
    /// The detail, if it was fetched.
    pub usage: Option<&'a Tally>,
}

/// Whether an object has no members: then JSON leaves it out.
fn is_empty_object(value: &serde_json::Value) -> bool {
    value.as_object().is_none_or(serde_json::Map::is_empty)
}

/// RFC 3339 in UTC.
fn moment(at: Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests;
