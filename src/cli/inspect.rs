//! `jeton inspect`: what a token says, in plain words, and whether to believe it.

use std::{
    io::{self, IsTerminal, Read},
    path::Path,
};

use clap::Args;
use serde_json::{Value, json};

use super::{
    desk::Desk,
    failure::Failure,
    fetch,
    output::{self, Format},
    pen::Pen,
};
use crate::{
    config::{Config, Place},
    crypto::{
        jws::{VerifyError, decode_unverified, key_id_of},
        verifier::Verifier,
    },
    domain::{issuer::Issuer, secret::public_id},
    oauth::inspection::{
        Validity,
        claims::{self, Claim, explained},
        not_a_token, trimmed,
    },
};

/// Show what a token says: its header, its claims, and whether it is to be believed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectCommand {
    /// The token. `-`, or nothing, reads it from standard input, where nobody sees it: what stands on a
    /// command line can be read by everybody on the machine.
    token: Option<String>,
    /// Check the signature with the keys that this issuer publishes. The keys of the data directory,
    /// if not given.
    #[arg(long, value_name = "URL")]
    issuer: Option<Issuer>,
}

const EXAMPLES: &str = "\
Examples:
  jeton token … | jeton inspect
  jeton inspect --issuer https://auth.example.com - < token.txt

Ends with 1 if the token is expired, not yet valid, or its signature is wrong.";

/// Longer texts are no tokens.
const MOST_BYTES: u64 = 64 * 1024;

impl InspectCommand {
    /// Reads the token and says what it is.
    pub(crate) async fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let token = self.read()?;
        let token = trimmed(&token);
        let token = token.as_str();
        if let Some(id) = public_id(token) {
            return Err(Failure::refused(
                "client-secret",
                format!(
                    "this is no token but the client secret jtn_{id}. Whoever has it can get tokens: if it \
                 was where it should not have been, revoke it with `jeton secret revoke`"
                ),
            ));
        }
        let Ok((header, claims)) = decode_unverified(token) else {
            return Err(Failure::refused("no-token", not_a_token(token)));
        };
        let keys = match &self.issuer {
            Some(issuer) => published_keys(issuer).await?,
            None => local_keys(place).await,
        };
        let signature = check(token, &header, &keys);
        let now = format.pen().now;
        let validity = Validity::of(&claims, now);
        match format {
            Format::Json => output::print_json(&json!({
                "header": header,
                "claims": claims,
                "signature": signature.word(),
                "validity": validity.word(),
            })),
            Format::Human => {
                output::print(&laid_out(
                    &format.pen(),
                    (&header, &claims),
                    &validity,
                    &signature,
                ));
            }
        }
        match (&validity, &signature) {
            (Validity::Current { .. }, Signature::Good | Signature::Unchecked(_)) => Ok(()),
            (Validity::Current { .. }, Signature::Wrong(_)) => Err(Failure::refused(
                "signature",
                "do not believe this token: its signature is wrong",
            )),
            (validity, _) => Err(Failure::refused(
                validity.word(),
                in_words(validity, &format.pen()),
            )),
        }
    }

    fn read(&self) -> Result<String, Failure> {
        match self.token.as_deref() {
            Some("-") | None => {
                if io::stdin().is_terminal() {
                    output::say("Paste the token, then press Return and Ctrl-D:");
                }
                let mut text = String::new();
                io::stdin()
                    .take(MOST_BYTES)
                    .read_to_string(&mut text)
                    .map_err(|error| Failure::file(Path::new("standard input"), &error))?;
                Ok(text)
            }
            Some(token) => {
                output::say(
                    "Note: while this runs, everybody on this machine can read the token in the list of \
                     processes; `jeton inspect -` reads it from standard input.",
                );
                Ok(token.to_owned())
            }
        }
    }
}

/// The keys to check with, or why there are none.
type Keys = Result<(Vec<Value>, String), String>;

async fn published_keys(issuer: &Issuer) -> Result<Keys, Failure> {
    let metadata = fetch::metadata(issuer).await?;
    let Some(address) = metadata["jwks_uri"].as_str() else {
        return Ok(Err(format!("{issuer} publishes no keys")));
    };
    let set = fetch::get(address).await?;
    let keys = set["keys"].as_array().cloned().unwrap_or_default();
    Ok(Ok((keys, format!("published by {issuer}"))))
}

/// What this data directory knows; that there is none is no failure here.
async fn local_keys(place: Place) -> Keys {
    let none = "give --issuer to check it";
    let config = Config::resolve_place(place).map_err(|_| none.to_owned())?;
    let source = format!("of {}", config.data.display());
    let desk = Desk::open_with(&config, Format::Json)
        .await
        .map_err(|_| none.to_owned())?;
    let keys = desk.all("/keys").await;
    desk.close().await;
    let keys = keys.map_err(|_| none.to_owned())?;
    let jwk = |key: &Value| key.get("public_jwk").filter(|jwk| !jwk.is_null()).cloned();
    let keys = keys["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(jwk);
    Ok((keys.collect(), source))
}

/// What is known of a token's signature.
enum Signature {
    Good,
    Wrong(String),
    Unchecked(String),
}

impl Signature {
    fn word(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wrong(_) => "wrong",
            Self::Unchecked(_) => "unchecked",
        }
    }
}

fn check(token: &str, header: &Value, keys: &Keys) -> Signature {
    if header["alg"] == "HS256" {
        return Signature::Unchecked(
            "it is by a key that only the API and the server have".to_owned(),
        );
    }
    let (keys, source) = match keys {
        Ok(keys) => keys,
        Err(reason) => return Signature::Unchecked(reason.clone()),
    };
    let Some(kid) = key_id_of(token) else {
        return Signature::Unchecked("the token names no key".to_owned());
    };
    let Some(key) = keys.iter().find(|key| key["kid"] == kid.as_str()) else {
        return Signature::Wrong(format!("the key it names is none of those {source}"));
    };
    let verified = Verifier::from_jwk(key)
        .map_err(VerifyError::from)
        .and_then(|verifier| verifier.verify_any_typ(token));
    match verified {
        Ok(_) => Signature::Good,
        Err(error) => Signature::Wrong(error.to_string()),
    }
}

fn in_words(validity: &Validity, pen: &Pen) -> String {
    match validity {
        Validity::Current { until } => format!("it expires {}", pen.relative(*until)),
        Validity::Expired { at } => format!("this token expired {}", pen.relative(*at)),
        Validity::NotYet { from } => {
            format!("this token is not valid before {}", pen.moment(*from))
        }
        Validity::Endless => "this token has no expiry, which an access token must have".to_owned(),
    }
}

fn laid_out(
    pen: &Pen,
    (header, content): (&Value, &Value),
    validity: &Validity,
    signature: &Signature,
) -> String {
    let verdict = match (validity, signature) {
        (Validity::Current { .. }, Signature::Good) => {
            format!(
                "Good: signed by a key that was checked; {}.",
                in_words(validity, pen)
            )
        }
        (_, Signature::Wrong(reason)) => pen.warning(&format!("Do not believe it: {reason}.")),
        (Validity::Current { .. }, Signature::Unchecked(reason)) => format!(
            "Current: {}. {}: {reason}.",
            in_words(validity, pen),
            pen.warning("Signature not checked")
        ),
        (_, Signature::Good) => format!(
            "{} Its signature is good.",
            pen.warning(&sentence(&in_words(validity, pen)))
        ),
        (_, Signature::Unchecked(reason)) => format!(
            "{} Signature not checked: {reason}.",
            pen.warning(&sentence(&in_words(validity, pen)))
        ),
    };
    format!(
        "{verdict}\n\n{}\n{}\n{}\n{}",
        pen.strong("Header"),
        lines(pen, &explained(header, claims::HEADER)),
        pen.strong("Claims"),
        lines(pen, &explained(content, claims::CLAIMS)),
    )
}

fn sentence(text: &str) -> String {
    let mut text = format!("{text}.");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn lines(pen: &Pen, claims: &[Claim]) -> String {
    let text = |claim: &Claim| {
        let value = match &claim.moment {
            Some(at) => pen.moment(*at),
            None => claim.value.clone(),
        };
        [claim.name.clone(), value, claim.meaning.to_owned()]
    };
    let rows: Vec<[String; 3]> = claims.iter().map(text).collect();
    let widest = |n: usize| {
        rows.iter()
            .map(|row| row[n].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (names, values) = (widest(0), widest(1).min(WIDEST_VALUE));
    rows.iter()
        .fold(String::new(), |text, [name, value, meaning]| {
            let line = format!("  {name:names$}  {value:values$}  {meaning}");
            text + line.trim_end() + "\n"
        })
}

/// Values beyond this push their explanation to the right alone.
const WIDEST_VALUE: usize = 48;

#[cfg(test)]
mod tests;
