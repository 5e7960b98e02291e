"""requests_oauth2client: introspects and revokes a token of its own; with DPoP it uses one at URL, which asks for a nonce."""

import json
import os

import requests
from requests_oauth2client import ClientSecretBasic, OAuth2Client

import peer

URL = os.environ.get("URL", "")

client = OAuth2Client.from_discovery_endpoint(
    url=f"{peer.ISSUER}/.well-known/oauth-authorization-server",
    issuer=peer.ISSUER,
    auth=ClientSecretBasic(peer.CLIENT_ID, peer.CLIENT_SECRET),
    dpop_bound_access_tokens=bool(URL),
    testing=True,  # allows plain http
)
token = client.client_credentials(scope=peer.SCOPE or None, **peer.asked())
told = {"token_type": token.token_type}
if URL:
    told["status"] = requests.get(URL, auth=token, timeout=peer.TIMEOUT).status_code
told["before"] = client.introspect_token(token.access_token)
client.revoke_access_token(token.access_token)
told["after"] = client.introspect_token(token.access_token)
print(json.dumps(told, default=str))
