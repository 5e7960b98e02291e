//! Programs that show a token of their platform (RFC 7523 §2.2).

use super::{Asked, Language, common, encoded, literal, node, python};
use crate::oauth::assertion::Kind;

/// What they read.
pub(super) const READS: &[(&str, &str)] = &[
    ("JETON_ID", "the client ID"),
    (
        "JETON_ASSERTION",
        "the token that the platform made for this server",
    ),
];

pub(super) const LANGUAGES: [Language; 3] = common(curl, in_python, in_node);

/// Those that bind the token to a key of their own.
pub(super) const BOUND: [Language; 2] = [
    ("python", "Python", python::NEEDS, bound_python),
    ("node", "Node.js", node::NEEDS, bound_node),
];

/// What stands in `client_assertion_type`.
pub(super) const JWT_BEARER: &str = Kind::Jwt.as_str();

fn curl(asked: &Asked) -> String {
    let text = format!(
        "curl -sS {} \\\n  -d client_id={} \\\n  -d grant_type=client_credentials \\\n  \
         -d client_assertion_type={JWT_BEARER} \\\n  -d client_assertion=\"$JETON_ASSERTION\"",
        asked.endpoint,
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
    data={{
        "client_id": os.environ["JETON_ID"],
        "grant_type": "client_credentials",
        "client_assertion_type": {kind},
        "client_assertion": os.environ["JETON_ASSERTION"],
{members}    }},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()["access_token"]  # keep it until expires_in - 60 s
print(token)"#,
        endpoint = literal(&asked.endpoint),
        kind = literal(JWT_BEARER),
        members = asked.members(["        \"", "\": ", ",\n"]),
    )
}

fn in_node(asked: &Asked) -> String {
    format!(
        r#"const {{ JETON_ID, JETON_ASSERTION }} = process.env;
const answer = await fetch({endpoint}, {{
  method: "POST",
  body: new URLSearchParams({{
    client_id: JETON_ID,
    grant_type: "client_credentials",
    client_assertion_type: {kind},
    client_assertion: JETON_ASSERTION,
{members}  }}),
}});
if (!answer.ok) throw new Error(await answer.text());
const {{ access_token }} = await answer.json(); // keep it until expires_in - 60 s
console.log(access_token);"#,
        endpoint = literal(&asked.endpoint),
        kind = literal(JWT_BEARER),
        members = asked.members(["    ", ": ", ",\n"]),
    )
}

fn bound_python(asked: &Asked) -> String {
    let fills = format!(
        r#"            "client_id": os.environ["JETON_ID"],
            "client_assertion_type": {kind},
            "client_assertion": os.environ["JETON_ASSERTION"],
"#,
        kind = literal(JWT_BEARER),
    );
    let way = python::Way {
        imports: "",
        reads: "",
        makes: "",
        tells: "",
        fills: &fills,
    };
    python::bound(asked, &asked.endpoint, &way)
}

fn bound_node(asked: &Asked) -> String {
    let reads = format!(
        r#"const show = (_server, _client, body) => {{
  body.set("client_id", JETON_ID);
  body.set("client_assertion_type", {kind});
  body.set("client_assertion", JETON_ASSERTION);
}};
"#,
        kind = literal(JWT_BEARER),
    );
    let way = node::Way {
        imports: "",
        variable: "JETON_ASSERTION",
        reads: &reads,
        auth: "show",
    };
    node::program(asked, &way)
}
