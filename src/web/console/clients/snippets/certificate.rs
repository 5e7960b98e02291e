//! Programs that show a certificate (RFC 8705).

use super::{Asked, Language, common, encoded, literal, python};

/// What they read.
pub(super) const READS: &[(&str, &str)] = &[
    ("JETON_ID", "the client ID"),
    ("JETON_CERT", "the file of its certificate, in PEM"),
    ("JETON_KEY", "the file of its private key, in PEM"),
];

pub(super) const LANGUAGES: [Language; 3] = common(curl, in_python, in_node);

/// Those that bind the token to a key of their own.
pub(super) const BOUND: [Language; 2] = [
    ("python", "Python", python::NEEDS, bound_python),
    (
        "node",
        "Node.js",
        "18 or later, with the package jose, as a module: token.mjs.",
        bound_node,
    ),
];

fn curl(asked: &Asked) -> String {
    let text = format!(
        "curl -sS {} \\\n  --cert \"$JETON_CERT\" --key \"$JETON_KEY\" \\\n  -d client_id={} \\\n  \
         -d grant_type=client_credentials",
        asked.mutual,
        encoded(&asked.id, b"-._~"),
    );
    text + &asked.flags()
}

fn in_python(asked: &Asked) -> String {
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

fn in_node(asked: &Asked) -> String {
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

fn bound_python(asked: &Asked) -> String {
    let way = python::Way {
        imports: "",
        reads: "",
        makes: "",
        tells: "        cert=(os.environ[\"JETON_CERT\"], os.environ[\"JETON_KEY\"]),\n",
        fills: "            \"client_id\": os.environ[\"JETON_ID\"],\n",
    };
    python::bound(asked, &asked.mutual, &way)
}

fn bound_node(asked: &Asked) -> String {
    format!(
        r#"import {{ randomUUID }} from "node:crypto";
import {{ readFileSync }} from "node:fs";
import {{ request }} from "node:https";
import {{ SignJWT, exportJWK, generateKeyPair }} from "jose";

const {{ JETON_ID, JETON_CERT, JETON_KEY }} = process.env;
const url = {endpoint};
// The token is bound to this key: keep both, and prove it to the API in the same way.
const {{ publicKey, privateKey }} = await generateKeyPair("ES256");
const jwk = await exportJWK(publicKey);

async function ask(nonce) {{
  const proof = new SignJWT({{ htm: "POST", htu: url, jti: randomUUID(), nonce }}).setIssuedAt();
  const head = {{ alg: "ES256", typ: "dpop+jwt", jwk }};
  const DPoP = await proof.setProtectedHeader(head).sign(privateKey);
  const form = new URLSearchParams({{ client_id: JETON_ID, grant_type: "client_credentials"{members} }});
  const options = {{
    method: "POST",
    headers: {{ "content-type": "application/x-www-form-urlencoded", DPoP }},
    cert: readFileSync(JETON_CERT),
    key: readFileSync(JETON_KEY),
  }};
  const answer = await new Promise((resolve, reject) => {{
    request(url, options, resolve).on("error", reject).end(form.toString());
  }});
  let text = "";
  for await (const part of answer) text += part;
  return {{ status: answer.statusCode, nonce: answer.headers["dpop-nonce"], text }};
}}

let answer = await ask();
if (answer.status === 400 && answer.nonce) answer = await ask(answer.nonce); // the server wants it in the proof
if (answer.status !== 200) throw new Error(answer.text);
const {{ access_token }} = JSON.parse(answer.text); // keep it until expires_in - 60 s
console.log(access_token);"#,
        endpoint = literal(&asked.mutual),
        members = asked.members([", ", ": ", ""]),
    )
}
