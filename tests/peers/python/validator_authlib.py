"""Authlib's RFC 9068 validator. It takes the algorithms joserfc recommends: ES256 and RS256 of ours."""

import json
import sys

import requests
from authlib.oauth2.rfc6750 import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

import peer


class Validator(JWTBearerTokenValidator):
    """Fetches the keys named by the server's metadata."""

    def get_jwks(self) -> KeySet:
        answer = requests.get(peer.metadata()["jwks_uri"], timeout=peer.TIMEOUT)
        return KeySet.import_key_set(answer.json())


validator = Validator(issuer=peer.ISSUER, resource_server=peer.AUDIENCE)
try:
    claims = validator.authenticate_token(sys.stdin.read().strip())
    validator.validate_token(claims, scopes=[], request=None)
except (InvalidTokenError, JoseError, ValueError) as invalid:
    peer.fail(f"{type(invalid).__name__}: {invalid.__cause__ or invalid}")
print(json.dumps(dict(claims)))
