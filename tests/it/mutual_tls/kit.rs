//! A server with two doors, an authority, and an API to ask tokens for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;

use crate::harness::{
    certificates::{Authority, Pair, secure, text},
    curl::{Reply, curl},
    process::ServerProcess,
};

/// A server that asks for certificates on one of its doors.
pub(super) struct House {
    pub(super) authority: Authority,
    pub(super) server: ServerProcess,
    mutual: String,
}

/// A request for a token by a client that is known some other way.
pub(super) fn grant(id: &str) -> String {
    format!("grant_type=client_credentials&client_id={id}")
}

impl House {
    pub(super) fn start() -> Self {
        Self::start_with(&[])
    }

    /// One with these settings besides.
    pub(super) fn start_with(more: &[&str]) -> Self {
        Self::of(Authority::new(), more)
    }

    /// One whose clients this authority vouches for.
    pub(super) fn of(authority: Authority, more: &[&str]) -> Self {
        let (server, mutual) = secure(&authority, more);
        define(&server);
        Self {
            authority,
            server,
            mutual,
        }
    }

    /// An address where certificates are asked for.
    pub(super) fn mutual(&self, path: &str) -> String {
        format!("https://{}{path}", self.mutual)
    }

    /// Registers a client, and gives its secret; an empty one if it has none.
    #[track_caller]
    pub(super) fn create(&self, id: &str, flags: &[&str]) -> String {
        create(&self.server, id, flags)
    }

    /// Asks for a token where certificates are asked for.
    #[track_caller]
    pub(super) fn ask(&self, shown: Option<&Pair>, form: &str) -> Reply {
        self.post(&self.mutual("/oauth2/token"), shown, form)
    }

    /// Asks for a token elsewhere.
    #[track_caller]
    pub(super) fn ask_at(&self, base: &str, shown: Option<&Pair>, form: &str) -> Reply {
        self.post(&format!("{base}/oauth2/token"), shown, form)
    }

    #[track_caller]
    pub(super) fn post(&self, url: &str, shown: Option<&Pair>, form: &str) -> Reply {
        post(&self.authority, (url, shown), form)
    }
}

pub(super) fn define(server: &ServerProcess) {
    let words = [
        "api",
        "create",
        "https://sales.test",
        "--name",
        "Sales",
        "--scope",
        "read",
    ];
    server.jeton(&words);
}

#[track_caller]
pub(super) fn create(server: &ServerProcess, id: &str, flags: &[&str]) -> String {
    let words = [
        "client",
        "create",
        id,
        "--id",
        id,
        "--grant",
        "https://sales.test=read",
    ];
    let made = server.jeton(&[&words[..], flags].concat());
    made["client_secret"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[track_caller]
pub(super) fn post(
    authority: &Authority,
    (url, shown): (&str, Option<&Pair>),
    form: &str,
) -> Reply {
    let ca = authority.file();
    let mut words = vec!["--cacert", text(&ca), "--data", form];
    if let Some(pair) = shown {
        words.extend(["--cert", text(&pair.certificate), "--key", text(&pair.key)]);
    }
    words.push(url);
    curl(&words)
}

pub(super) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a JWT");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

pub(super) fn thumbprint(pair: &Pair) -> String {
    let der = CertificateDer::from_pem_file(&pair.certificate).expect("a certificate");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    URL_SAFE_NO_PAD.encode(digest)
}
