//! `jeton client`: the machines that may ask for tokens.

mod dry_run;
mod limit;
mod words;

pub(super) use self::words::{GrantView, granted};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    credential::{CredentialArgs, Instead},
    desk::{Desk, object, path, with_query},
    failure::Failure,
    input::{GrantArgument, ScopeList, one_at_least},
    output::{self, Format},
    secret_file::SecretFile,
};

/// Register, look up and manage clients.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton client create 'Report Service' --grant https://sales.example.com=read:analytics
  jeton client list
  jeton client show report-service")]
pub(crate) enum ClientCommand {
    /// Register a client and make its first secret, which is shown once.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Box<Create>),
    /// List clients.
    #[command(after_help = "\
Examples:
  jeton client list
  jeton client list --api https://sales.example.com --scope read:analytics
  jeton client list --search report --status disabled")]
    List(List),
    /// Show a client: its grants, its secrets, when it was last used.
    #[command(after_help = "Example:\n  jeton client show report-service")]
    Show(Named),
    /// Change a client's name, description, owner, token lifetime, default scopes or introspection.
    #[command(after_help = EDIT_EXAMPLES)]
    Edit(Edit),
    /// Say whether a client would be let in by its platform's token, and if not, why. Nobody is let in, and nothing of
    /// the token is kept.
    #[command(after_help = "\
Examples:
  jeton client dry-run deploy /var/run/secrets/jeton/assertion
  printenv JETON_ASSERTION | jeton client dry-run deploy -

Ends with 1 if the token would be refused.")]
    DryRun(dry_run::DryRun),
    /// Limit from where a client may authenticate and how many tokens it may get, or show these limits.
    #[command(after_help = "\
Examples:
  jeton client limit report-service --allowed-network 10.0.0.0/8 --allowed-network 2001:db8::/32
  jeton client limit report-service --quota 600/minute --burst 100
  jeton client limit report-service --quota 600/minute --burst 100 --quota-mode enforce
  jeton client limit report-service --allowed-network '' --quota none

Watch a quota before you enforce it: without options, this says how often it would have refused.")]
    Limit(limit::Limit),
    /// Issue no tokens to a client until it is enabled again. Those it has are revoked.
    #[command(after_help = "Example:\n  jeton client disable report-service")]
    Disable(Named),
    /// Issue tokens to a disabled client again. Those from before stay revoked.
    #[command(after_help = "Example:\n  jeton client enable report-service")]
    Enable(Named),
    /// Revoke all tokens that a client holds. It gets new ones as before.
    #[command(after_help = "Example:\n  jeton client revoke-tokens report-service")]
    RevokeTokens(Named),
    /// Revoke the token by which a client that registered itself manages its registration. It goes on as it is.
    #[command(after_help = "Example:\n  jeton client revoke-registration-access ci-runner-7kq2d4")]
    RevokeRegistrationAccess(Named),
    /// Remove a client for good, with its secrets and grants. Its id is never used again.
    #[command(after_help = "Example:\n  jeton client remove report-service")]
    Remove(Named),
}

const CREATE_EXAMPLES: &str = "\
Examples:
  jeton client create 'Report Service' --grant https://sales.example.com=read:analytics
  jeton client create Billing --id billing --owner payments@example.com \\
      --grant https://ledger.example.com=read,write --secret-file billing.secret

A secret made by Jeton has 256 random bits and is the better choice. With --secret-file, FILE holds
the client's secret afterwards: if it exists, its content becomes the secret (at least 32 characters;
one line break at the end is left off); if not, the new secret is written to it, readable by you alone.";

const EDIT_EXAMPLES: &str = "\
Examples:
  jeton client edit report-service --owner 'Data team'
  jeton client edit report-service --token-lifetime 15m
  jeton client edit report-service --token-lifetime default";

/// What a new client is like.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// What the client is called.
    name: String,
    /// The client id. Made from the name, with six random characters, if it is not given.
    #[arg(long)]
    id: Option<String>,
    /// Scopes the client may ask for, on one API. May be given several times.
    #[arg(long, value_name = "IDENTIFIER=SCOPE,SCOPE")]
    grant: Vec<GrantArgument>,
    /// The scopes of a token request that names none.
    #[arg(long, value_name = "SCOPE,SCOPE")]
    default_scope: Option<ScopeList>,
    /// Who answers for the client: a person, a team or an address.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// What the client is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How long its tokens live, if shorter than the API says: 15m, 1h.
    #[arg(long, value_name = "SPAN")]
    token_lifetime: Option<String>,
    /// The file that holds the client's secret afterwards: see below.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<SecretFile>,
    /// How long the secret lives: 90d, 365d. For ever, if not given; as the settings say, if they allow
    /// no secret to live so long.
    #[arg(long, value_name = "SPAN")]
    secret_expires_in: Option<String>,
    /// Where the secret is kept, as a note for people.
    #[arg(long, value_name = "TEXT")]
    secret_note: Option<String>,
    /// The API whose own resource server it is: it may introspect its tokens. May be given several times.
    #[arg(long, value_name = "IDENTIFIER")]
    introspects: Vec<String>,
    /// Give it only tokens that are bound to a key of its own, which it proves to have with every request
    /// (DPoP, RFC 9449).
    #[arg(long)]
    dpop_required: bool,
    /// Bind each of its tokens to the certificate of the connection (RFC 8705 §3): a request without one is
    /// refused.
    #[arg(long, conflicts_with = "dpop_required")]
    certificate_required: bool,
    /// Begin without a secret: `jeton handover offer ID` lets a developer take the first one.
    #[arg(long, conflicts_with_all = ["secret_file", "secret_expires_in", "secret_note"])]
    without_secret: bool,
    /// What its tokens say besides, as an object of JSON.
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
    /// Whether it may exchange tokens (RFC 8693): its own, and those that were sent to the APIs whose resource
    /// server it is.
    #[arg(long, value_parser = ["on", "off"])]
    token_exchange: Option<String>,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Which clients to list.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those whose name, id, owner, secret id, API or scope contains this.
    #[arg(long, short = 'q', value_name = "TEXT")]
    search: Option<String>,
    /// Only those that are active, or disabled.
    #[arg(long, value_name = "STATUS", value_parser = ["active", "disabled"])]
    status: Option<String>,
    /// Only those with a grant on this API.
    #[arg(long, value_name = "IDENTIFIER")]
    api: Option<String>,
    /// Only those with a grant of this scope.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
}

/// Which client.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
}

/// What to change of a client.
#[derive(Args, Debug)]
#[command(group = one_at_least(["name", "owner", "description", "token_lifetime", "default_scope", "introspects", "token_binding", "claims", "legacy_assertion_audience", "token_exchange"]))]
pub(crate) struct Edit {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// What the client is called.
    #[arg(long)]
    name: Option<String>,
    /// Who answers for the client; '' for nobody.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// What the client is for; '' for nothing.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How long its tokens live, if shorter than the API says; `default` for as long as the API says.
    #[arg(long, value_name = "SPAN")]
    token_lifetime: Option<String>,
    /// The scopes of a token request that names none; '' for all that are granted.
    #[arg(long, value_name = "SCOPE,SCOPE")]
    default_scope: Option<ScopeList>,
    /// The APIs whose own resource server it is, separated by commas; '' for none.
    #[arg(long, value_name = "IDENTIFIER,IDENTIFIER")]
    introspects: Option<String>,
    /// What its tokens must be bound to: a key (DPoP), a certificate, or nothing (optional).
    #[arg(long, value_parser = ["optional", "dpop", "certificate"])]
    token_binding: Option<String>,
    /// What its tokens say besides, as an object of JSON; '' for nothing.
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
    /// Whether its assertions may name the token endpoint as their audience, as older libraries do.
    #[arg(long, value_name = "BOOL")]
    legacy_assertion_audience: Option<bool>,
    /// Whether it may exchange tokens (RFC 8693): its own, and those that were sent to the APIs whose resource
    /// server it is.
    #[arg(long, value_parser = ["on", "off"])]
    token_exchange: Option<String>,
}

impl ClientCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(desk).await,
            Self::List(list) => list.run(desk).await,
            Self::Show(Named { id }) => {
                let client = desk.get(&path(["clients", &id])).await?;
                desk.answer(&client, words::show)
            }
            Self::Edit(edit) => edit.run(desk).await,
            Self::Limit(limit) => limit.run(desk).await,
            Self::DryRun(dry_run) => dry_run.run(desk).await,
            Self::Disable(Named { id }) => {
                let client = desk
                    .post(&path(["clients", &id, "disable"]), json!({}))
                    .await?;
                desk.answer(&client, words::disabled)
            }
            Self::RevokeTokens(Named { id }) => {
                let path = path(["clients", &id, "revoke-tokens"]);
                let client = desk.post(&path, json!({})).await?;
                desk.answer(&client, words::tokens_revoked)
            }
            Self::RevokeRegistrationAccess(Named { id }) => {
                let path = path(["clients", &id, "revoke-registration-access"]);
                let client = desk.post(&path, json!({})).await?;
                desk.answer(&client, words::registration_taken)
            }
            Self::Enable(Named { id }) => {
                let client = desk
                    .post(&path(["clients", &id, "enable"]), json!({}))
                    .await?;
                desk.answer(&client, words::enabled)
            }
            Self::Remove(Named { id }) => {
                let client = desk.get(&path(["clients", &id])).await?;
                desk.delete(&path(["clients", &id])).await?;
                desk.answer(&client, words::removed)
            }
        }
    }
}

/// How long a credential lives, and where it is kept.
pub(super) fn described(
    expires_in: Option<&String>,
    note: Option<&String>,
) -> impl Iterator<Item = (String, Value)> {
    let named = [("expires_in", expires_in.cloned()), ("note", note.cloned())];
    let given = named.into_iter();
    given.filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))))
}

/// `on` or `off`, as the admin API has it.
fn is_on(word: Option<&String>) -> Option<Value> {
    word.map(|word| Value::Bool(word == "on"))
}

impl Create {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let secret_file = self.secret_file.clone();
        let file = secret_file.as_ref().map(SecretFile::prepare).transpose()?;
        let instead = self.credential.choose(desk).await?;
        let chosen = file.as_ref().and_then(|file| file.chosen());
        let body = self.body(instead, chosen.map(|text| json!(text)))?;
        let made = desk.post("/clients", body).await?;
        if let Some(file) = file {
            file.keep(made["client_secret"].as_str())?;
        }
        match desk.format() {
            Format::Json => output::print_json(&json!({
                "client_id": made["client_id"],
                "client_secret": made["client_secret"],
                "secret_id": made["secret_id"],
            })),
            Format::Human => {
                let view = super::desk::read(&made)?;
                let pen = desk.format().pen();
                output::print(&words::created(&pen, &view, secret_file.as_ref()));
            }
        }
        Ok(())
    }

    fn body(self, instead: Instead, chosen: Option<Value>) -> Result<Value, Failure> {
        let (secret, credential) = match instead {
            Instead::Secret(signs) if !self.without_secret => {
                let secret = object([
                    ("signs", signs.map(Value::Bool)),
                    ("value", chosen),
                    ("expires_in", self.secret_expires_in.map(Value::from)),
                    ("note", self.secret_note.map(Value::from)),
                ]);
                (Some(secret), None)
            }
            Instead::Secret(_) => (None, None),
            Instead::Credential(_) if self.secret_file.is_some() || self.without_secret => {
                return Err(Failure::usage(
                    "a client with another credential has no secret: leave --secret-file and \
                     --without-secret out",
                ));
            }
            Instead::Credential(mut credential) => {
                let (life, note) = (self.secret_expires_in.as_ref(), self.secret_note.as_ref());
                credential.extend(described(life, note));
                (None, Some(Value::Object(credential)))
            }
        };
        let grants = self.grant.iter().map(GrantArgument::to_json).collect();
        let introspects = (!self.introspects.is_empty()).then(|| json!(self.introspects));
        let without_secret = self.without_secret.then_some(Value::Bool(true));
        Ok(object([
            ("name", Some(json!(self.name))),
            ("client_id", self.id.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("owner", self.owner.map(Value::from)),
            ("grants", Some(grants)),
            (
                "default_scopes",
                self.default_scope.map(|scopes| json!(scopes.0)),
            ),
            ("token_lifetime", self.token_lifetime.map(Value::from)),
            ("introspects", introspects),
            ("claims", self.claims.map(Value::from)),
            ("token_exchange", is_on(self.token_exchange.as_ref())),
            (
                "token_binding",
                match (self.dpop_required, self.certificate_required) {
                    (true, _) => Some(json!("dpop")),
                    (_, true) => Some(json!("certificate")),
                    (false, false) => None,
                },
            ),
            ("secret", secret),
            ("credential", credential),
            ("without_secret", without_secret),
        ]))
    }
}

impl List {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let filters = [
            ("q", self.search.as_deref()),
            ("status", self.status.as_deref()),
            ("api", self.api.as_deref()),
            ("scope", self.scope.as_deref()),
        ];
        let filtered = filters.iter().any(|(_, value)| value.is_some());
        let clients = desk.all(&with_query("/clients", filters)).await?;
        let nothing = if filtered {
            "No client is like that."
        } else {
            "No clients yet. Register one:\n  jeton client create NAME --grant IDENTIFIER=SCOPE"
        };
        desk.answer(&clients, |pen, list| words::list(pen, list, nothing))
    }
}

impl Edit {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let lifetime = self.token_lifetime.map(|span| match span.as_str() {
            "default" => Value::Null,
            _ => json!(span),
        });
        let body = object([
            ("name", self.name.map(Value::from)),
            ("owner", self.owner.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("token_lifetime", lifetime),
            (
                "default_scopes",
                self.default_scope.map(|scopes| json!(scopes.0)),
            ),
            (
                "introspects",
                self.introspects.map(|apis| {
                    let apis = apis.split(',').map(str::trim);
                    apis.filter(|api| !api.is_empty()).collect()
                }),
            ),
            ("token_binding", self.token_binding.map(Value::from)),
            ("claims", self.claims.map(Value::from)),
            (
                "legacy_assertion_audience",
                self.legacy_assertion_audience.map(Value::from),
            ),
            ("token_exchange", is_on(self.token_exchange.as_ref())),
        ]);
        let client = desk.patch(&path(["clients", &self.id]), body).await?;
        desk.answer(&client, words::show)
    }
}
