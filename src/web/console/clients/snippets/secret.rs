//! Programs that send a secret.

use std::fmt::Write;

use super::{Asked, Language, encoded, literal, node, python};

/// What they read.
pub(super) const READS: &[(&str, &str)] = &[
    ("JETON_ID", "the client ID"),
    ("JETON_SECRET", "the secret"),
];

pub(super) const LANGUAGES: [Language; 6] = [
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

/// Those that bind the token to a key of their own.
pub(super) const BOUND: [Language; 2] = [
    ("python", "Python", python::NEEDS, bound_python),
    ("node", "Node.js", node::NEEDS, bound_node),
];

fn bound_python(asked: &Asked) -> String {
    let way = python::Way {
        imports: "from urllib.parse import quote_plus\n",
        reads: "names = (\"JETON_ID\", \"JETON_SECRET\")\n",
        makes: "",
        tells: "        auth=tuple(quote_plus(os.environ[name]) for name in names),\n",
        fills: "",
    };
    python::bound(asked, &asked.endpoint, &way)
}

fn bound_node(asked: &Asked) -> String {
    let way = node::Way {
        imports: "",
        variable: "JETON_SECRET",
        reads: "",
        auth: "client.ClientSecretBasic(JETON_SECRET)",
    };
    node::program(asked, &way)
}

impl Asked {
    /// The request as a command to try by hand.
    pub(super) fn curl(&self) -> String {
        let text = format!(
            "# Paste the secret when it waits: it stays out of the shell's history\n\
             read -rs JETON_SECRET && curl -sS {} \\\n  -u \"{}:$JETON_SECRET\" \\\n  \
             -d grant_type=client_credentials",
            self.endpoint,
            encoded(&self.id, b"-._~"),
        );
        text + &self.flags()
    }

    pub(super) fn python(&self) -> String {
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

    pub(super) fn node(&self) -> String {
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

    pub(super) fn go(&self) -> String {
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

    pub(super) fn java(&self) -> String {
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

    pub(super) fn rust(&self) -> String {
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
