//! `jeton secret`: what clients prove themselves with, and how it is changed without an outage.

pub(crate) mod words;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    client::described,
    credential::{CredentialArgs, Instead},
    desk::{Desk, object, path, read},
    failure::Failure,
    output::{self, Format},
    pen::quoted,
    secret_file::{Prepared, SecretFile},
};

/// See, rotate, retire and revoke the secrets of a client.
///
/// A client has at most two live secrets, and two only while it moves from the old one to the new one.
#[derive(Debug, Subcommand)]
#[command(after_help = STORY)]
pub(crate) enum SecretCommand {
    /// Show a client's secrets: their state, their last use, and whether the old one is safe to retire.
    #[command(after_help = "Example:\n  jeton secret list report-service")]
    List(Named),
    /// Make a new secret and keep the old one working for a while.
    #[command(after_help = ROTATE_EXAMPLES)]
    Rotate(Box<Rotate>),
    /// Stop the old secret as planned. Can be undone for 24 hours.
    #[command(after_help = "Example:\n  jeton secret retire report-service")]
    Retire(Chosen),
    /// Bring a retired secret back for another 24 hours.
    #[command(after_help = "\
Examples:
  jeton secret undo report-service
  jeton secret undo report-service K7QD2M4A")]
    Undo(Chosen),
    /// Stop a leaked secret at once and for good.
    #[command(after_help = "Example:\n  jeton secret revoke report-service K7QD2M4A")]
    Revoke(Chosen),
    /// Take back a rotation: the new secret stops, the old one stays.
    #[command(after_help = "Example:\n  jeton secret cancel report-service")]
    Cancel(Named),
    /// Give the old secret more time.
    #[command(after_help = "Example:\n  jeton secret extend report-service --by 7d")]
    Extend(Extend),
    /// Change the note on where a secret is kept; '' for none.
    #[command(after_help = "\
Example:
  jeton secret note report-service K7QD2M4A '1Password / Ops'")]
    Note(Annotate),
}

const STORY: &str = "\
A rotation without an outage:
  jeton secret rotate ID      make the new secret; both work
  (give the new secret to the service, restart it)
  jeton secret list ID        says when the old one is safe to retire, or who still uses it
  jeton secret retire ID      stop the old one; `jeton secret undo ID` brings it back within 24 hours

After a leak: jeton secret rotate ID, move the service over, jeton secret revoke ID SECRET.";

const ROTATE_EXAMPLES: &str = "\
Examples:
  jeton secret rotate report-service
  jeton secret rotate report-service --overlap 7d --note '1Password / Ops'
  jeton secret rotate report-service --overlap 0 --secret-file new.secret
  jeton secret rotate signer --jwks next-key.pem
  jeton secret rotate signer --auth-method client_secret --overlap 0

The new secret is used as the old one is: who signs with it goes on signing, unless --auth-method says
otherwise. A client with a key or a certificate gets the next one, or a secret if --auth-method says so.

When the overlap ends and the old secret is still in use, it is kept another 24 hours, at most three
times; with --if-used stop it is stopped all the same. While the new secret was never used, the old one
is not stopped at all, unless the overlap is 0.";

/// Which client.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
}

/// Which client, and which of its secrets.
#[derive(Args, Debug)]
pub(crate) struct Chosen {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The secret's id, as `secret list` shows it. May be left out where only one can be meant.
    secret: Option<String>,
}

/// How to rotate.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// How long the old secret keeps working: 1h, 24h, 7d, up to 30d; 0 stops it now. As the settings
    /// say, if not given.
    #[arg(long, value_name = "SPAN")]
    overlap: Option<String>,
    /// What happens to the old secret if it is still in use when its time is up.
    #[arg(long, value_name = "ACT", default_value = "hold")]
    if_used: IfUsed,
    /// How long the new secret lives. For ever, if not given; as the settings say, if they allow no
    /// secret to live so long.
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<String>,
    /// Where the new secret is kept, as a note for people.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The file that holds the new secret afterwards: written if it does not exist, else read; then
    /// it has at least 32 characters.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<SecretFile>,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// What happens to an old secret that is still in use when its time is up.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum IfUsed {
    /// It is kept for another 24 hours, at most three times.
    Hold,
    /// It is stopped.
    Stop,
}

/// How much more time.
#[derive(Args, Debug)]
pub(crate) struct Extend {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// How much later the old secret stops.
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    by: String,
}

/// The note on a secret.
#[derive(Args, Debug)]
pub(crate) struct Annotate {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The secret's id.
    secret: String,
    /// Where it is kept.
    note: String,
}

impl IfUsed {
    /// As the admin API has it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Stop => "stop",
        }
    }
}

impl SecretCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::List(Named { id }) => {
                let secrets = desk.get(&path(["clients", &id, "secrets"])).await?;
                desk.answer(&secrets, |pen, list| words::list(pen, &id, list))
            }
            Self::Rotate(rotate) => rotate.run(desk).await,
            Self::Retire(which) => {
                let opening = "The old secret is retired.";
                which.act(desk, "retire", opening).await
            }
            Self::Undo(which) => {
                let opening = "The secret is back, beside the other one.";
                which.act(desk, "undo", opening).await
            }
            Self::Revoke(which) => {
                let opening = format!(
                    "The secret is revoked: it stopped at once and never comes back. Tokens it got keep working \
                     until they expire; to stop them too: jeton client revoke-tokens {}",
                    quoted(&which.id)
                );
                which.act(desk, "revoke", &opening).await
            }
            Self::Cancel(Named { id }) => {
                let opening =
                    "The rotation is cancelled: the new secret stopped, the old one stays.";
                act(desk, (&id, "cancel"), json!({}), opening).await
            }
            Self::Extend(Extend { id, by }) => {
                let opening = "The old secret has more time.";
                act(desk, (&id, "extend"), json!({ "by": by }), opening).await
            }
            Self::Note(Annotate { id, secret, note }) => {
                let path = path(["clients", &id, "secrets", &bare(&secret)]);
                let secret = desk.patch(&path, json!({ "note": note })).await?;
                desk.answer(&secret, |pen, secret: &words::SecretView| {
                    secret.in_words(pen)
                })
            }
        }
    }
}

impl Chosen {
    async fn act(self, desk: &Desk, verb: &str, opening: &str) -> Result<(), Failure> {
        let body = object([(
            "secret_id",
            self.secret.as_deref().map(bare).map(Value::from),
        )]);
        act(desk, (&self.id, verb), body, opening).await
    }
}

async fn act(
    desk: &Desk,
    (id, verb): (&str, &str),
    body: Value,
    opening: &str,
) -> Result<(), Failure> {
    let secrets = desk
        .post(&path(["clients", id, "secrets", verb]), body)
        .await?;
    desk.answer(&secrets, |pen, list| {
        format!("{opening}\n\n{}", words::list(pen, id, list))
    })
}

/// `failure`, and if it is that a client has no secret to replace: by which flags to say what it is to have,
/// of which `others` are those for something else than a secret.
pub(super) fn in_flags(mut failure: Failure, others: &str) -> Failure {
    if failure
        .fields
        .iter()
        .any(|problem| problem.field == "signs")
    {
        failure.message = format!(
            "there is no secret to replace: the client proves itself with something else, as `jeton secret list` \
             shows. {others}For a secret: --auth-method client_secret, or client_secret_jwt if it signs with it"
        );
        failure.fields.clear();
    }
    failure
}

/// The flags for what is no secret.
const INSTEAD: &str =
    "For its next key or certificate: --jwks FILE, --cert FILE or one of the others. ";

/// A secret's id, however it was copied: `K7QD2M4A` or `jtn_K7QD2M4A`.
fn bare(secret: &str) -> String {
    secret.strip_prefix("jtn_").unwrap_or(secret).to_owned()
}

impl Rotate {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let file = self.secret_file.as_ref();
        let prepared = file.map(SecretFile::prepare_for_rotation).transpose()?;
        let chosen = prepared.as_ref().and_then(Prepared::chosen);
        let (signs, mut credential) = match self.credential.choose(desk).await? {
            Instead::Secret(signs) => (signs, None),
            Instead::Credential(credential) => (None, Some(credential)),
        };
        if credential.is_some() && prepared.is_some() {
            return Err(Failure::usage(
                "what comes in the secret's place is no secret: leave --secret-file out",
            ));
        }
        let (mut expires_in, mut note) = (self.expires_in.clone(), self.note.clone());
        if let Some(credential) = &mut credential {
            let said = (expires_in.take(), note.take());
            credential.extend(described(said.0.as_ref(), said.1.as_ref()));
        }
        let body = object([
            ("overlap", self.overlap.as_ref().map(|span| json!(span))),
            ("if_used", Some(json!(self.if_used.word()))),
            ("expires_in", expires_in.map(Value::from)),
            ("note", note.map(Value::from)),
            ("value", chosen.map(|text| json!(text))),
            ("signs", signs.map(Value::Bool)),
            ("credential", credential.map(Value::Object)),
        ]);
        let path = path(["clients", &self.id, "secrets", "rotate"]);
        let made = desk.post(&path, body).await;
        let made = made.map_err(|failure| in_flags(failure, INSTEAD))?;
        if let Some(prepared) = prepared {
            prepared.keep(made["client_secret"].as_str())?;
        }
        match desk.format() {
            Format::Json => output::print_json(&made),
            Format::Human => {
                let view = read(&made)?;
                output::print(&words::rotated(&desk.format().pen(), &view, file));
            }
        }
        Ok(())
    }
}
