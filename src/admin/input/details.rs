//! What is written to define and edit types of authorization details.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{CHECKED, Edit, parse_or_default, parse_some};
use crate::{
    admin::{
        details::{DefineDetailType, EditDetailType},
        refusal::FieldErrors,
    },
    domain::{
        details::{DetailType, DetailTypes, Schema, SchemaError, TypeDetail},
        id::ApiIdentifier,
    },
};

/// A new type of authorization details (RFC 9396).
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailTypeInput {
    /// What it is called: the `type` of its details.
    #[serde(default, rename = "type")]
    #[schema(required)]
    pub name: String,
    /// What it opens, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The form of its details: a JSON Schema of draft 2020-12, as an object or as its text. What it does not
    /// speak of is refused.
    #[serde(default)]
    #[schema(required, value_type = Object)]
    pub schema: Value,
}

impl DetailTypeInput {
    /// The command, or all that is wrong with it.
    pub fn parse(self, api: ApiIdentifier) -> Result<DefineDetailType, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("type", self.name.parse());
        let description = self.description.as_deref();
        let description = parse_or_default(description, "description", &mut errors);
        let schema = errors.check("schema", parse_schema(self.schema));
        errors.finish()?;
        Ok(DefineDetailType {
            api,
            name: name.expect(CHECKED),
            detail: TypeDetail {
                description,
                schema: schema.expect(CHECKED),
            },
        })
    }
}

/// A schema: its text, as forms and the command line send it, or the object itself.
fn parse_schema(schema: Value) -> Result<Schema, SchemaError> {
    if let Value::String(text) = &schema {
        return Schema::parse(text);
    }
    Schema::new(schema)
}

/// Changes to a type: what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailTypeEditInput {
    /// What it opens.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<String>)]
    pub description: Edit<String>,
    /// The form of its details from now on.
    #[serde(default, skip_serializing_if = "Edit::is_keep")]
    #[schema(value_type = Option<Object>)]
    pub schema: Edit<Value>,
}

impl DetailTypeEditInput {
    /// The command, or all that is wrong with it.
    pub fn parse(
        self,
        api: ApiIdentifier,
        name: DetailType,
    ) -> Result<EditDetailType, FieldErrors> {
        let mut errors = FieldErrors::default();
        let description = self.description.or_default();
        let description = parse_some(description, "description", &mut errors);
        let schema = self.schema.or_refuse("schema", &mut errors);
        let schema = schema.and_then(|schema| errors.check("schema", parse_schema(schema)));
        errors.finish()?;
        Ok(EditDetailType {
            api,
            name,
            description,
            schema,
        })
    }
}

/// Names of types; the first wrong one is quoted.
pub(super) fn parse_types(types: &[String]) -> Result<DetailTypes, String> {
    let parse = |name: &String| {
        let parsed = name.parse::<DetailType>();
        parsed.map_err(|error| format!("{name:?} is none: {error}"))
    };
    types.iter().map(parse).collect()
}
