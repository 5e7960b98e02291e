"""requests-oauthlib: sends Basic without form-encoding, and raises when the granted scope is not the one asked for."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # allows plain http

from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

import peer

METHODS = {
    "raw": {"auth": HTTPBasicAuth(peer.CLIENT_ID, peer.CLIENT_SECRET)},
    "body": {"include_client_id": True, "client_secret": peer.CLIENT_SECRET},
}

session = OAuth2Session(client=BackendApplicationClient(client_id=peer.CLIENT_ID, scope=peer.SCOPE.split() or None))
status = peer.LastStatus(session)
try:
    token = session.fetch_token(
        peer.metadata()["token_endpoint"],
        timeout=peer.TIMEOUT,
        **peer.method(METHODS),
        **peer.asked(),
    )
except OAuth2Error as refusal:
    peer.refused(refusal.error, status.code)
scope = token.get("scope")
peer.granted(
    token["access_token"],
    token["token_type"],
    token.get("expires_in"),
    " ".join(scope) if isinstance(scope, list) else scope,
)
