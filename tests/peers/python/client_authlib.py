"""Authlib's OAuth2Session: sends Basic without form-encoding, in Latin-1."""

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

import peer

METHODS = {"raw": "client_secret_basic", "body": "client_secret_post"}

session = OAuth2Session(
    peer.CLIENT_ID,
    peer.CLIENT_SECRET,
    token_endpoint_auth_method=peer.method(METHODS),
    scope=peer.SCOPE or None,
)
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
