//! Every setting as it may be given: one field each, whose comment is its documentation everywhere.
//!
//! The command line's help, the README's table and this file say the same, because they are the same
//! text. The field's name is the name in the settings file; `--its-name` is the flag and
//! `JETON_ITS_NAME` the variable.

mod documented;

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

pub use self::documented::{Documented, documented, table, variable_of, wrong_variable};
use super::{
    acme::{AcmeContact, AcmeDirectory, AcmeDomain},
    start::Start,
    toml_file::{list, text},
    values::{
        CertificateHeader, ConsoleUrl, Endpoint, ForwardedBy, Network, ProfileName, Switch,
        TokenRecordsName,
    },
};
use crate::{
    domain::{issuer::Issuer, time::Span},
    telemetry::{LogFormat, LogLevel},
};

/// How the server runs.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// See [`super::Place::data`].
    #[arg(skip)]
    pub data: Option<PathBuf>,

    /// See [`super::Place::master_key_file`].
    #[arg(skip)]
    pub master_key_file: Option<PathBuf>,

    /// See [`super::Place::previous_master_key_file`].
    #[arg(skip)]
    pub previous_master_key_file: Option<PathBuf>,

    /// See [`Start::demo`].
    #[arg(skip)]
    pub demo: Option<bool>,

    /// Where clients are served: address and port. Port 0 takes a free one.
    ///
    /// Default: 127.0.0.1:8080
    #[arg(
        long,
        env = "JETON_LISTEN",
        value_name = "ADDR:PORT",
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub listen: Option<Endpoint>,

    /// Serves the console and the admin API here, and no longer where clients are served.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_OPERATOR_LISTEN",
        value_name = "ADDR:PORT",
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub operator_listen: Option<Endpoint>,

    /// The web address by which operators reach the console, without `/console`: links of invitations
    /// and hand-overs begin with it.
    ///
    /// Default: the issuer
    #[arg(
        long,
        env = "JETON_CONSOLE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub console_url: Option<ConsoleUrl>,

    /// The issuer identifier: the web address by which clients and APIs know this server, as it
    /// stands in every token.
    ///
    /// Default: `http://LISTEN`, with TLS `https://LISTEN`
    #[arg(long, env = "JETON_ISSUER", value_name = "URL", hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub issuer: Option<Issuer>,

    /// How strict the server is with its clients: `standard`, or `fapi2` for the FAPI 2.0 security
    /// profile, in which clients prove themselves with keys or certificates of their own and every token
    /// is bound to one. Whatever is weaker is refused.
    ///
    /// Default: standard
    #[arg(
        long,
        env = "JETON_PROFILE",
        value_name = "PROFILE",
        hide_env_values = true,
        hide_possible_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub profile: Option<ProfileName>,

    /// The reverse proxy in front of this server, which adds TLS: its address or network. Only its
    /// word on who asks is believed. May be given several times, or several with commas between.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_BEHIND_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        hide_env_values = true
    )]
    #[serde(deserialize_with = "list")]
    pub behind_proxy: Option<Vec<Network>>,

    /// The header in which that proxy says who asks: `x-forwarded-for` or `forwarded`.
    ///
    /// Default: x-forwarded-for
    #[arg(
        long,
        env = "JETON_FORWARDED_BY",
        value_name = "HEADER",
        hide_env_values = true,
        hide_possible_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub forwarded_by: Option<ForwardedBy>,

    /// The server's certificate, in PEM, with those that lead to its authority. Then all listeners
    /// speak TLS. A file that changes is taken up within ten seconds, or at SIGHUP.
    ///
    /// Default: none
    #[arg(long, env = "JETON_TLS_CERT", value_name = "FILE", help_heading = TLS, hide_env_values = true)]
    pub tls_cert: Option<PathBuf>,

    /// The key of that certificate, in PEM, without a passphrase.
    ///
    /// Default: none
    #[arg(long, env = "JETON_TLS_KEY", value_name = "FILE", help_heading = TLS, hide_env_values = true)]
    pub tls_key: Option<PathBuf>,

    /// Gets the server's certificate, and renews it, from this directory (ACME, RFC 8555):
    /// `letsencrypt`, `letsencrypt-staging`, or the `https://` address of another. Then all listeners
    /// speak TLS, and refuse to until the first certificate is there.
    ///
    /// Default: none
    #[arg(long, env = "JETON_ACME", value_name = "DIRECTORY", help_heading = TLS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub acme: Option<AcmeDirectory>,

    /// Agrees to the terms of service of that directory: without it, there is no certificate.
    ///
    /// Default: false
    #[arg(
        long,
        env = "JETON_ACME_AGREE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        help_heading = TLS,
        hide_env_values = true
    )]
    pub acme_agree: Option<bool>,

    /// The e-mail addresses to which that directory may write. May be given several times, or several
    /// with commas between.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_ACME_CONTACT",
        value_name = "EMAIL",
        value_delimiter = ',',
        help_heading = TLS,
        hide_env_values = true
    )]
    #[serde(deserialize_with = "list")]
    pub acme_contact: Option<Vec<AcmeContact>>,

    /// The names that the certificate is for. May be given several times, or several with commas between.
    ///
    /// Default: the issuer's host
    #[arg(
        long,
        env = "JETON_ACME_DOMAINS",
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = TLS,
        hide_env_values = true
    )]
    #[serde(deserialize_with = "list")]
    pub acme_domains: Option<Vec<AcmeDomain>>,

    /// Where the directory's challenges are answered (http-01): what `http://NAME:80` leads to. Nothing
    /// else is served here; who reads pages is led to the issuer.
    ///
    /// Default: 0.0.0.0:80
    #[arg(long, env = "JETON_ACME_LISTEN", value_name = "ADDR:PORT", help_heading = TLS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub acme_listen: Option<Endpoint>,

    /// Certificates in PEM that are trusted, besides the system's, where that directory is asked.
    ///
    /// Default: none
    #[arg(long, env = "JETON_ACME_CA", value_name = "FILE", help_heading = TLS, hide_env_values = true)]
    pub acme_ca: Option<PathBuf>,

    /// Serves clients here too, and asks them for certificates (RFC 8705). Neither the console nor the
    /// admin API is served here.
    ///
    /// Default: none
    #[arg(long, env = "JETON_MTLS_LISTEN", value_name = "ADDR:PORT", help_heading = TLS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub mtls_listen: Option<Endpoint>,

    /// The web address by which clients reach the server where they are asked for certificates: the
    /// metadata name it in `mtls_endpoint_aliases`.
    ///
    /// Default: the issuer with the port of `mtls_listen`
    #[arg(long, env = "JETON_MTLS_URL", value_name = "URL", help_heading = TLS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub mtls_url: Option<Issuer>,

    /// The certificates, in PEM, of the authorities that may vouch for clients (`tls_client_auth`).
    /// Those that the system trusts may not.
    ///
    /// Default: none
    #[arg(long, env = "JETON_TLS_CLIENT_CA", value_name = "FILE", help_heading = TLS, hide_env_values = true)]
    pub tls_client_ca: Option<PathBuf>,

    /// The lists of certificates that those authorities revoked (X.509 CRLs), in PEM, or one in DER. Each authority
    /// of a client's chain needs one whose next update is not over: without, it vouches for nobody. Read again when
    /// the file changes.
    ///
    /// Default: none, and nobody asks whether a certificate was revoked
    #[arg(long, env = "JETON_TLS_CLIENT_CRL", value_name = "FILE", help_heading = TLS, hide_env_values = true)]
    pub tls_client_crl: Option<PathBuf>,

    /// The header in which the proxy of `behind_proxy` says which certificate the client showed:
    /// `client-cert` (RFC 9440), `x-ssl-client-cert`, `x-forwarded-client-cert` (Envoy) or
    /// `x-forwarded-tls-client-cert` (Traefik). The proxy must not let it pass from clients.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_CLIENT_CERTIFICATE_FROM",
        value_name = "HEADER",
        help_heading = TLS,
        hide_env_values = true,
        hide_possible_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub client_certificate_from: Option<CertificateHeader>,

    /// Takes plain HTTP from anywhere, so that everybody on the way can read secrets and tokens. For
    /// trials only.
    ///
    /// Default: false
    #[arg(
        long,
        env = "JETON_ALLOW_PLAIN_HTTP_FROM_ANYWHERE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_env_values = true
    )]
    pub allow_plain_http_from_anywhere: Option<bool>,

    /// The networks of your own in which keys may be fetched that clients and other issuers publish; from
    /// the public internet they always may. May be given several times, or several with commas between.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_FETCH_ALLOW",
        value_name = "CIDR",
        value_delimiter = ',',
        hide_env_values = true
    )]
    #[serde(deserialize_with = "list")]
    pub fetch_allow: Option<Vec<Network>>,

    /// Certificates in PEM that are trusted, besides the system's, where such keys are fetched.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_FETCH_CA",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub fetch_ca: Option<PathBuf>,

    /// Lets programs register clients by themselves, with a token that an operator made (RFC 7591), and
    /// manage what they registered (RFC 7592): `on` or `off`.
    ///
    /// Default: off
    #[arg(
        long,
        env = "JETON_REGISTRATION",
        value_name = "ON|OFF",
        hide_env_values = true,
        hide_possible_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub registration: Option<Switch>,

    /// How the log is written, on standard error: `human` or `json`.
    ///
    /// Default: human
    #[arg(
        long,
        env = "JETON_LOG_FORMAT",
        value_name = "FORMAT",
        hide_env_values = true,
        hide_possible_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub log_format: Option<LogFormat>,

    /// How much is logged: off, error, warn, info, debug or trace.
    ///
    /// Default: info
    #[arg(
        long,
        env = "JETON_LOG_LEVEL",
        value_name = "LEVEL",
        hide_env_values = true,
        hide_possible_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub log_level: Option<LogLevel>,

    /// Threads that serve requests; 0 is one for each processor.
    ///
    /// Default: 0
    #[arg(
        long,
        env = "JETON_WORKER_THREADS",
        value_name = "N",
        hide_env_values = true
    )]
    pub worker_threads: Option<u16>,

    /// How often usage (last use, counts, addresses) is written to disk. A crash may lose the uses of
    /// one such interval, nothing else.
    ///
    /// Default: 10s
    #[arg(
        long,
        env = "JETON_USAGE_FLUSH_INTERVAL",
        value_name = "SPAN",
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub usage_flush_interval: Option<Span>,

    /// Bytes of the disk that are set aside, in jeton.reserve beside the data file, and given up when the disk is
    /// full: so that rights can be taken away even then. 0 sets none aside.
    ///
    /// Default: 67108864
    #[arg(
        long,
        env = "JETON_DISK_RESERVE_BYTES",
        value_name = "BYTES",
        hide_env_values = true
    )]
    pub disk_reserve_bytes: Option<u64>,

    /// The directory that backups are written to while the server serves; it must be there, and best on another disk.
    /// They are sealed like the data, checked once written, and named `jeton-TIME.redb`. Nothing else in it is touched.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_BACKUP_DIR",
        value_name = "DIR",
        help_heading = KEEPING,
        hide_env_values = true
    )]
    pub backup_dir: Option<PathBuf>,

    /// From one of those backups to the next; at least 1m.
    ///
    /// Default: 24h
    #[arg(
        long,
        env = "JETON_BACKUP_EVERY",
        value_name = "SPAN",
        help_heading = KEEPING,
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub backup_every: Option<Span>,

    /// How many of those backups are kept: once another one is whole, the oldest goes.
    ///
    /// Default: 14
    #[arg(
        long,
        env = "JETON_BACKUP_KEEP",
        value_name = "N",
        help_heading = KEEPING,
        hide_env_values = true
    )]
    pub backup_keep: Option<u16>,

    /// A file that signed checkpoints of the audit log are appended to, best on another disk: once a minute, if there
    /// is something new. With it, the server and `jeton audit verify` find out that the end of the log is missing, or that
    /// the data are an older copy. No operator can change where it is.
    ///
    /// Default: none
    #[arg(
        long,
        env = "JETON_AUDIT_CHECKPOINTS",
        value_name = "FILE",
        help_heading = KEEPING,
        hide_env_values = true
    )]
    pub audit_checkpoints: Option<PathBuf>,

    /// Whether each token is put on record before it is handed out: `off`, or `durable`. Then it is on disk to whom it was
    /// issued, for what, and from where, in a chain like the audit log's, for 90 days; what cannot be put on record is not
    /// issued. Requests that come together share one write.
    ///
    /// Default: off
    #[arg(
        long,
        env = "JETON_AUDIT_TOKENS",
        value_name = "OFF|DURABLE",
        help_heading = KEEPING,
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub audit_tokens: Option<TokenRecordsName>,

    /// How long requests in flight may take when the server is told to stop.
    ///
    /// Default: 10s
    #[arg(
        long,
        env = "JETON_DRAIN_TIMEOUT",
        value_name = "SPAN",
        hide_env_values = true
    )]
    #[serde(deserialize_with = "text")]
    pub drain_timeout: Option<Span>,

    /// Connections served at once. When more come, those that keep the server waiting are closed,
    /// the silent ones first; while none does, more wait.
    ///
    /// Default: 10000
    #[arg(long, env = "JETON_MAX_CONNECTIONS", value_name = "N", help_heading = LIMITS, hide_env_values = true)]
    pub max_connections: Option<usize>,

    /// Connections of one address (IPv6: of one /64) at once; 0 is no limit.
    ///
    /// Default: 0
    #[arg(long, env = "JETON_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", help_heading = LIMITS, hide_env_values = true)]
    pub max_connections_per_address: Option<usize>,

    /// Bytes of a request's head: request line and header fields; at least 8192.
    ///
    /// Default: 32768
    #[arg(long, env = "JETON_MAX_HEADER_BYTES", value_name = "BYTES", help_heading = LIMITS, hide_env_values = true)]
    pub max_header_bytes: Option<usize>,

    /// Bytes of a request's target: path and query.
    ///
    /// Default: 8192
    #[arg(long, env = "JETON_MAX_TARGET_BYTES", value_name = "BYTES", help_heading = LIMITS, hide_env_values = true)]
    pub max_target_bytes: Option<usize>,

    /// Bytes of a request's body.
    ///
    /// Default: 65536
    #[arg(long, env = "JETON_MAX_BODY_BYTES", value_name = "BYTES", help_heading = LIMITS, hide_env_values = true)]
    pub max_body_bytes: Option<u64>,

    /// From accepting a connection to its first byte.
    ///
    /// Default: 10s
    #[arg(long, env = "JETON_FIRST_BYTE_TIMEOUT", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub first_byte_timeout: Option<Span>,

    /// Of a TLS handshake.
    ///
    /// Default: 5s
    #[arg(long, env = "JETON_HANDSHAKE_TIMEOUT", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub handshake_timeout: Option<Span>,

    /// From the first byte of a request's head to its last.
    ///
    /// Default: 10s
    #[arg(long, env = "JETON_HEADER_TIMEOUT", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub header_timeout: Option<Span>,

    /// From the end of a request's head to the end of its body.
    ///
    /// Default: 10s
    #[arg(long, env = "JETON_BODY_TIMEOUT", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub body_timeout: Option<Span>,

    /// From the end of a request's head to its answer.
    ///
    /// Default: 15s
    #[arg(long, env = "JETON_REQUEST_TIMEOUT", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub request_timeout: Option<Span>,

    /// How far the server may fall behind before it refuses further requests of clients with 503: 0 is never.
    ///
    /// Default: 1s
    #[arg(long, env = "JETON_SHED_AFTER", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub shed_after: Option<Span>,

    /// Between two requests of one connection.
    ///
    /// Default: 1m
    #[arg(long, env = "JETON_IDLE_TIMEOUT", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub idle_timeout: Option<Span>,

    /// The longest that one connection is kept; a request in flight is finished first.
    ///
    /// Default: 1h
    #[arg(long, env = "JETON_CONNECTION_LIFETIME", value_name = "SPAN", help_heading = LIMITS, hide_env_values = true)]
    #[serde(deserialize_with = "text")]
    pub connection_lifetime: Option<Span>,
}

const KEEPING: &str = "Backups and audit";
const LIMITS: &str = "Limits";
const TLS: &str = "TLS";

impl Settings {
    /// These settings, and those of `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        macro_rules! each {
            ($($field:ident)*) => { Self { $($field: self.$field.or(other.$field)),* } };
        }
        each! {
            data master_key_file previous_master_key_file demo listen operator_listen console_url issuer profile behind_proxy forwarded_by
            tls_cert tls_key acme acme_agree acme_contact acme_domains acme_listen acme_ca mtls_listen mtls_url tls_client_ca tls_client_crl client_certificate_from
            allow_plain_http_from_anywhere fetch_allow fetch_ca registration log_format log_level worker_threads
            usage_flush_interval disk_reserve_bytes backup_dir backup_every backup_keep audit_checkpoints audit_tokens
            drain_timeout max_connections max_connections_per_address max_header_bytes
            max_target_bytes max_body_bytes first_byte_timeout handshake_timeout header_timeout body_timeout
            request_timeout shed_after idle_timeout connection_lifetime
        }
    }
}
