"""requests_oauth2client: discovers the server, reads its keys, sends Basic without form-encoding."""

from jwskate import Jwk
from requests_oauth2client import (
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    EndpointError,
    OAuth2Client,
    PrivateKeyJwt,
)

import peer



def private_key(client_id: str, pem: str) -> PrivateKeyJwt:
    """Signs with a key of P-256, and names the token endpoint as the audience."""
    return PrivateKeyJwt(client_id, Jwk.from_pem(pem).with_kid_thumbprint(), alg="ES256")


METHODS = {"raw": ClientSecretBasic, "body": ClientSecretPost, "key": private_key, "jwt": ClientSecretJwt}

client = OAuth2Client.from_discovery_endpoint(
    url=f"{peer.ISSUER}/.well-known/oauth-authorization-server",
    issuer=peer.ISSUER,
    auth=peer.method(METHODS)(peer.CLIENT_ID, peer.CLIENT_SECRET),
    testing=True,  # allows plain http
)
try:
    token = client.client_credentials(scope=peer.SCOPE or None, **peer.asked())
except EndpointError as refusal:
    peer.refused(refusal.error, refusal.response.status_code)
peer.granted(token.access_token, token.token_type, token.expires_in, token.scope)
