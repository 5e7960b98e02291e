//! Programs in Python that sign: an assertion (RFC 7523 §2.2), or a proof of the key that the token is bound
//! to (RFC 9449).

use super::{Asked, assertion::JWT_BEARER, literal};

/// What programs that sign need.
pub(super) const NEEDS: &str = "With the packages requests and PyJWT[crypto].";

/// How a program proves who it is. Each is whole lines, or empty.
pub(super) struct Way<'a> {
    /// What it imports beside.
    pub(super) imports: &'a str,
    /// What it reads first.
    pub(super) reads: &'a str,
    /// What it makes for each request.
    pub(super) makes: &'a str,
    /// What requests is told.
    pub(super) tells: &'a str,
    /// What stands in the form.
    pub(super) fills: &'a str,
}

/// Signs an assertion with the `key` that the lines `reads` read, with a proof where there must be one.
pub(super) fn signed(asked: &Asked, reads: &str, algorithm: &str) -> String {
    if asked.is_bound {
        return signed_and_bound(asked, reads, algorithm);
    }
    format!(
        r#"import os
import time
import uuid

import jwt
import requests

{reads}client, now = os.environ["JETON_ID"], int(time.time())
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
        members = asked.members(["        \"", "\": ", ",\n"]),
    )
}

fn signed_and_bound(asked: &Asked, reads: &str, algorithm: &str) -> String {
    let reads = format!("{reads}client = os.environ[\"JETON_ID\"]\n");
    let makes = format!(
        r#"    claims = {{"iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}}
    claims |= {{"iss": client, "sub": client, "aud": {issuer}}}
"#,
        issuer = literal(&asked.issuer),
    );
    let fills = format!(
        r#"            "client_assertion_type": {kind},
            "client_assertion": jwt.encode(claims, key, algorithm="{algorithm}"),
"#,
        kind = literal(JWT_BEARER),
    );
    let way = Way {
        imports: "",
        reads: &reads,
        makes: &makes,
        tells: "",
        fills: &fills,
    };
    bound(asked, &asked.endpoint, &way)
}

/// Sends a proof, and once more with the server's nonce if it wants one (RFC 9449 §8).
pub(super) fn bound(asked: &Asked, endpoint: &str, way: &Way<'_>) -> String {
    let Way {
        imports,
        reads,
        makes,
        tells,
        fills,
    } = way;
    format!(
        r#"import os
import time
import uuid
{imports}
import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

{reads}url = {url}
# The token is bound to this key: keep both, and prove it to the API in the same way.
bound_to = ec.generate_private_key(ec.SECP256R1())
jwk = ECAlgorithm.to_jwk(bound_to.public_key(), as_dict=True)


def ask(**nonce):
    now = int(time.time())
{makes}    proof = {{"htm": "POST", "htu": url, "iat": now, "jti": str(uuid.uuid4()), **nonce}}
    head = {{"typ": "dpop+jwt", "jwk": jwk}}
    return requests.post(
        url,
{tells}        headers={{"DPoP": jwt.encode(proof, bound_to, algorithm="ES256", headers=head)}},
        data={{
            "grant_type": "client_credentials",
{fills}{members}        }},
        timeout=10,
    )


answer = ask()
if answer.status_code == 400 and "DPoP-Nonce" in answer.headers:  # the server wants it in the proof
    answer = ask(nonce=answer.headers["DPoP-Nonce"])
answer.raise_for_status()
token = answer.json()["access_token"]  # keep it until expires_in - 60 s
print(token)"#,
        url = literal(endpoint),
        members = asked.members(["            \"", "\": ", ",\n"]),
    )
}
