"""Authlib's OAuth2Session: introspects and revokes a token of its own. It knows no DPoP."""

import json

from authlib.integrations.requests_client import OAuth2Session

import peer

metadata = peer.metadata()
session = OAuth2Session(peer.CLIENT_ID, peer.CLIENT_SECRET, scope=peer.SCOPE or None)
token = session.fetch_token(
    metadata["token_endpoint"], grant_type="client_credentials", timeout=peer.TIMEOUT, **peer.asked()
)


def introspected() -> dict:
    answer = session.introspect_token(metadata["introspection_endpoint"], token=token["access_token"])
    answer.raise_for_status()
    return answer.json()


told = {"token_type": token["token_type"], "before": introspected()}
session.revoke_token(metadata["revocation_endpoint"], token=token["access_token"]).raise_for_status()
told["after"] = introspected()
print(json.dumps(told))
