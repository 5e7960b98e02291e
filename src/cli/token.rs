//! `jeton token`: what a service does to get a token, for people.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    failure::Failure,
    fetch::{self, Post},
    output::{self, Format},
    secret_file::read_secret,
};
use crate::{domain::issuer::Issuer, oauth::access_token::LARGE};

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
    /// The file that holds the client's secret; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    client_secret_file: PathBuf,
    /// The scopes to ask for, with spaces between. The client's default, if not given.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// The API the token is for, by its identifier. May be left out where only one can be meant.
    #[arg(long, value_name = "IDENTIFIER")]
    resource: Option<String>,
    /// What to ask for in detail: a JSON array of objects with a type each (RFC 9396).
    #[arg(long, value_name = "JSON")]
    authorization_details: Option<String>,
}

const EXAMPLES: &str = "\
Prints the token and nothing else; with --json, all of the server's answer.

Examples:
  jeton token --issuer http://127.0.0.1:8080 --client-id report-service \\
      --client-secret-file report.secret --scope read:analytics
  TOKEN=$(jeton token …) && curl -H \"Authorization: Bearer $TOKEN\" https://sales.example.com/…
  jeton token … | jeton inspect -";

impl TokenCommand {
    /// Gets the token and prints it.
    pub(crate) async fn run(self, format: Format) -> Result<(), Failure> {
        let secret = read_secret(&self.client_secret_file)?;
        let metadata = fetch::metadata(&self.issuer).await?;
        let endpoint = metadata["token_endpoint"].as_str().ok_or_else(|| {
            Failure::refused(
                "unexpected-answer",
                format!("the metadata of {} name no token endpoint", self.issuer),
            )
        })?;
        let post = self.form(&secret, takes_basic(&metadata));
        let (status, answer) = fetch::post(endpoint, post).await?;
        let token = answer["access_token"].as_str();
        let Some(token) = token.filter(|_| status == 200) else {
            return Err(refusal(status, &answer));
        };
        if token.len() > LARGE {
            output::say(&format!(
                "the token has {} bytes: it travels with every request, and many servers take no more than 8192 \
                 bytes of headers\n",
                token.len()
            ));
        }
        match format {
            Format::Json => output::print_json(&answer),
            Format::Human => output::print(&format!("{token}\n")),
        }
        Ok(())
    }

    fn form(&self, secret: &str, basic: bool) -> Post {
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        pairs.extend(
            self.resource
                .as_deref()
                .map(|resource| ("resource", resource)),
        );
        let details = self.authorization_details.as_deref();
        pairs.extend(details.map(|details| ("authorization_details", details)));
        let authorization = basic.then(|| {
            let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret));
            format!("Basic {}", STANDARD.encode(pair))
        });
        if !basic {
            pairs.extend([
                ("client_id", self.client_id.as_str()),
                ("client_secret", secret),
            ]);
        }
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        Post {
            form: pairs.join("&"),
            authorization,
        }
    }
}

/// Whether the server takes secrets by HTTP Basic, as one does that says nothing of it
/// (RFC 8414 §2).
fn takes_basic(metadata: &Value) -> bool {
    metadata["token_endpoint_auth_methods_supported"]
        .as_array()
        .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
}

fn refusal(status: u16, answer: &Value) -> Failure {
    let Some(code) = answer["error"].as_str() else {
        return Failure::refused(
            "unexpected-answer",
            format!("the token endpoint answered with status {status} and no OAuth error"),
        );
    };
    let meaning = match code {
        "invalid_client" => {
            "the client is unknown or disabled, or this is none of its live secrets"
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

    fn command() -> TokenCommand {
        TokenCommand {
            issuer: "https://as.test".parse().unwrap(),
            client_id: "a b:c".to_owned(),
            client_secret_file: PathBuf::new(),
            scope: Some("read write".to_owned()),
            resource: Some("https://api.test".to_owned()),
            authorization_details: None,
        }
    }

    /// CA-02: RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
    #[test]
    fn basic_credentials_are_form_encoded_first() {
        let post = command().form("p+%:", true);
        let basic = post.authorization.unwrap();
        let decoded = STANDARD
            .decode(basic.strip_prefix("Basic ").unwrap())
            .unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), "a+b%3Ac:p%2B%25%3A");
        assert_eq!(
            post.form,
            "grant_type=client_credentials&scope=read+write&resource=https%3A%2F%2Fapi.test"
        );
    }

    #[test]
    fn a_server_without_basic_gets_the_credentials_in_the_body() {
        let post = command().form("s", false);
        assert!(post.authorization.is_none());
        assert!(post.form.ends_with("&client_id=a+b%3Ac&client_secret=s"));
        assert!(takes_basic(&json!({})));
        let only = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
        assert!(!takes_basic(&only));
    }

    #[test]
    fn a_refusal_is_told_in_words_with_its_code() {
        let answer = json!({ "error": "invalid_scope", "error_description": "no such scope" });
        let failure = refusal(400, &answer);
        assert_eq!(failure.word, "invalid_scope");
        assert_eq!(failure.exit as u8, 1);
        assert!(failure.message.contains("was not granted it"), "{failure}");
        assert!(failure.message.contains("no such scope"), "{failure}");
    }
}
