"""requests_oauth2client: exchanges a token of its own for another one (RFC 8693), and introspects that."""

import json

from requests_oauth2client import ClientSecretBasic, OAuth2Client

import peer

client = OAuth2Client.from_discovery_endpoint(
    url=f"{peer.ISSUER}/.well-known/oauth-authorization-server",
    issuer=peer.ISSUER,
    auth=ClientSecretBasic(peer.CLIENT_ID, peer.CLIENT_SECRET),
    testing=True,  # allows plain http
)
token = client.client_credentials(scope=peer.SCOPE or None, **peer.asked())
exchanged = client.token_exchange(subject_token=token, scope=peer.SCOPE, **peer.asked())
told = {
    "issued_token_type": exchanged.issued_token_type,
    "is_new": exchanged.access_token != token.access_token,
    "introspected": client.introspect_token(exchanged.access_token),
}
print(json.dumps(told, default=str))
