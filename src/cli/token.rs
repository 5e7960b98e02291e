//! `jeton token`: what a service does to get a token, for people.

mod possession;
mod way;

use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use self::{
    possession::{PossessionArgs, proof},
    way::{Way, WayArgs},
};
use super::{
    failure::Failure,
    fetch::{self, Answer, Post},
    output::{self, Format},
};
use crate::{crypto::signer::Signer, domain::issuer::Issuer, oauth::access_token::LARGE};

/// What to ask for, and as whom.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TokenCommand {
    /// The authorization server's issuer; the token endpoint is found by its metadata (RFC 8414).
    #[arg(long, value_name = "URL")]
    issuer: Issuer,
    /// The client id.
    #[arg(long, value_name = "ID")]
    client_id: String,
    #[command(flatten)]
    way: WayArgs,
    /// The scopes to ask for, with spaces between. The client's default, if not given.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// The API the token is for, by its identifier. May be left out where only one can be meant.
    #[arg(long, value_name = "IDENTIFIER")]
    resource: Option<String>,
    /// What to ask for in detail: a JSON array of objects with a type each (RFC 9396).
    #[arg(long, value_name = "JSON")]
    authorization_details: Option<String>,
    #[command(flatten)]
    possession: PossessionArgs,
}

const EXAMPLES: &str = "\
Prints the token and nothing else; with --json, all of the server's answer.

Examples:
  jeton token --issuer http://127.0.0.1:8080 --client-id report-service \\
      --client-secret-file report.secret --scope read:analytics
  TOKEN=$(jeton token …) && curl -H \"Authorization: Bearer $TOKEN\" https://sales.example.com/…
  jeton token … | jeton inspect -

The other ways in which a client may prove itself:
  jeton token … --client-secret-file report.secret --secret-signs     it signs with its secret
  jeton token … --key report-key.pem                                  it signs with its private key
  jeton token … --cert report.pem --cert-key report-key.pem           it shows its certificate
  jeton token … --assertion-file /var/run/secrets/tokens/jeton        its platform vouches for it
And for a token that only who has a key can use:
  jeton token … --client-secret-file report.secret --dpop-key bound.pem";

impl TokenCommand {
    /// Gets the token and prints it.
    pub(crate) async fn run(self, format: Format) -> Result<(), Failure> {
        let way = self.way.read()?;
        let key = self.possession.read()?;
        let metadata = fetch::metadata(&self.issuer).await?;
        let Answer { status, json, .. } = self.ask(&way, key.as_ref(), &metadata).await?;
        let token = json["access_token"].as_str();
        let Some(token) = token.filter(|_| status == 200) else {
            return Err(refusal(status, &json, way.doubt()));
        };
        if token.len() > LARGE {
            output::say(&format!(
                "the token has {} bytes: it travels with every request, and many servers take no more than 8192 \
                 bytes of headers\n",
                token.len()
            ));
        }
        if self.possession.is_forgotten() {
            output::say(
                "nobody can use this token: the key that it is bound to is gone. --dpop-key FILE keeps it\n",
            );
        }
        match format {
            Format::Json => output::print_json(&json),
            Format::Human => output::print(&format!("{token}\n")),
        }
        Ok(())
    }

    /// Asks, and once more with the server's nonce if it wants one (RFC 9449 §8).
    async fn ask(
        &self,
        way: &Way,
        key: Option<&Signer>,
        metadata: &Value,
    ) -> Result<Answer, Failure> {
        let endpoint = self.endpoint(way, metadata)?;
        let mut nonce = None;
        loop {
            let mut post = self.form(way, metadata)?;
            if let Some(key) = key {
                post.proof = Some(proof(key, endpoint, nonce.as_deref())?);
            }
            let answer = fetch::post(endpoint, post).await?;
            let wants_nonce = answer.json["error"] == "use_dpop_nonce" && key.is_some();
            if wants_nonce && nonce.is_none() && answer.nonce.is_some() {
                nonce = answer.nonce;
            } else {
                return Ok(answer);
            }
        }
    }

    /// Where it asks: who shows a certificate, where those are asked for (RFC 8705 §5).
    fn endpoint<'m>(&self, way: &Way, metadata: &'m Value) -> Result<&'m str, Failure> {
        let alias = &metadata["mtls_endpoint_aliases"]["token_endpoint"];
        let alias = alias.as_str().filter(|_| way.tls.is_some());
        let endpoint = alias.or(metadata["token_endpoint"].as_str());
        let endpoint = endpoint.ok_or_else(|| {
            Failure::refused(
                "unexpected-answer",
                format!("the metadata of {} name no token endpoint", self.issuer),
            )
        })?;
        if way.tls.is_some() && !endpoint.starts_with("https://") {
            return Err(Failure::refused(
                "certificate",
                format!("{endpoint} is not https: there is nobody to show a certificate to"),
            ));
        }
        Ok(endpoint)
    }

    fn form(&self, way: &Way, metadata: &Value) -> Result<Post, Failure> {
        let asked = [
            ("grant_type", Some("client_credentials")),
            ("scope", self.scope.as_deref()),
            ("resource", self.resource.as_deref()),
            (
                "authorization_details",
                self.authorization_details.as_deref(),
            ),
        ];
        let asked = asked.into_iter();
        let mut pairs: Vec<_> = asked
            .filter_map(|(name, value)| Some((name, value?.to_owned())))
            .collect();
        let authorization = way.prove(&self.client_id, (&self.issuer, metadata), &mut pairs)?;
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{name}={}", encoded(&value)))
            .collect();
        Ok(Post {
            form: pairs.join("&"),
            authorization,
            proof: None,
            tls: way.tls.clone(),
        })
    }
}

/// Why there is no token; if the server does not believe the client, perhaps because of this `doubt`.
fn refusal(status: u16, answer: &Value, doubt: &str) -> Failure {
    let Some(code) = answer["error"].as_str() else {
        return Failure::refused(
            "unexpected-answer",
            format!("the token endpoint answered with status {status} and no OAuth error"),
        );
    };
    let unknown = format!("the client is unknown or disabled, or {doubt}");
    let meaning = match code {
        "invalid_client" => unknown.as_str(),
        "invalid_dpop_proof" => {
            "the token must be bound to a key: give --dpop-key FILE; if it is given, the clocks differ"
        }
        "invalid_scope" => "a scope is unknown, or the client was not granted it",
        "invalid_target" => {
            "the API is unknown, or it is not clear which one is meant: name it with \
                             --resource"
        }
        "invalid_authorization_details" => {
            "what is asked for in detail is of a type that is unknown or not granted, or has not its form"
        }
        "unauthorized_client" => "the client may not use this grant",
        "unsupported_grant_type" => "the server does not know the client credentials grant",
        "invalid_request" => "the server finds the request malformed",
        "temporarily_unavailable" => "the server cannot answer at the moment",
        _ => "the server refused",
    };
    let said = answer["error_description"]
        .as_str()
        .map(|text| format!(" (the server says: {text})"))
        .unwrap_or_default();
    Failure::refused(code, format!("no token, {code}: {meaning}{said}"))
}

/// As a form has it (RFC 6749 Appendix B).
fn encoded(text: &str) -> String {
    const FORM: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'*');
    utf8_percent_encode(text, FORM)
        .to_string()
        .replace("%20", "+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_is_told_in_words_with_its_code() {
        let answer = json!({ "error": "invalid_scope", "error_description": "no such scope" });
        let failure = refusal(400, &answer, "");
        assert_eq!(failure.word, "invalid_scope");
        assert_eq!(failure.exit as u8, 1);
        assert!(failure.message.contains("was not granted it"), "{failure}");
        assert!(failure.message.contains("no such scope"), "{failure}");
    }
}
