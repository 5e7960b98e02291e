//! Settings: what they are, where they may be given, and what they must agree on.
//!
//! A setting is looked for on the command line, in the environment (`JETON_*`), in the settings file
//! and in its default, in this order. All are parsed into types and checked against each other once,
//! before anything starts; nothing is looked up later, and nobody else reads the environment.

mod acme;
mod backups;
mod error;
mod limits;
mod listening;
mod master_key;
mod place;
pub mod settings;
mod start;
mod tls;
mod toml_file;
mod values;

#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use ipnet::IpNet;

use crate::{
    domain::{
        backup::BackupPlan, issued_token::TokenRecords, issuer::Issuer, profile::Profile,
        time::Span,
    },
    telemetry::{LogFormat, LogLevel},
};
pub use acme::{Acme, AcmeContact, AcmeDirectory, AcmeDomain};
pub use error::ConfigError;
use error::wrong;
pub use limits::Limits;
pub use listening::is_this_machine;
pub use master_key::MasterKeySource;
use master_key::MasterKeys;
pub use place::Place;
pub use settings::Settings;
pub use start::Start;
pub use tls::Tls;
pub use values::{
    CertificateHeader, ConsoleUrl, Endpoint, ForwardedBy, Network, ProfileName, Switch,
    TokenRecordsName, ValueError,
};

/// Where everything is kept unless `--data` says otherwise.
pub const DEFAULT_DATA: &str = "jeton-data";

/// The settings file that is read if it lies in the data directory.
pub const FILE_NAME: &str = "jeton.toml";

/// The master key's file in the data directory.
pub const MASTER_KEY_FILE_NAME: &str = "master.key";

/// The environment variable that may hold the master key itself.
pub const MASTER_KEY_VARIABLE: &str = "JETON_MASTER_KEY";

/// The environment variable that names the master key's file; `-` is the standard input.
pub const MASTER_KEY_FILE_VARIABLE: &str = "JETON_MASTER_KEY_FILE";

/// The environment variable that names the previous master key's file.
pub const PREVIOUS_MASTER_KEY_FILE_VARIABLE: &str = "JETON_PREVIOUS_MASTER_KEY_FILE";

/// The environment variable that may hold the previous master key itself.
pub const PREVIOUS_MASTER_KEY_VARIABLE: &str = "JETON_PREVIOUS_MASTER_KEY";

/// Every setting, as it is in effect.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// The settings file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// Where the master key comes from.
    pub master_key: MasterKeySource,
    /// Where the one that it takes the place of comes from, if that is told.
    pub previous_master_key: Option<MasterKeySource>,
    /// Where clients are served.
    pub listen: SocketAddr,
    /// Where operators are served, if apart from clients.
    pub operator_listen: Option<SocketAddr>,
    /// The web address by which operators reach the console, if it is not the issuer's.
    pub console_url: Option<Issuer>,
    /// The issuer identifier, if it is not made from the address.
    pub issuer: Option<Issuer>,
    /// How strict the server is with its clients.
    pub profile: Profile,
    /// The reverse proxies whose forwarding headers are believed.
    pub behind_proxy: Vec<IpNet>,
    /// The header in which they say who asks.
    pub forwarded_by: ForwardedBy,
    /// What is spoken besides HTTP.
    pub tls: Tls,
    /// Whether anybody may come over plain HTTP.
    pub plain_http: PlainHttp,
    /// The networks besides the public internet in which keys may be fetched.
    pub fetch_allow: Vec<IpNet>,
    /// The certificates that are trusted for it besides the system's.
    pub fetch_ca: Option<PathBuf>,
    /// Whether clients may register themselves.
    pub registration: Switch,
    /// Whether the story of the demo is set up at start.
    pub demo: bool,
    /// How the log is written.
    pub log_format: LogFormat,
    /// How much of it.
    pub log_level: LogLevel,
    /// Threads that serve requests; one for each processor if nothing is said.
    pub worker_threads: Option<usize>,
    /// How often usage is written to disk.
    pub usage_flush_interval: Span,
    /// Bytes of the disk that are set aside for the day when it is full.
    pub disk_reserve_bytes: u64,
    /// The backups that the server makes by itself, if any.
    pub backups: Option<BackupPlan>,
    /// The file for checkpoints of the audit log, if there is to be one.
    pub audit_checkpoints: Option<PathBuf>,
    /// Whether tokens are put on record before they are handed out.
    pub audit_tokens: TokenRecords,
    /// What a peer may cost.
    pub limits: Limits,
}

/// From whom plain HTTP is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PlainHttp {
    /// From this machine, and from declared proxies.
    Nearby,
    /// From anywhere, because the operator said so.
    FromAnywhere,
}

impl Config {
    /// The settings in effect for a command that was given `place` and `settings` on its command
    /// line or in the environment.
    pub fn resolve(place: Place, settings: Settings) -> Result<Self, ConfigError> {
        let given = place.data.clone();
        let guess = given.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
        let file = match place.config {
            Some(path) => Some((toml_file::read(&path)?, path)),
            None => toml_file::read_from_data(&guess)?,
        };
        let (kept, file) = file.map_or((Settings::default(), None), |(kept, path)| {
            (kept, Some(path))
        });
        let data = given.or_else(|| kept.data.clone()).unwrap_or(guess);
        let master_key_file = place
            .master_key_file
            .or_else(|| kept.master_key_file.clone());
        let previous_file = place
            .previous_master_key_file
            .or_else(|| kept.previous_master_key_file.clone());
        let keys = MasterKeys::find((master_key_file, previous_file), &data)?;
        Self::from_settings(settings.or(kept), data, keys, file)
    }

    /// As [`Config::resolve`], for a command that has no settings of its own: the environment and
    /// the file still have theirs.
    pub fn resolve_place(place: Place) -> Result<Self, ConfigError> {
        Self::resolve(place, Settings::from_environment()?)
    }

    fn from_settings(
        settings: Settings,
        data: PathBuf,
        keys: MasterKeys,
        file: Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        let limits = Limits::from_settings(&settings)?;
        let tls = Tls::from_settings(&settings)?;
        let backups = backups::plan(&settings, &data)?;
        let plain_http = match settings.allow_plain_http_from_anywhere {
            Some(true) => PlainHttp::FromAnywhere,
            Some(false) | None => PlainHttp::Nearby,
        };
        let config = Self {
            data,
            file,
            master_key: keys.present,
            previous_master_key: keys.previous,
            listen: settings.listen.unwrap_or_default().0,
            operator_listen: settings.operator_listen.map(|endpoint| endpoint.0),
            console_url: settings.console_url.map(|url| url.0),
            issuer: settings.issuer,
            profile: settings.profile.unwrap_or_default().0,
            behind_proxy: networks(settings.behind_proxy),
            forwarded_by: settings.forwarded_by.unwrap_or_default(),
            tls,
            plain_http,
            fetch_allow: networks(settings.fetch_allow),
            fetch_ca: settings.fetch_ca,
            registration: settings.registration.unwrap_or_default(),
            demo: settings.demo.unwrap_or_default(),
            log_format: settings.log_format.unwrap_or_default(),
            log_level: settings.log_level.unwrap_or_default(),
            worker_threads: settings.worker_threads.map(usize::from).filter(|n| *n > 0),
            usage_flush_interval: settings.usage_flush_interval.unwrap_or(Span(10)),
            disk_reserve_bytes: settings.disk_reserve_bytes.unwrap_or(64 * 1024 * 1024),
            backups,
            audit_checkpoints: settings.audit_checkpoints,
            audit_tokens: settings.audit_tokens.unwrap_or_default().0,
            limits,
        };
        if config.usage_flush_interval == Span(0) {
            return Err(wrong("usage_flush_interval is at least 1s"));
        }
        Ok(config)
    }

    /// The issuer of a server that listens on `address`: the one that was set, else
    /// `http://ADDRESS`, or `https://ADDRESS` where TLS is spoken.
    pub fn issuer_at(&self, address: SocketAddr) -> Issuer {
        self.issuer.clone().unwrap_or_else(|| {
            format!("{}://{address}", self.scheme())
                .parse()
                .expect("a socket address makes an issuer")
        })
    }

    /// What the listeners speak.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_spoken() {
            "https"
        } else {
            "http"
        }
    }
}

fn networks(given: Option<Vec<Network>>) -> Vec<IpNet> {
    let given = given.unwrap_or_default().into_iter();
    given.map(|network| network.0).collect()
}

impl Settings {
    /// What the environment alone says.
    pub fn from_environment() -> Result<Self, ConfigError> {
        #[derive(Parser)]
        struct Environment {
            #[command(flatten)]
            settings: Settings,
        }
        Environment::try_parse_from(["jeton"])
            .map(|environment| environment.settings)
            .map_err(|error| ConfigError::Wrong(settings::wrong_variable(&error)))
    }
}

/// Whether the environment asks for text without colours (`NO_COLOR`, or a dumb terminal).
pub fn wants_no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}
