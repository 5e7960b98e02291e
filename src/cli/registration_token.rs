//! `jeton registration-token`: tokens by which clients register themselves.

mod words;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    desk::{Desk, object, path},
    failure::Failure,
    input::GrantArgument,
};

/// Let programs register clients themselves, within what you allow (RFC 7591).
///
/// A registration token is what the RFC calls an initial access token. It counts where the server was
/// started with `--registration on`.
#[derive(Debug, Subcommand)]
#[command(after_help = STORY)]
pub(crate) enum RegistrationTokenCommand {
    /// Make a registration token, which is shown once.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Box<Create>),
    /// List registration tokens, and how many clients came with each.
    #[command(after_help = "Example:\n  jeton registration-token list")]
    List,
    /// Let no client be registered with a token any more. Those that were stay.
    #[command(after_help = "Example:\n  jeton registration-token revoke 7KQ2D4XA")]
    Revoke(Named),
}

const STORY: &str = "\
A build farm whose runners register themselves:
  jeton serve --registration on
  jeton registration-token create --expires-in 7d --limit 20 \\
      --grant https://sales.example.com=read:analytics --note 'Build farm'
  jeton registration-token list";

const CREATE_EXAMPLES: &str = "\
Examples:
  jeton registration-token create --expires-in 24h --grant https://sales.example.com=read:analytics
  jeton registration-token create --expires-in 7d --limit 20 --method private_key_jwt --dpop-required \\
      --name-prefix ci --owner 'Build team'";

/// What clients that come with the token may ask for.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// How long the token can be used: 1m to 365d.
    #[arg(long, value_name = "SPAN")]
    expires_in: String,
    /// How many clients can be registered with it. One, if not given.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Scopes that a client may ask for, on one API. May be given several times.
    #[arg(long, value_name = "IDENTIFIER=SCOPE,SCOPE")]
    grant: Vec<GrantArgument>,
    /// A way in which a client may authenticate: `client_secret`, `client_secret_jwt`, `private_key_jwt`,
    /// `tls_client_auth` or `self_signed_tls_client_auth`. May be given several times; the first and the
    /// third, if not given.
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,
    /// Give clients only tokens that are bound to a key of their own (DPoP, RFC 9449).
    #[arg(long)]
    dpop_required: bool,
    /// Bind each of their tokens to the certificate of the connection (RFC 8705 §3).
    #[arg(long, conflicts_with = "dpop_required")]
    certificate_required: bool,
    /// How long their secrets live: 30d, 365d. As the settings say, if not given.
    #[arg(long, value_name = "SPAN")]
    secret_lifetime: Option<String>,
    /// How their names begin, whatever they call themselves.
    #[arg(long, value_name = "TEXT")]
    name_prefix: Option<String>,
    /// Who answers for them: a person, a team or an address.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Who gets the token, as a note for people.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Which token.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The token's id, as `registration-token list` shows it.
    #[arg(value_name = "ID")]
    id: String,
}

impl RegistrationTokenCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(desk).await,
            Self::List => {
                let all = desk.get("/registration-tokens").await?;
                desk.answer(&all, words::list)
            }
            Self::Revoke(Named { id }) => {
                let path = path(["registration-tokens", &id, "revoke"]);
                let gone = desk.post(&path, json!({})).await?;
                desk.answer(&gone, words::revoked)
            }
        }
    }
}

impl Create {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let binding = match (self.dpop_required, self.certificate_required) {
            (true, _) => Some(json!("dpop")),
            (false, true) => Some(json!("certificate")),
            (false, false) => None,
        };
        let grants: Vec<_> = self.grant.iter().map(GrantArgument::to_json).collect();
        let body = object([
            ("expires_in", Some(json!(self.expires_in))),
            ("limit", self.limit.map(|limit| json!(limit))),
            ("grants", Some(json!(grants))),
            ("methods", Some(json!(self.method))),
            ("token_binding", binding),
            ("secret_lifetime", self.secret_lifetime.map(|it| json!(it))),
            ("name_prefix", self.name_prefix.map(|it| json!(it))),
            ("owner", self.owner.map(|it| json!(it))),
            ("note", self.note.map(|it| json!(it))),
        ]);
        let made = desk.post("/registration-tokens", body).await?;
        desk.answer(&made, words::created)
    }
}
