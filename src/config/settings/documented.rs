//! The settings as they are told to people: their names, variables, defaults and meanings, from the same comments.

use clap::{Command, CommandFactory, Parser};

use super::{Settings, Start};
use crate::config::Place;

/// One setting as it is documented.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Documented {
    /// The name in the settings file.
    pub name: String,
    /// The environment variable.
    pub variable: String,
    /// What it is without being set.
    pub default: String,
    /// What it does.
    pub meaning: String,
}

/// Every setting, in the order of the help.
pub fn documented() -> Vec<Documented> {
    let command = commands();
    let ours = command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some());
    ours.map(|arg| {
        let help = arg.get_long_help().or_else(|| arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let (meaning, default) = help
            .rsplit_once("Default:")
            .expect("each setting's comment ends with its default");
        Documented {
            name: arg.get_id().to_string(),
            variable: arg
                .get_env()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            default: default.trim().to_owned(),
            meaning: meaning.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    })
    .collect()
}

/// Every setting as a table in Markdown, for the README.
pub fn table() -> String {
    let row = |setting: Documented| {
        let Documented {
            name,
            default,
            meaning,
            ..
        } = setting;
        format!("| `{name}` | {default} | {meaning} |\n")
    };
    let head = "| setting | default | what it does |\n| --- | --- | --- |\n".to_owned();
    documented()
        .into_iter()
        .fold(head, |table, setting| table + &row(setting))
}

/// Which environment variable is wrong, and why.
pub fn wrong_variable(error: &clap::Error) -> String {
    use clap::error::ContextKind as Kind;
    let context = |kind| error.get(kind).map(ToString::to_string);
    let flag = context(Kind::InvalidArg).unwrap_or_default();
    let value = context(Kind::InvalidValue).unwrap_or_default();
    let reason = std::error::Error::source(error).map(ToString::to_string);
    let variable = variable_of(&flag).unwrap_or(flag);
    match reason {
        Some(reason) => format!("{variable} is {value:?}: {reason}"),
        None => format!("{variable} is {value:?}, which it cannot be"),
    }
}

/// The variable of a flag that is written as in `--listen <ADDR:PORT>`.
pub fn variable_of(flag: &str) -> Option<String> {
    let name = flag.strip_prefix("--")?.split([' ', '=', '[']).next()?;
    let command = commands();
    let arg = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))?;
    Some(arg.get_env()?.to_string_lossy().into_owned())
}

fn commands() -> Command {
    #[derive(Parser)]
    struct All {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        start: Start,
    }
    All::command()
}
