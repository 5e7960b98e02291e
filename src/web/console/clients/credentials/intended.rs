//! What the pages that make a client were told of a secret that a developer is to take: the page
//! that makes the link asks the same, and has it filled in.

use serde::{Deserialize, Serialize};

use super::life::in_days;
use crate::{
    domain::{policy::Policy, time::Span},
    web::console::{form::Fields, visit::Visitor},
};

/// Under which name it stands in the session's draft.
const DRAFT: &str = "handover";

/// What was told.
#[derive(Deserialize, Serialize)]
pub(in crate::web::console::clients) struct Intended {
    /// The page that asks it again, below the console's path.
    pub(in crate::web::console::clients) path: String,
    /// How long the secret works; nothing: until it is replaced.
    pub(in crate::web::console::clients) life: Option<Span>,
    /// Where it will be kept.
    pub(in crate::web::console::clients) note: String,
    /// Whether the client signs with it.
    #[serde(default)]
    pub(in crate::web::console::clients) signs: bool,
}

impl Intended {
    /// As the session keeps it.
    pub(in crate::web::console::clients) fn as_draft(&self) -> serde_json::Value {
        serde_json::json!({ DRAFT: self })
    }

    /// What the session keeps for this page.
    pub(super) fn of(visitor: &Visitor, path: &str) -> Option<Self> {
        let draft = visitor.visit.draft()?.get(DRAFT)?;
        let intended: Self = serde_json::from_value(draft.clone()).ok()?;
        (intended.path == path).then_some(intended)
    }

    /// Into the fields of the page, as far as the policy allows it now.
    pub(super) fn fill(&self, fields: &mut Fields, policy: &Policy) {
        fields.set("note", &self.note);
        fields.set("signs", if self.signs { "yes" } else { "no" });
        match self.life {
            Some(life) => {
                fields.set(
                    "expires_in",
                    in_days(life.min(policy.longest_secret_lifetime)),
                );
            }
            None if policy.endless_secrets => fields.set("expires_in", ""),
            None => {}
        }
    }
}
