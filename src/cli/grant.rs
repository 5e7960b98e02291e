//! `jeton grant`: which scopes a client may ask for, on which API.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::GrantView,
    desk::{Desk, object, path, read},
    failure::Failure,
    output::{self, Format},
    pen::{Pen, quoted},
};

/// See, set and withdraw the scopes that a client may ask for.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum GrantCommand {
    /// List what a client may ask for.
    #[command(after_help = "Example:\n  jeton grant list report-service")]
    List(List),
    /// Set a client's scopes on one API: exactly these, no others.
    #[command(after_help = "\
Example:
  jeton grant set report-service https://sales.example.com read:analytics write:analytics")]
    Set(Set),
    /// Withdraw all of a client's scopes on one API. Tokens it has keep working until they expire.
    #[command(after_help = "\
Example:
  jeton grant remove report-service https://sales.example.com")]
    Remove(Remove),
}

const EXAMPLES: &str = "\
Examples:
  jeton grant list report-service
  jeton grant set report-service https://sales.example.com read:analytics
  jeton grant remove report-service https://sales.example.com";

/// Whose grants.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
}

/// What a client may ask for on one API.
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The API's identifier.
    #[arg(value_name = "IDENTIFIER")]
    api: String,
    /// The scopes.
    #[arg(value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// A type of authorization details that it may ask for there (RFC 9396). May be given several times; those
    /// that it has stay, if none is given.
    #[arg(long, value_name = "TYPE")]
    details: Vec<String>,
    /// Withdraw all types of authorization details.
    #[arg(long, conflicts_with = "details")]
    no_details: bool,
}

/// What is withdrawn.
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The API's identifier.
    #[arg(value_name = "IDENTIFIER")]
    api: String,
}

impl Set {
    fn body(&self) -> Value {
        let types = &self.details;
        let is_named = self.no_details || !types.is_empty();
        object([
            ("scopes", Some(json!(self.scopes))),
            (
                "authorization_details_types",
                is_named.then(|| json!(types)),
            ),
        ])
    }
}

impl GrantCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let id = match &self {
            Self::List(List { id }) => id.clone(),
            Self::Set(set) => {
                let path = path(["clients", &set.id, "grants", &set.api]);
                desk.put(&path, set.body()).await?;
                set.id.clone()
            }
            Self::Remove(Remove { id, api }) => {
                desk.delete(&path(["clients", id, "grants", api])).await?;
                id.clone()
            }
        };
        let grants = desk.get(&path(["clients", &id, "grants"])).await?;
        match desk.format() {
            Format::Json => output::print_json(&grants),
            Format::Human => {
                let list: ListView = read(&grants)?;
                output::print(&self.in_words(&desk.format().pen(), &id, &list));
            }
        }
        Ok(())
    }

    fn in_words(&self, pen: &Pen, id: &str, list: &ListView) -> String {
        let opening = match self {
            Self::List(_) => String::new(),
            Self::Set(Set { api, .. }) => {
                format!("{id} may ask for these on {api} from now on.\n\n")
            }
            Self::Remove(Remove { api, .. }) => format!(
                "{id} gets no more tokens for {api}. Tokens it has keep working until they expire; to stop them too: \
                 jeton client revoke-tokens {}\n\n",
                quoted(id)
            ),
        };
        let row = |grant: &GrantView| [grant.api.clone(), grant.in_words()];
        let rows = list.data.iter().map(row).collect();
        let nothing = format!("{id} may ask for nothing.");
        format!("{opening}{}", pen.table(["api", "scopes"], rows, &nothing))
    }
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<GrantView>,
}
