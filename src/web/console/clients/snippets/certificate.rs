//! Programs that show a certificate (RFC 8705).

use super::{Asked, Language, common, encoded, literal};

/// What they read.
pub(super) const READS: &[(&str, &str)] = &[
    ("JETON_ID", "the client ID"),
    ("JETON_CERT", "the file of its certificate, in PEM"),
    ("JETON_KEY", "the file of its private key, in PEM"),
];

pub(super) const LANGUAGES: [Language; 3] = common(curl, python, node);

fn curl(asked: &Asked) -> String {
    let text = format!(
        "curl -sS {} \\\n  --cert \"$JETON_CERT\" --key \"$JETON_KEY\" \\\n  -d client_id={} \\\n  \
         -d grant_type=client_credentials",
        asked.mutual,
        encoded(&asked.id, b"-._~"),
    );
    text + &asked.flags()
}

fn python(asked: &Asked) -> String {
    format!(
        r#"import os

import requests

answer = requests.post(
    {endpoint},
    cert=(os.environ["JETON_CERT"], os.environ["JETON_KEY"]),
    data={{"client_id": os.environ["JETON_ID"], "grant_type": "client_credentials"{members}}},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()["access_token"]  # keep it until expires_in - 60 s
print(token)"#,
        endpoint = literal(&asked.mutual),
        members = asked.members([", \"", "\": ", ""]),
    )
}

fn node(asked: &Asked) -> String {
    format!(
        r#"import {{ readFileSync }} from "node:fs";
import {{ request }} from "node:https";

const {{ JETON_ID, JETON_CERT, JETON_KEY }} = process.env;
const form = new URLSearchParams({{ client_id: JETON_ID, grant_type: "client_credentials"{members} }});
const options = {{
  method: "POST",
  headers: {{ "content-type": "application/x-www-form-urlencoded" }},
  cert: readFileSync(JETON_CERT),
  key: readFileSync(JETON_KEY),
}};
const sent = request({endpoint}, options, async (answer) => {{
  let text = "";
  for await (const part of answer) text += part;
  if (answer.statusCode !== 200) throw new Error(text);
  const {{ access_token }} = JSON.parse(text); // keep it until expires_in - 60 s
  console.log(access_token);
}});
sent.end(form.toString());"#,
        endpoint = literal(&asked.mutual),
        members = asked.members([", ", ": ", ""]),
    )
}
