//! `jeton api` and `jeton scope`: what tokens are for.

mod words;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    desk::{Desk, object, path},
    failure::Failure,
    input::{ScopeArgument, one_at_least},
};

/// Define and manage APIs: the protected resource servers that tokens are for.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton api create https://sales.example.com --name 'Sales Analytics' --scope read:analytics
  jeton api list")]
pub(crate) enum ApiCommand {
    /// Define an API and the scopes it understands.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Create),
    /// List APIs.
    #[command(after_help = "Example:\n  jeton api list")]
    List,
    /// Show an API and its scopes.
    #[command(after_help = "Example:\n  jeton api show https://sales.example.com")]
    Show(Named),
    /// Change an API's name, description, token lifetime or algorithm.
    #[command(after_help = "\
Examples:
  jeton api edit https://sales.example.com --token-lifetime 15m
  jeton api edit https://sales.example.com --name Sales --description ''")]
    Edit(Edit),
    /// Issue no tokens for an API until it is enabled again.
    #[command(after_help = "Example:\n  jeton api disable https://sales.example.com")]
    Disable(Named),
    /// Issue tokens for a disabled API again.
    #[command(after_help = "Example:\n  jeton api enable https://sales.example.com")]
    Enable(Named),
    /// Issue no tokens for an API for a while. What was issued goes on to count.
    #[command(after_help = "\
Example:
  jeton api halt https://sales.example.com --reason 'it is being moved'

Clients are told to ask again in a minute (503). To have its tokens refused as well: jeton api disable.")]
    Halt(Halt),
    /// Issue tokens for an API again.
    #[command(after_help = "Example:\n  jeton api resume https://sales.example.com")]
    Resume(Named),
    /// Remove an API. Refused while clients have grants on it.
    #[command(after_help = "Example:\n  jeton api remove https://sales.example.com")]
    Remove(Named),
    /// Replace the shared key of an API with HS256 tokens. Its old tokens stop being valid at once.
    #[command(after_help = "Example:\n  jeton api rekey urn:example:legacy")]
    Rekey(Named),
}

const CREATE_EXAMPLES: &str = "\
Examples:
  jeton api create https://sales.example.com --name 'Sales Analytics' \\
      --scope 'read:analytics=See the sales figures' --scope write:analytics
  jeton api create urn:example:legacy --name Legacy --scope use --alg HS256

The identifier is an absolute URI. It stands in the `aud` claim of every token, and the API must accept
only tokens that name it. It cannot be changed later, and need not be an address that answers.";

/// What a new API is like.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The API's identifier: the audience of its tokens.
    identifier: String,
    /// What the API is called.
    #[arg(long)]
    name: String,
    /// What the API is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A scope that the API understands. May be given several times.
    #[arg(long, value_name = "NAME[=DESCRIPTION]")]
    scope: Vec<ScopeArgument>,
    /// What its tokens are signed with: ES256, RS256, PS256, `EdDSA`, or HS256 for an API that cannot
    /// fetch public keys.
    #[arg(long, value_name = "ALGORITHM")]
    alg: Option<String>,
    /// How long its tokens live: 60s to 24h. As the settings say, if not given.
    #[arg(long, value_name = "SPAN")]
    token_lifetime: Option<String>,
    /// In which form its tokens are: signed, or opaque, which only introspection reads.
    #[arg(long, value_name = "FORMAT", value_parser = ["jwt", "opaque"])]
    token_format: Option<String>,
    /// What its tokens say besides, as an object of JSON.
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
}

/// Which API.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The API's identifier.
    identifier: String,
}

/// Which API issues no tokens, and why.
#[derive(Args, Debug)]
pub(crate) struct Halt {
    /// The API's identifier.
    identifier: String,
    /// Why, for operators alone: those who are refused are not told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What to change of an API.
#[derive(Args, Debug)]
#[command(group = one_at_least(["name", "description", "alg", "token_lifetime", "token_format", "claims"]))]
pub(crate) struct Edit {
    /// The API's identifier.
    identifier: String,
    /// What the API is called.
    #[arg(long)]
    name: Option<String>,
    /// What the API is for; '' for nothing.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What its tokens are signed with from now on.
    #[arg(long, value_name = "ALGORITHM")]
    alg: Option<String>,
    /// How long its tokens live from now on.
    #[arg(long, value_name = "SPAN")]
    token_lifetime: Option<String>,
    /// In which form its tokens are from now on.
    #[arg(long, value_name = "FORMAT", value_parser = ["jwt", "opaque"])]
    token_format: Option<String>,
    /// What its tokens say besides, as an object of JSON; '' for nothing.
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
}

impl ApiCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(desk).await,
            Self::List => desk.answer(&desk.all("/apis").await?, words::list),
            Self::Show(Named { identifier }) => {
                let api = desk.get(&path(["apis", &identifier])).await?;
                desk.answer(&api, words::show)
            }
            Self::Edit(edit) => edit.run(desk).await,
            Self::Disable(Named { identifier }) => {
                let path = path(["apis", &identifier, "disable"]);
                desk.answer(&desk.post(&path, json!({})).await?, words::disabled)
            }
            Self::Enable(Named { identifier }) => {
                let path = path(["apis", &identifier, "enable"]);
                desk.answer(&desk.post(&path, json!({})).await?, words::enabled)
            }
            Self::Halt(Halt { identifier, reason }) => {
                let path = path(["apis", &identifier, "halt"]);
                let api = desk.post(&path, json!({ "reason": reason })).await?;
                desk.answer(&api, words::halted)
            }
            Self::Resume(Named { identifier }) => {
                let path = path(["apis", &identifier, "resume"]);
                desk.answer(&desk.post(&path, json!({})).await?, words::resumed)
            }
            Self::Remove(Named { identifier }) => {
                let path = path(["apis", &identifier]);
                let api = desk.get(&path).await?;
                desk.delete(&path).await?;
                desk.answer(&api, words::removed)
            }
            Self::Rekey(Named { identifier }) => {
                let path = path(["apis", &identifier, "rekey"]);
                desk.answer(&desk.post(&path, json!({})).await?, words::rekeyed)
            }
        }
    }
}

impl Create {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let body = object([
            ("identifier", Some(json!(self.identifier))),
            ("name", Some(json!(self.name))),
            ("description", self.description.map(Value::from)),
            ("algorithm", self.alg.map(Value::from)),
            ("token_lifetime", self.token_lifetime.map(Value::from)),
            ("token_format", self.token_format.map(Value::from)),
            ("claims", self.claims.map(Value::from)),
            (
                "scopes",
                Some(self.scope.iter().map(ScopeArgument::to_json).collect()),
            ),
        ]);
        desk.answer(&desk.post("/apis", body).await?, words::created)
    }
}

impl Edit {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let body = object([
            ("name", self.name.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("algorithm", self.alg.map(Value::from)),
            ("token_lifetime", self.token_lifetime.map(Value::from)),
            ("token_format", self.token_format.map(Value::from)),
            ("claims", self.claims.map(Value::from)),
        ]);
        let api = desk.patch(&path(["apis", &self.identifier]), body).await?;
        desk.answer(&api, words::show)
    }
}

/// See and manage the scopes that an API understands.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton scope list https://sales.example.com
  jeton scope add https://sales.example.com write:analytics")]
pub(crate) enum ScopeCommand {
    /// List an API's scopes.
    #[command(after_help = "Example:\n  jeton scope list https://sales.example.com")]
    List(Named),
    /// Add a scope to an API.
    #[command(after_help = "\
Example:
  jeton scope add https://sales.example.com write:analytics --description 'Correct the sales figures' --sensitive")]
    Add(AddScope),
    /// Change a scope's description, or mark it sensitive or deprecated.
    #[command(after_help = "\
Examples:
  jeton scope edit https://sales.example.com write:analytics --deprecated true
  jeton scope edit https://sales.example.com write:analytics --description ''")]
    Edit(EditScope),
    /// Remove a scope from an API. Refused while clients have it.
    #[command(after_help = "\
Example:
  jeton scope remove https://sales.example.com write:analytics")]
    Remove(NamedScope),
}

/// A new scope.
#[derive(Args, Debug)]
pub(crate) struct AddScope {
    /// The API's identifier.
    identifier: String,
    /// The scope, as it stands in requests and tokens.
    scope: String,
    /// What it opens.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Marks it as one to be granted with care.
    #[arg(long)]
    sensitive: bool,
}

/// What to change of a scope.
#[derive(Args, Debug)]
#[command(group = one_at_least(["description", "sensitive", "deprecated"]))]
pub(crate) struct EditScope {
    /// The API's identifier.
    identifier: String,
    /// The scope.
    scope: String,
    /// What it opens; '' for nothing.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whether it is to be granted with care.
    #[arg(long, value_name = "BOOL")]
    sensitive: Option<bool>,
    /// Whether it is on its way out and should not be granted anew.
    #[arg(long, value_name = "BOOL")]
    deprecated: Option<bool>,
}

/// Which scope.
#[derive(Args, Debug)]
pub(crate) struct NamedScope {
    /// The API's identifier.
    identifier: String,
    /// The scope.
    scope: String,
}

impl ScopeCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let identifier = match self {
            Self::List(Named { identifier }) => identifier,
            Self::Add(add) => {
                let body = object([
                    ("name", Some(json!(add.scope))),
                    ("description", add.description.map(Value::from)),
                    ("sensitive", add.sensitive.then_some(Value::Bool(true))),
                ]);
                desk.post(&path(["apis", &add.identifier, "scopes"]), body)
                    .await?;
                add.identifier
            }
            Self::Edit(edit) => {
                let body = object([
                    ("description", edit.description.map(Value::from)),
                    ("sensitive", edit.sensitive.map(Value::from)),
                    ("deprecated", edit.deprecated.map(Value::from)),
                ]);
                let path = path(["apis", &edit.identifier, "scopes", &edit.scope]);
                desk.patch(&path, body).await?;
                edit.identifier
            }
            Self::Remove(NamedScope { identifier, scope }) => {
                desk.delete(&path(["apis", &identifier, "scopes", &scope]))
                    .await?;
                identifier
            }
        };
        let scopes = desk.get(&path(["apis", &identifier, "scopes"])).await?;
        desk.answer(&scopes, words::scopes)
    }
}
