//! `jeton detail-type`: what an API understands beside its scopes (RFC 9396).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    credential::read,
    desk::{Desk, object, path},
    failure::Failure,
    input::one_at_least,
    pen::{Pen, or},
};

/// See and manage the types of authorization details that an API understands (RFC 9396).
///
/// Where a scope is too coarse, a client says in detail what it wants to do: which account, which amount. The
/// form of each type is a JSON Schema; what the schema does not speak of is refused.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum DetailTypeCommand {
    /// List an API's types, with their schemas.
    #[command(after_help = "Example:\n  jeton detail-type list https://bank.example.com")]
    List(Named),
    /// Give an API a type. No client may ask for it before it is granted.
    #[command(after_help = "\
Example:
  jeton detail-type add https://bank.example.com payment --schema-file payment.json \\
      --description 'Pay from one account'")]
    Add(Add),
    /// Change a type's description or schema.
    #[command(after_help = "\
Example:
  jeton detail-type edit https://bank.example.com payment --schema-file payment-2.json")]
    Edit(Edit),
    /// Remove a type from an API. Refused while clients may ask for it.
    #[command(after_help = "Example:\n  jeton detail-type remove https://bank.example.com payment")]
    Remove(NamedType),
}

const EXAMPLES: &str = "\
Examples:
  jeton detail-type add https://bank.example.com payment --schema-file payment.json
  jeton grant set billing https://bank.example.com pay --details payment";

/// Which API.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The API's identifier.
    identifier: String,
}

/// A new type.
#[derive(Args, Debug)]
pub(crate) struct Add {
    /// The API's identifier.
    identifier: String,
    /// The type, as it stands in requests and tokens.
    #[arg(value_name = "TYPE")]
    name: String,
    #[command(flatten)]
    schema: SchemaArgs,
    /// What it opens.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// The form of a type's details.
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// The form of its details: a JSON Schema of draft 2020-12.
    #[arg(long, value_name = "JSON")]
    schema: Option<String>,
    /// The file with that schema; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "schema")]
    schema_file: Option<PathBuf>,
}

impl SchemaArgs {
    /// The schema as the admin API reads it: its text.
    fn read(self) -> Result<Option<Value>, Failure> {
        let text = match (self.schema, &self.schema_file) {
            (Some(text), _) => Some(text),
            (None, Some(file)) => Some(read(file)?),
            (None, None) => None,
        };
        Ok(text.map(Value::from))
    }
}

/// What to change of a type.
#[derive(Args, Debug)]
#[command(group = one_at_least(["schema", "schema_file", "description"]))]
pub(crate) struct Edit {
    /// The API's identifier.
    identifier: String,
    /// The type.
    #[arg(value_name = "TYPE")]
    name: String,
    #[command(flatten)]
    schema: SchemaArgs,
    /// What it opens; '' for nothing.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// Which type.
#[derive(Args, Debug)]
pub(crate) struct NamedType {
    /// The API's identifier.
    identifier: String,
    /// The type.
    #[arg(value_name = "TYPE")]
    name: String,
}

const TYPES: &str = "authorization-details-types";

impl DetailTypeCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let identifier = match self {
            Self::List(Named { identifier }) => identifier,
            Self::Add(add) => {
                let body = object([
                    ("type", Some(json!(add.name))),
                    ("description", add.description.map(Value::from)),
                    ("schema", add.schema.read()?),
                ]);
                desk.post(&path(["apis", &add.identifier, TYPES]), body)
                    .await?;
                add.identifier
            }
            Self::Edit(edit) => {
                let body = object([
                    ("description", edit.description.map(Value::from)),
                    ("schema", edit.schema.read()?),
                ]);
                let path = path(["apis", &edit.identifier, TYPES, &edit.name]);
                desk.patch(&path, body).await?;
                edit.identifier
            }
            Self::Remove(NamedType { identifier, name }) => {
                desk.delete(&path(["apis", &identifier, TYPES, &name]))
                    .await?;
                identifier
            }
        };
        let types = desk.get(&path(["apis", &identifier, TYPES])).await?;
        desk.answer(&types, in_words)
    }
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<TypeView>,
}

#[derive(Deserialize)]
struct TypeView {
    #[serde(rename = "type")]
    name: String,
    description: String,
    schema: Value,
}

fn in_words(pen: &Pen, list: &ListView) -> String {
    let row = |it: &TypeView| {
        [
            it.name.clone(),
            or(&it.description, "-").to_owned(),
            it.schema.to_string(),
        ]
    };
    let rows = list.data.iter().map(row).collect();
    let titles = ["type", "what it opens", "schema"];
    pen.table(titles, rows, "No types of authorization details yet.")
}
