//! Floor 6: the command line. Every command is a client of the admin API: of a running server by its
//! socket, else of the data file in this process. The same words, errors and exit codes either way.

mod api;
mod attention;
mod audit;
mod client;
mod compact;
mod credential;
mod data;
mod demo;
mod desk;
mod detail_type;
mod door;
mod failure;
mod fetch;
mod grant;
mod handover;
mod input;
mod inspect;
mod issuance;
mod key;
mod memory;
mod offline;
mod operator;
mod output;
mod pen;
mod policy;
mod program;
mod registration_token;
mod rekey;
mod remote;
mod restore;
mod secret;
mod secret_file;
mod serve;
mod server;
mod token;
mod usage;

use std::{ffi::OsString, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use self::{
    desk::Desk,
    failure::{EXAMPLES_AND_EXIT_CODES, Failure},
    output::Format,
};
use crate::config::{Place, settings};

/// OAuth 2.0 for machines: access tokens by the client credentials grant, secrets that are rotated
/// without an outage, and least privilege from evidence.
///
/// Start with `jeton serve`. Every other command works on the running server, or on the data file if no
/// server runs.
#[derive(Debug, Parser)]
#[command(name = "jeton", version, after_help = EXAMPLES_AND_EXIT_CODES, subcommand_required = true, arg_required_else_help = true, max_term_width = 100)]
struct CommandLine {
    #[command(flatten)]
    place: Place,
    /// Answers in JSON, errors on standard error included.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(Box<serve::ServeCommand>),
    Init(server::InitCommand),
    Demo(demo::DemoCommand),
    #[command(flatten)]
    AtDesk(DeskCommand),
    Check(Box<server::CheckCommand>),
    Compact(compact::CompactCommand),
    Restore(restore::RestoreCommand),
    /// Get a token as a service does, and print it.
    Token(token::TokenCommand),
    Inspect(inspect::InspectCommand),
    Completions(Completions),
    Settings(Settings),
}

/// What is asked of the admin API.
#[derive(Debug, Subcommand)]
enum DeskCommand {
    #[command(subcommand)]
    Api(api::ApiCommand),
    #[command(subcommand)]
    Client(client::ClientCommand),
    #[command(subcommand)]
    Secret(secret::SecretCommand),
    #[command(subcommand)]
    Handover(handover::HandoverCommand),
    #[command(subcommand)]
    RegistrationToken(registration_token::RegistrationTokenCommand),
    #[command(subcommand)]
    Grant(grant::GrantCommand),
    #[command(subcommand)]
    Scope(api::ScopeCommand),
    #[command(subcommand)]
    DetailType(detail_type::DetailTypeCommand),
    #[command(subcommand)]
    Issuance(issuance::IssuanceCommand),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    #[command(subcommand)]
    Usage(usage::UsageCommand),
    #[command(subcommand)]
    Attention(attention::AttentionCommand),
    Status(server::StatusCommand),
    Backup(server::BackupCommand),
    Rekey(rekey::RekeyCommand),
}

/// See and change what holds for the whole server.
///
/// Without a subcommand: prints what can be set when the server is started, as a table in Markdown.
#[derive(Args, Debug)]
struct Settings {
    #[command(subcommand)]
    command: Option<policy::SettingsCommand>,
}

/// Print completions for a shell.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jeton completions bash > ~/.local/share/bash-completion/completions/jeton
  jeton completions zsh > \"${fpath[1]}/_jeton\"
  jeton completions fish > ~/.config/fish/completions/jeton.fish")]
struct Completions {
    /// Which shell.
    shell: Shell,
}

/// Runs the command that this process was given.
pub fn run() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let parsed = match CommandLine::try_parse_from(&line) {
        Ok(parsed) => parsed,
        Err(error) => return output::explain(&error, &line),
    };
    let format = if parsed.json {
        Format::Json
    } else {
        Format::Human
    };
    let done = memory::keep().and_then(|()| parsed.command.run(parsed.place, format));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::report(&failure, format),
    }
}

impl Command {
    fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        match self {
            Self::Serve(command) => command.run(place, format),
            Self::Init(command) => wait_for(command.run(place, format)),
            Self::Demo(command) => wait_for(command.run(place, format)),
            Self::AtDesk(command) => wait_for(command.run(place, format)),
            Self::Check(command) => wait_for(command.run(place, format)),
            Self::Compact(command) => command.run(place, format),
            Self::Restore(command) => wait_for(command.run(place, format)),
            Self::Token(command) => wait_for(command.run(format)),
            Self::Inspect(command) => wait_for(command.run(place, format)),
            Self::Completions(Completions { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut CommandLine::command(), "jeton", &mut script);
                output::print(&String::from_utf8_lossy(&script));
                Ok(())
            }
            Self::Settings(Settings { command }) => {
                if let Some(command) = command {
                    return wait_for(at_desk(command, place, format));
                }
                output::print(&settings::table());
                Ok(())
            }
        }
    }
}

impl DeskCommand {
    async fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let desk = Desk::open(place, format).await?;
        let done = self.run_at(&desk).await;
        desk.close().await;
        done
    }

    async fn run_at(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Api(command) => command.run(desk).await,
            Self::Client(command) => command.run(desk).await,
            Self::Secret(command) => command.run(desk).await,
            Self::Handover(command) => command.run(desk).await,
            Self::RegistrationToken(command) => command.run(desk).await,
            Self::Grant(command) => command.run(desk).await,
            Self::Scope(command) => command.run(desk).await,
            Self::DetailType(command) => command.run(desk).await,
            Self::Issuance(command) => command.run(desk).await,
            Self::Key(command) => command.run(desk).await,
            Self::Operator(command) => command.run(desk).await,
            Self::Audit(command) => command.run(desk).await,
            Self::Usage(command) => command.run(desk).await,
            Self::Attention(command) => command.run(desk).await,
            Self::Status(command) => command.run(desk).await,
            Self::Backup(command) => command.run(desk).await,
            Self::Rekey(command) => command.run(desk).await,
        }
    }
}

async fn at_desk(
    command: policy::SettingsCommand,
    place: Place,
    format: Format,
) -> Result<(), Failure> {
    let desk = Desk::open(place, format).await?;
    let done = command.run(&desk).await;
    desk.close().await;
    done
}

/// Runs what takes but a moment, on this thread.
fn wait_for(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unavailable(format!("the system gives no threads: {error}")))?
        .block_on(work)
}

#[cfg(test)]
mod tests;
