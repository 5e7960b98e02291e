//! Where everything lies.

use std::path::PathBuf;

use clap::Args;

/// Where the data lies: every command needs to know.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
    /// The data directory: the data file, the master key, the socket and, if there is one, the
    /// settings file.
    ///
    /// Default: jeton-data
    #[arg(
        long,
        env = "JETON_DATA",
        value_name = "DIR",
        global = true,
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,

    /// The settings file, in TOML.
    ///
    /// Default: jeton.toml in the data directory, if it is there
    #[arg(
        long,
        env = "JETON_CONFIG",
        value_name = "FILE",
        global = true,
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// The file that holds the master key; `-` reads it from standard input.
    ///
    /// The key itself may stand in `JETON_MASTER_KEY` instead, or in a credential of systemd named `master-key`. Keep
    /// a copy away from the data: without it nobody can read them.
    ///
    /// Default: master.key in the data directory, made at first start
    #[arg(
        long,
        env = "JETON_MASTER_KEY_FILE",
        value_name = "FILE",
        global = true,
        hide_env_values = true
    )]
    pub master_key_file: Option<PathBuf>,

    /// The file that holds the master key that the present one takes the place of; `-` is the second line of the
    /// standard input.
    ///
    /// What still needs it is opened with it: the data at their next start, from when on they need the present one,
    /// and backups. It may stand in `JETON_PREVIOUS_MASTER_KEY` instead, or in a credential named
    /// `previous-master-key`. A key that `jeton rekey` replaced need not be named.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_PREVIOUS_MASTER_KEY_FILE",
        value_name = "FILE",
        global = true,
        hide_env_values = true
    )]
    pub previous_master_key_file: Option<PathBuf>,
}
