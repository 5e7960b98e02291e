//! What is said for one start of the server, and needs no other command's attention.

use clap::Args;

/// How this start goes.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Start {
    /// Sets up the Sales Analytics story, if it is not there yet, and prints the lines that run it.
    ///
    /// Default: false
    #[arg(
        long,
        env = "JETON_DEMO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_env_values = true
    )]
    pub demo: Option<bool>,

    /// Opens a data file that can only be repaired by taking back its last change, and takes it back.
    /// For one start: a flag or a variable, never a line of the settings file, where it would take
    /// back further changes unseen.
    ///
    /// Default: false
    #[arg(
        long,
        env = "JETON_ACCEPT_REPAIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_env_values = true
    )]
    pub accept_repair: Option<bool>,

    /// Believes the clock though it is behind the time that it showed before, because that time was wrong. For one
    /// start, as the one above.
    ///
    /// Default: false
    #[arg(
        long,
        env = "JETON_ACCEPT_CLOCK",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_env_values = true
    )]
    pub accept_clock: Option<bool>,
}
