//! Programs that sign with a private key (RFC 7523 §2.2, `private_key_jwt`), and bind the token to a key of their
//! own (RFC 9449) where it must be.

use super::{Asked, Language, assertion::JWT_BEARER, literal};

/// What they read.
pub(super) const READS: &[(&str, &str)] = &[
    ("JETON_ID", "the client ID"),
    ("JETON_KEY", "the file of its private key, PKCS #8 in PEM"),
];

pub(super) const LANGUAGES: [Language; 2] = [
    (
        "python",
        "Python",
        "With the packages requests and PyJWT[crypto].",
        python,
    ),
    (
        "node",
        "Node.js",
        "18 or later, with the packages openid-client and jose, as a module: token.mjs.",
        node,
    ),
];

fn python(asked: &Asked) -> String {
    if asked.is_bound {
        return bound_python(asked);
    }
    format!(
        r#"import os
import time
import uuid

import jwt
import requests

with open(os.environ["JETON_KEY"]) as file:
    key = file.read()
client, now = os.environ["JETON_ID"], int(time.time())
claims = {{
    "iss": client,
    "sub": client,
    "aud": {issuer},
    "iat": now,
    "exp": now + 60,
    "jti": str(uuid.uuid4()),
}}
answer = requests.post(
    {endpoint},
    data={{
        "grant_type": "client_credentials",
        "client_assertion_type": {kind},
        "client_assertion": jwt.encode(claims, key, algorithm="{algorithm}"),
{members}    }},
    timeout=10,
)
answer.raise_for_status()
token = answer.json()["access_token"]  # keep it until expires_in - 60 s
print(token)"#,
        issuer = literal(&asked.issuer),
        endpoint = literal(&asked.endpoint),
        kind = literal(JWT_BEARER),
        algorithm = asked.algorithm,
        members = asked.members(["        \"", "\": ", ",\n"]),
    )
}

/// The same with a proof, sent again with the server's nonce if it wants one (RFC 9449 §8).
fn bound_python(asked: &Asked) -> String {
    format!(
        r#"import os
import time
import uuid

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

with open(os.environ["JETON_KEY"]) as file:
    key = file.read()
client, url = os.environ["JETON_ID"], {endpoint}
# The token is bound to this key: keep both, and prove it to the API in the same way.
bound_to = ec.generate_private_key(ec.SECP256R1())
jwk = ECAlgorithm.to_jwk(bound_to.public_key(), as_dict=True)


def ask(**nonce):
    now = int(time.time())
    claims = {{"iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}}
    claims |= {{"iss": client, "sub": client, "aud": {issuer}}}
    proof = {{"htm": "POST", "htu": url, "iat": now, "jti": str(uuid.uuid4()), **nonce}}
    head = {{"typ": "dpop+jwt", "jwk": jwk}}
    return requests.post(
        url,
        headers={{"DPoP": jwt.encode(proof, bound_to, algorithm="ES256", headers=head)}},
        data={{
            "grant_type": "client_credentials",
            "client_assertion_type": {kind},
            "client_assertion": jwt.encode(claims, key, algorithm="{algorithm}"),
{members}        }},
        timeout=10,
    )


answer = ask()
if answer.status_code == 400 and "DPoP-Nonce" in answer.headers:  # the server wants it in the proof
    answer = ask(nonce=answer.headers["DPoP-Nonce"])
answer.raise_for_status()
token = answer.json()["access_token"]  # keep it until expires_in - 60 s
print(token)"#,
        issuer = literal(&asked.issuer),
        endpoint = literal(&asked.endpoint),
        kind = literal(JWT_BEARER),
        algorithm = asked.algorithm,
        members = asked.members(["            \"", "\": ", ",\n"]),
    )
}

fn node(asked: &Asked) -> String {
    let members = asked.members([", ", ": ", ""]);
    let asks = match members.strip_prefix(", ") {
        Some(members) => format!("{{ {members} }}"),
        None => "{}".to_owned(),
    };
    let (proof, with_proof) = if asked.is_bound {
        (NODE_PROOF, ", { DPoP }")
    } else {
        ("", "")
    };
    let in_the_clear = if asked.issuer.starts_with("http://") {
        ", execute: [client.allowInsecureRequests]"
    } else {
        ""
    };
    format!(
        r#"import {{ readFileSync }} from "node:fs";
import {{ importPKCS8 }} from "jose";
import * as client from "openid-client";

const {{ JETON_ID, JETON_KEY }} = process.env;
const key = await importPKCS8(readFileSync(JETON_KEY, "utf8"), "{algorithm}");
const server = await client.discovery(
  new URL({issuer}),
  JETON_ID,
  undefined,
  client.PrivateKeyJwt(key),
  {{ algorithm: "oauth2"{in_the_clear} }},
);
{proof}const answer = await client.clientCredentialsGrant(server, {asks}{with_proof});
console.log(answer.access_token); // keep it until expires_in - 60 s"#,
        issuer = literal(&asked.issuer),
        algorithm = asked.algorithm,
    )
}

const NODE_PROOF: &str = r#"// The token is bound to this key: keep both, and prove it to the API with the same handle.
const DPoP = client.getDPoPHandle(server, await client.randomDPoPKeyPair("ES256"));
"#;
