//! What only matters to a server that listens: who could read along.

use std::net::{IpAddr, SocketAddr};

use super::{Config, ConfigError, PlainHttp, wrong};
use crate::domain::issuer::Issuer;

impl Config {
    /// Checks where it listens and what is spoken there.
    pub fn check_listening(&self) -> Result<(), ConfigError> {
        if self.operator_listen == Some(self.listen) && self.listen.port() != 0 {
            return Err(wrong(format!(
                "--operator-listen is {} as well as --listen: give operators an address of their own",
                self.listen
            )));
        }
        if self.listen.ip().is_unspecified() && self.issuer.is_none() {
            return Err(wrong(format!(
                "listening on every address ({}), the server cannot know its own name: say it with \
                 --issuer, as https://auth.example.com",
                self.listen
            )));
        }
        self.check_tls()?;
        self.check_acme()?;
        if self.plain_http == PlainHttp::FromAnywhere || self.tls.is_spoken() {
            return Ok(());
        }
        let exposed = |address: &SocketAddr| !address.ip().is_loopback();
        let mut addresses = [Some(self.listen), self.operator_listen].into_iter();
        if self.behind_proxy.is_empty()
            && let Some(address) = addresses.by_ref().flatten().find(exposed)
        {
            return Err(ConfigError::PlainHttp(address));
        }
        let is_plain = |url: &&Issuer| !url.is_https() && !is_this_machine(url.host());
        if let Some(issuer) = self.issuer.as_ref().filter(is_plain) {
            return Err(ConfigError::PlainIssuer(issuer.clone()));
        }
        match self.console_url.as_ref().filter(is_plain) {
            Some(url) => Err(ConfigError::PlainConsole(url.clone())),
            None => Ok(()),
        }
    }
}

/// Whether `host` can only mean the machine itself.
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
