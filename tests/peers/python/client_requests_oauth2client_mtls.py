"""requests_oauth2client with a client certificate (RFC 8705): the session shows it, the form says whose it is."""

import os

import requests
from requests_oauth2client import EndpointError, OAuth2Client, PublicApp

import peer

session = requests.Session()
session.trust_env = False  # REQUESTS_CA_BUNDLE would win over the line below
session.verify = os.environ["CA"]
session.cert = (os.environ["CERT"], os.environ["KEY"])
found = session.get(f"{peer.ISSUER}/.well-known/oauth-authorization-server", timeout=peer.TIMEOUT).json()
client = OAuth2Client(
    found["mtls_endpoint_aliases"]["token_endpoint"],
    issuer=peer.ISSUER,
    auth=PublicApp(peer.CLIENT_ID),
    session=session,
)
try:
    token = client.client_credentials(scope=peer.SCOPE or None, **peer.asked())
except EndpointError as refusal:
    peer.refused(refusal.error, refusal.response.status_code)
peer.granted(token.access_token, token.token_type, token.expires_in, token.scope)
