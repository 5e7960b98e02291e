"""PyJWT with PyJWKClient: fetches the keys by kid and checks signature, issuer, audience and times."""

import json
import sys

import jwt

import peer

ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"]
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]

token = sys.stdin.read().strip()
try:
    key = jwt.PyJWKClient(peer.metadata()["jwks_uri"]).get_signing_key_from_jwt(token)
    verified = jwt.decode_complete(
        token,
        key,
        algorithms=ALGORITHMS,
        audience=peer.AUDIENCE,
        issuer=peer.ISSUER,
        options={"require": CLAIMS},
    )
except jwt.PyJWTError as invalid:
    peer.fail(f"{type(invalid).__name__}: {invalid}")
if verified["header"].get("typ") != "at+jwt":
    peer.fail(f"typ is {verified['header'].get('typ')}")
print(json.dumps(verified["payload"]))
