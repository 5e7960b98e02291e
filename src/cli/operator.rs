//! `jeton operator`: the people of the console.

use std::{io::IsTerminal, path::PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    desk::{Desk, object, path},
    failure::Failure,
    input::one_at_least,
    pen::Pen,
    secret_file::read_secret,
};

/// See and manage operators: the people who may use the console.
#[derive(Debug, Subcommand)]
#[command(after_help = ROLES)]
pub(crate) enum OperatorCommand {
    /// List operators.
    #[command(after_help = "Example:\n  jeton operator list")]
    List,
    /// Add an operator.
    #[command(after_help = "\
Examples:
  jeton operator add ana@example.com --role owner
  jeton operator add ben@example.com --name Ben --role viewer --password-file ben.password")]
    Add(Add),
    /// Invite an operator: prints a link by which they choose a password, once.
    #[command(after_help = "Example:\n  jeton operator invite ben@example.com --role viewer")]
    Invite(Invite),
    /// Let an operator begin anew who lost password or second factor: prints such a link.
    #[command(after_help = "Example:\n  jeton operator reset ben@example.com")]
    Reset(Named),
    /// Void the link that an operator was given.
    #[command(after_help = "Example:\n  jeton operator withdraw ben@example.com")]
    Withdraw(Named),
    /// Change an operator's e-mail address, name or role.
    #[command(after_help = "Example:\n  jeton operator edit ana@example.com --role admin")]
    Edit(Edit),
    /// Set an operator's password, and end their sessions.
    #[command(after_help = "Example:\n  jeton operator password ana@example.com")]
    Password(Password),
    /// Let an operator sign in no more.
    #[command(after_help = "Example:\n  jeton operator disable ana@example.com")]
    Disable(Named),
    /// Let a disabled operator sign in again.
    #[command(after_help = "Example:\n  jeton operator enable ana@example.com")]
    Enable(Named),
    /// Remove an operator.
    #[command(after_help = "Example:\n  jeton operator remove ana@example.com")]
    Remove(Named),
}

const ROLES: &str = "\
Examples:
  jeton operator add ana@example.com --role owner
  jeton operator list

Roles:
  viewer    sees everything, changes nothing
  operator  clients, their scopes and their secrets
  admin     and APIs, signing keys, operators below owner, backups
  owner     everything; only an owner may grant the admin API or make owners

An operator is named by e-mail address or by id.";

/// A new operator.
#[derive(Args, Debug)]
pub(crate) struct Add {
    /// What they sign in with.
    email: String,
    /// What they are called. The part of the address before the @, if not given.
    #[arg(long)]
    name: Option<String>,
    /// What they are trusted with.
    #[arg(long, value_parser = ROLE_WORDS)]
    role: String,
    #[command(flatten)]
    password: PasswordSource,
    /// Sets no password: they cannot sign in before they have one.
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
}

/// Who is invited.
#[derive(Args, Debug)]
pub(crate) struct Invite {
    /// What they will sign in with.
    email: String,
    /// What they are called. The part of the address before the @, if not given.
    #[arg(long)]
    name: Option<String>,
    /// What they are trusted with.
    #[arg(long, value_parser = ROLE_WORDS)]
    role: String,
}

const ROLE_WORDS: [&str; 4] = ["viewer", "operator", "admin", "owner"];

/// What to change of an operator.
#[derive(Args, Debug)]
#[command(group = one_at_least(["email", "name", "role"]))]
pub(crate) struct Edit {
    /// The operator's e-mail address, or id.
    operator: String,
    /// What they sign in with from now on.
    #[arg(long)]
    email: Option<String>,
    /// What they are called.
    #[arg(long)]
    name: Option<String>,
    /// What they are trusted with from now on.
    #[arg(long, value_parser = ROLE_WORDS)]
    role: Option<String>,
}

/// Whose password.
#[derive(Args, Debug)]
pub(crate) struct Password {
    /// The operator's e-mail address, or id.
    operator: String,
    #[command(flatten)]
    source: PasswordSource,
}

/// Where a password comes from.
#[derive(Args, Debug)]
pub(crate) struct PasswordSource {
    /// The file that holds the password; `-` reads it from standard input. Asked for, if not given.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Which operator.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The operator's e-mail address, or id.
    operator: String,
}

impl OperatorCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::List => desk.answer(&desk.all("/operators").await?, list),
            Self::Add(add) => add.run(desk).await,
            Self::Invite(invite) => {
                let body = json!({
                    "name": invite.name.unwrap_or_else(|| before_at(&invite.email)),
                    "email": invite.email,
                    "role": invite.role,
                });
                desk.answer(&desk.post("/operators/invite", body).await?, linked)
            }
            Self::Reset(Named { operator }) => {
                let path = path(["operators", &operator, "reset"]);
                desk.answer(&desk.post(&path, json!({})).await?, linked)
            }
            Self::Withdraw(who) => {
                who.act(desk, "withdraw", "The link does not work any more.")
                    .await
            }
            Self::Edit(edit) => {
                let body = object([
                    ("email", edit.email.map(Value::from)),
                    ("name", edit.name.map(Value::from)),
                    ("role", edit.role.map(Value::from)),
                ]);
                let operator = desk
                    .patch(&path(["operators", &edit.operator]), body)
                    .await?;
                desk.answer(&operator, |pen, it| {
                    one(pen, "The operator is changed.", it)
                })
            }
            Self::Password(Password { operator, source }) => {
                let password = source.read()?;
                let path = path(["operators", &operator, "password"]);
                desk.put(&path, json!({ "password": password.as_str() }))
                    .await?;
                desk.answer(&json!({}), |_, _: &Value| {
                    format!("The password of {operator} is set. Their sessions have ended.\n")
                })
            }
            Self::Disable(who) => {
                who.act(desk, "disable", "The operator may not sign in any more.")
                    .await
            }
            Self::Enable(who) => {
                who.act(desk, "enable", "The operator may sign in again.")
                    .await
            }
            Self::Remove(Named { operator }) => {
                let path = path(["operators", &operator]);
                let gone = desk.get(&path).await?;
                desk.delete(&path).await?;
                desk.answer(&gone, |pen, it| one(pen, "The operator is removed.", it))
            }
        }
    }
}

impl Named {
    /// Does something to the operator, and shows them after it.
    async fn act(self, desk: &Desk, verb: &str, opening: &str) -> Result<(), Failure> {
        let path = path(["operators", &self.operator, verb]);
        let operator = desk.post(&path, json!({})).await?;
        desk.answer(&operator, |pen, it| one(pen, opening, it))
    }
}

impl Add {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let password = if self.no_password {
            None
        } else {
            Some(self.password.read()?)
        };
        let name = self.name.unwrap_or_else(|| before_at(&self.email));
        let body = object([
            ("email", Some(json!(self.email))),
            ("name", Some(json!(name))),
            ("role", Some(json!(self.role))),
            (
                "password",
                password.map(|password| json!(password.as_str())),
            ),
        ]);
        let operator = desk.post("/operators", body).await?;
        desk.answer(&operator, |pen, it| one(pen, "The operator is added.", it))
    }
}

impl PasswordSource {
    /// Reads the password, or asks for it twice.
    fn read(&self) -> Result<Zeroizing<String>, Failure> {
        if let Some(path) = &self.password_file {
            return read_secret(path);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::usage(
                "there is no terminal to ask for the password on: give --password-file FILE, or - \
                 for standard input",
            ));
        }
        let once = ask("Password: ")?;
        let twice = ask("The same again: ")?;
        if once == twice {
            Ok(once)
        } else {
            Err(Failure::refused(
                "password",
                "the two passwords differ; nothing was changed",
            ))
        }
    }
}

fn ask(question: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(question)
        .map(Zeroizing::new)
        .map_err(|error| Failure::refused("password", format!("cannot read a password: {error}")))
}

#[derive(Deserialize)]
struct OperatorView {
    id: String,
    email: String,
    name: String,
    role: String,
    status: String,
    created_at: String,
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<OperatorView>,
}

fn list(pen: &Pen, list: &ListView) -> String {
    let row = |it: &OperatorView| {
        [
            it.email.clone(),
            it.name.clone(),
            it.role.clone(),
            it.status.clone(),
            pen.time(&it.created_at),
        ]
    };
    let rows = list.data.iter().map(row).collect();
    let nothing = "No operators yet. Add one:\n  jeton operator add EMAIL --role owner";
    pen.table(["e-mail", "name", "role", "status", "added"], rows, nothing)
}

/// What somebody is called of whom nothing but the address is known.
fn before_at(email: &str) -> String {
    email.split('@').next().unwrap_or_default().to_owned()
}

#[derive(Deserialize)]
struct LinkView {
    email: String,
    link: String,
    invited_until: String,
}

fn linked(pen: &Pen, it: &LinkView) -> String {
    format!(
        "{} chooses a password here. The link works once, until {}, and is not shown again:\n\n  {}\n",
        it.email,
        pen.time(&it.invited_until),
        it.link
    )
}

fn one(pen: &Pen, opening: &str, it: &OperatorView) -> String {
    let facts = pen.facts(&[
        ("e-mail", it.email.clone()),
        ("name", it.name.clone()),
        ("role", it.role.clone()),
        ("status", it.status.clone()),
        ("added", pen.time(&it.created_at)),
        ("id", it.id.clone()),
    ]);
    format!("{opening}\n\n{facts}")
}
