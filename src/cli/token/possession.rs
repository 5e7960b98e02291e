//! The key that a token is bound to (RFC 9449): made, or kept in a file, and proven with each request.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    cli::failure::Failure,
    crypto::{
        random::Entropy,
        signer::{Algorithm, PrivateKey, Signer},
    },
    domain::time::{Clock, SystemClock},
    web::tls,
};

/// The flags.
#[derive(Args, Debug, Default)]
pub(super) struct PossessionArgs {
    /// Bind the token to a key (RFC 9449): one of P-256 that is made for it and forgotten, unless --dpop-key says
    /// where it is.
    #[arg(long)]
    dpop: bool,
    /// The file of the key that the token is bound to, in PEM: made if it does not exist. Whoever uses the token
    /// proves with it that they have it.
    #[arg(long, value_name = "FILE")]
    dpop_key: Option<PathBuf>,
}

impl PossessionArgs {
    /// The key, if the token is to be bound to one.
    pub(super) fn read(&self) -> Result<Option<Signer>, Failure> {
        match &self.dpop_key {
            Some(file) => kept(file).map(Some),
            None if self.dpop => Ok(Some(made().0)),
            None => Ok(None),
        }
    }

    /// Whether nobody has the key once the token is printed.
    pub(super) fn is_forgotten(&self) -> bool {
        self.dpop && self.dpop_key.is_none()
    }
}

fn made() -> (Signer, PrivateKey) {
    Signer::generate(Algorithm::Es256, &Entropy::os())
}

/// The key in a file, made if there is none.
fn kept(file: &Path) -> Result<Signer, Failure> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    match opened {
        Ok(mut opened) => {
            let (signer, private) = made();
            let written = opened.write_all(pem(&private).as_bytes());
            let written = written.and_then(|()| opened.sync_all());
            written.map_err(|error| Failure::file(file, &error))?;
            Ok(signer)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let refused = |message| Failure::refused("dpop-key", message);
            let key = tls::private_key(file).map_err(|error| refused(error.to_string()))?;
            Signer::from_der(&key, Algorithm::Ps256).map_err(|error| {
                let what = "take a key of P-256, Ed25519, or RSA with 2048 bits or more";
                refused(format!("{}: {error}; {what}", file.display()))
            })
        }
        Err(error) => Err(Failure::file(file, &error)),
    }
}

/// PKCS #8 in PEM (RFC 7468 §10).
fn pem(key: &PrivateKey) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(key.as_bytes()));
    let mut pem = Zeroizing::new(String::with_capacity(body.len() * 2 + 64));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for (n, letter) in body.chars().enumerate() {
        if n > 0 && n % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str("\n-----END PRIVATE KEY-----\n");
    pem
}

/// Proves for a request to `url` that `key` is there, with what the server wants to read in it.
pub(super) fn proof(key: &Signer, url: &str, nonce: Option<&str>) -> Result<String, Failure> {
    let mut claims = json!({
        "jti": Entropy::os().base62(22).as_str(),
        "htm": "POST",
        "htu": url,
        "iat": SystemClock.now().seconds(),
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    let proof = key.sign_proof(claims.to_string().as_bytes());
    proof.map_err(|error| Failure::refused("signing", error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_read_after_that() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");

        let first = kept(&file).unwrap();
        let second = kept(&file).unwrap();

        assert_eq!(first.public_jwk(), second.public_jwk());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&file, "x").unwrap();
        let failure = kept(&file).unwrap_err();
        assert!(failure.message.contains("no private key"), "{failure}");
    }
}
