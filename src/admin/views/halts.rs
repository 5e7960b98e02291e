//! Halts, as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::domain::{halt::Halt, registry::Registry};

/// That no tokens are issued.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HaltView {
    /// Since when.
    pub since: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
}

/// Whether tokens are issued.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct IssuanceView {
    /// That none are issued at all; left out if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<HaltView>,
    /// The APIs for which none are issued by a halt of their own.
    pub apis: Vec<HaltedApiView>,
    /// The revision that last changed the settings, among them whether tokens are issued at all.
    pub revision: u64,
}

/// An API for which no tokens are issued.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HaltedApiView {
    /// Its identifier.
    pub api: String,
    /// What it is called.
    pub name: String,
    /// Since when, why and by whom.
    pub halted: HaltView,
}

impl HaltView {
    /// As it is.
    pub fn of(halt: &Halt) -> Self {
        Self {
            since: moment(halt.since),
            reason: halt.reason.to_string(),
            by: halt.by.clone(),
        }
    }
}

impl IssuanceView {
    /// As `registry` knows it.
    pub fn of(registry: &Registry) -> Self {
        let apis = registry.apis().filter_map(|api| {
            Some(HaltedApiView {
                api: api.identifier.to_string(),
                name: api.name.to_string(),
                halted: HaltView::of(api.rules.halt.as_ref()?),
            })
        });
        let policy = registry.policy();
        Self {
            halted: policy.halt.as_ref().map(HaltView::of),
            apis: apis.collect(),
            revision: policy.revision.0,
        }
    }
}
