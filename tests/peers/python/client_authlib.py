"""Authlib's OAuth2Session: sends Basic without form-encoding, in Latin-1."""

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import ECKey

import peer

METHODS = {
    "raw": "client_secret_basic",
    "body": "client_secret_post",
    "key": "private_key_jwt",
    "jwt": "client_secret_jwt",
}

# It takes what is in a PEM file for RSA, unless it is told.
secret = ECKey.import_key(peer.CLIENT_SECRET) if peer.AUTH == "key" else peer.CLIENT_SECRET

session = OAuth2Session(
    peer.CLIENT_ID,
    secret,
    token_endpoint_auth_method=peer.method(METHODS),
    scope=peer.SCOPE or None,
)
# It names the token endpoint as the audience, as most did before rfc7523bis.
session.register_client_auth_method(PrivateKeyJWT(peer.metadata()["token_endpoint"], alg="ES256"))
session.register_client_auth_method(ClientSecretJWT(peer.metadata()["token_endpoint"]))
status = peer.LastStatus(session)
try:
    token = session.fetch_token(
        peer.metadata()["token_endpoint"],
        grant_type="client_credentials",
        timeout=peer.TIMEOUT,
        **peer.asked(),
    )
except OAuthError as refusal:
    peer.refused(refusal.error, status.code)
peer.granted(token["access_token"], token["token_type"], token.get("expires_in"), token.get("scope"))
