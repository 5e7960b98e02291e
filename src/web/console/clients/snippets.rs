//! How a program gets its token, in six languages: whole programs, made for one client.
//!
//! The secret is always read from the environment. Names and secrets are encoded as RFC 6749 §2.3.1
//! wants it, so that any client's programs work, whatever stands in its id.

use std::fmt::Write;

use axum::http::HeaderMap;

use crate::{
    domain::{
        client::Client,
        id::ApiIdentifier,
        issuer::Issuer,
        permission::ADMIN_API,
        scope::{Scope, ScopeSet},
    },
    web::console::page::cookie,
};

/// The cookie that remembers the language that was opened last; the script writes it.
const LANGUAGE_COOKIE: &str = "jeton-lang";

/// A program that gets a token.
#[derive(Clone, Debug)]
pub(super) struct Snippet {
    /// The word for its language, in ids and in the cookie.
    pub(super) word: &'static str,
    /// What the language is called.
    pub(super) label: &'static str,
    /// What the program needs; nothing is the empty text.
    pub(super) needs: &'static str,
    /// The program.
    pub(super) text: String,
    /// Whether it is shown at once.
    pub(super) is_open: bool,
}

/// What a client asks for in the programs.
pub(super) struct Asked {
    endpoint: String,
    id: String,
    scope: String,
    resource: String,
}

impl Asked {
    /// The request of `client`: its default scopes on the first API it can call, or one scope there.
    pub(super) fn of(client: &Client, issuer: &Issuer) -> Self {
        let first = first_grant(client);
        Self {
            endpoint: issuer.endpoint("/oauth2/token"),
            id: client.id.to_string(),
            scope: first.map_or_else(String::new, |(_, scopes)| scope(client, scopes)),
            resource: first.map_or_else(String::new, |(api, _)| api.to_string()),
        }
    }

    /// All programs; the one in the language that was opened last is shown at once.
    pub(super) fn snippets(&self, headers: &HeaderMap) -> Vec<Snippet> {
        let chosen = cookie(headers, LANGUAGE_COOKIE).unwrap_or_default();
        let known = LANGUAGES.iter().any(|(word, ..)| *word == chosen);
        let chosen = if known { chosen } else { LANGUAGES[0].0 };
        LANGUAGES
            .into_iter()
            .map(|(word, label, needs, write)| Snippet {
                word,
                label,
                needs,
                text: write(self),
                is_open: word == chosen,
            })
            .collect()
    }

    /// The request as a command to try by hand.
    pub(super) fn curl(&self) -> String {
        let mut text = format!(
            "# Paste the secret when it waits: it stays out of the shell's history\n\
             read -rs JETON_SECRET && curl -sS {} \\\n  -u \"{}:$JETON_SECRET\" \\\n  \
             -d grant_type=client_credentials",
            self.endpoint,
            encoded(&self.id, b"-._~"),
        );
        for (name, value) in self.named() {
            let _ = write!(text, " \\\n  -d {name}={}", encoded(value, b"-._~:/"));
        }
        text
    }

    /// What the request names beside its kind.
    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("scope", self.scope.as_str()),
            ("resource", self.resource.as_str()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// The same as members of a literal: `before`, name, `between`, value, `after` for each.
    fn members(&self, [before, between, after]: [&str; 3]) -> String {
        self.named().fold(String::new(), |mut all, (name, value)| {
            let _ = write!(all, "{before}{name}{between}{}{after}", literal(value));
            all
        })
    }

    fn python(&self) -> String {
        format!(
            r#"import os
from urllib.parse import quote_plus

import requests

answer = requests.post(
    {endpoint},
    auth=(quote_plus(os.environ["JETON_ID"]), quote_plus(os.environ["JETON_SECRET"])),
    data={{"grant_type": "client_credentials"{members}}},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()["access_token"]  # keep it until expires_in - 60 s
print(token)"#,
            endpoint = literal(&self.endpoint),
            members = self.members([", \"", "\": ", ""]),
        )
    }

    fn node(&self) -> String {
        format!(
            r#"const {{ JETON_ID, JETON_SECRET }} = process.env;
const who = [JETON_ID, JETON_SECRET].map(encodeURIComponent).join(":");
const answer = await fetch({endpoint}, {{
  method: "POST",
  headers: {{ authorization: `Basic ${{Buffer.from(who).toString("base64")}}` }},
  body: new URLSearchParams({{ grant_type: "client_credentials"{members} }}),
}});
if (!answer.ok) throw new Error(await answer.text());
const {{ access_token }} = await answer.json(); // keep it until expires_in - 60 s
console.log(access_token);"#,
            endpoint = literal(&self.endpoint),
            members = self.members([", ", ": ", ""]),
        )
    }

    fn go(&self) -> String {
        let scopes: Vec<String> = self.scope.split_whitespace().map(literal).collect();
        let mut members = format!("\t\tTokenURL:       {},\n", literal(&self.endpoint));
        if !scopes.is_empty() {
            let _ = writeln!(
                members,
                "\t\tScopes:         []string{{{}}},",
                scopes.join(", ")
            );
        }
        let mut url = "";
        if !self.resource.is_empty() {
            url = "\t\"net/url\"\n";
            let _ = writeln!(
                members,
                "\t\tEndpointParams: url.Values{{\"resource\": {{{}}}}},",
                literal(&self.resource)
            );
        }
        format!(
            r#"package main

import (
	"context"
	"fmt"
	"log"
{url}	"os"

	"golang.org/x/oauth2/clientcredentials"
)

func main() {{
	config := clientcredentials.Config{{
		ClientID:       os.Getenv("JETON_ID"),
		ClientSecret:   os.Getenv("JETON_SECRET"),
{members}	}}
	token, err := config.Token(context.Background()) // config.Client(ctx) renews by itself
	if err != nil {{
		log.Fatal(err)
	}}
	fmt.Println(token.AccessToken)
}}"#
        )
    }

    fn java(&self) -> String {
        let mut body = "grant_type=client_credentials".to_owned();
        for (name, value) in self.named() {
            let _ = write!(body, "&{name}={}", encoded(value, b"-._~"));
        }
        format!(
            r#"import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.*;
import java.net.http.*;
import java.util.Base64;

class Token {{
  public static void main(String[] arguments) throws Exception {{
    var who = encoded("JETON_ID") + ":" + encoded("JETON_SECRET");
    var request = HttpRequest.newBuilder(URI.create({endpoint}))
        .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(who.getBytes(UTF_8)))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString({body}))
        .build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new IllegalStateException(answer.body());
    System.out.println(answer.body()); // JSON: keep access_token until expires_in - 60 s
  }}

  static String encoded(String name) {{
    return URLEncoder.encode(System.getenv(name), UTF_8);
  }}
}}"#,
            endpoint = literal(&self.endpoint),
            body = literal(&body),
        )
    }

    fn rust(&self) -> String {
        format!(
            r#"async fn token() -> Result<String, Box<dyn std::error::Error>> {{
    let (id, secret) = (std::env::var("JETON_ID")?, std::env::var("JETON_SECRET")?);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
{members}    ];
    let request = reqwest::Client::new().post({endpoint}).form(&form);
    let answer = request.send().await?.error_for_status()?;
    let answer: serde_json::Value = answer.json().await?;
    // Keep it until expires_in - 60 s.
    Ok(answer["access_token"].as_str().unwrap_or_default().to_owned())
}}"#,
            endpoint = literal(&self.endpoint),
            members = self.members(["        (\"", "\", ", "),\n"]),
        )
    }
}

/// Word, name, what it needs, and what writes it.
type Language = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Asked) -> String,
);

const LANGUAGES: [Language; 6] = [
    ("curl", "curl", "", Asked::curl),
    (
        "python",
        "Python",
        "With the package requests.",
        Asked::python,
    ),
    (
        "node",
        "Node.js",
        "18 or later, as a module: token.mjs.",
        Asked::node,
    ),
    ("go", "Go", "With golang.org/x/oauth2.", Asked::go),
    ("java", "Java", "11 or later: java Token.java.", Asked::java),
    (
        "rust",
        "Rust",
        "With reqwest (features json and form) and serde_json.",
        Asked::rust,
    ),
];

/// The first API that the client can call; this server's own only if there is no other.
fn first_grant(client: &Client) -> Option<(&ApiIdentifier, &ScopeSet)> {
    let grants = || client.grants.iter();
    let other = grants().find(|(api, _)| api.as_str() != ADMIN_API);
    other.or_else(|| grants().next())
}

/// What it asks for there: what it gets by default, or the first of what it may have.
fn scope(client: &Client, granted: &ScopeSet) -> String {
    let defaults = granted
        .iter()
        .filter(|it| client.default_scopes.contains(it));
    let defaults: Vec<&str> = defaults.map(Scope::as_str).collect();
    if defaults.is_empty() {
        let first = granted.iter().next();
        first.map_or_else(String::new, ToString::to_string)
    } else {
        defaults.join(" ")
    }
}

/// As `application/x-www-form-urlencoded` has it; `kept` stays as it is beside letters and digits.
fn encoded(text: &str, kept: &[u8]) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    })
}

/// A text between quotes, as all of these languages read it: ids and scopes are visible ASCII.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: &str, scope: &str) -> Asked {
        Asked {
            endpoint: "https://as.test/oauth2/token".to_owned(),
            id: id.to_owned(),
            scope: scope.to_owned(),
            resource: "https://api.test/x?y=1".to_owned(),
        }
    }

    #[test]
    fn whatever_stands_in_an_id_or_a_scope_is_kept_apart_from_the_program() {
        let asked = asked("a:b \"$(id)\" 'c'", "read:x $HOME`id`'&+% write:y");

        let curl = asked.curl();

        assert!(
            curl.contains(r#"-u "a%3Ab+%22%24%28id%29%22+%27c%27:$JETON_SECRET""#),
            "{curl}"
        );
        assert!(
            curl.contains("-d scope=read:x+%24HOME%60id%60%27%26%2B%25+write:y \\"),
            "{curl}"
        );
        assert!(asked.java().contains("&scope=read%3Ax+%24HOME"));
        assert!(
            asked
                .go()
                .contains(r#"[]string{"read:x", "$HOME`id`'&+%", "write:y"}"#)
        );
        assert_eq!(literal(r#"a"b\c"#), r#""a\"b\\c""#);
    }

    #[test]
    fn a_client_without_access_names_no_scope_and_no_api() {
        let mut asked = asked("mailer", "");
        asked.resource.clear();

        for (word, _, _, write) in LANGUAGES {
            let text = write(&asked);
            assert!(!text.contains("scope"), "{word}: {text}");
            assert!(!text.contains("resource"), "{word}: {text}");
        }
    }
}
