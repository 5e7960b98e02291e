//! Types of authorization details, as they are shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::{
    api::Api,
    details::{DetailType, TypeDetail},
};

/// A type of authorization details of an API.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DetailTypeView {
    /// What it is called.
    #[serde(rename = "type")]
    pub name: String,
    /// What it opens.
    pub description: String,
    /// The form of its details: a JSON Schema.
    #[schema(value_type = Object)]
    pub schema: Value,
}

impl DetailTypeView {
    /// Every type of `api`, by name.
    pub fn all_of(api: &Api) -> Vec<Self> {
        let types = api.rules.details.iter();
        types.map(|(name, detail)| Self::of(name, detail)).collect()
    }

    /// One type.
    pub fn of(name: &DetailType, detail: &TypeDetail) -> Self {
        Self {
            name: name.to_string(),
            description: detail.description.to_string(),
            schema: detail.schema.to_json().clone(),
        }
    }
}
