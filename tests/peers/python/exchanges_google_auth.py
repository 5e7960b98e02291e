"""google-auth: an external account whose token service is this server: it exchanges a token of its client (RFC 8693)."""

import json

import requests
from google.auth import identity_pool
from google.auth.transport.requests import Request

import peer

found = peer.metadata()
basic = (peer.CLIENT_ID, peer.CLIENT_SECRET)


def post(endpoint: str, **form: str) -> dict:
    """What the server answers to its client."""
    return requests.post(found[endpoint], form, auth=basic, timeout=peer.TIMEOUT).json()


first = post("token_endpoint", grant_type="client_credentials", scope=peer.SCOPE)["access_token"]
audience = post("introspection_endpoint", token=first)["aud"]


class Supplier(identity_pool.SubjectTokenSupplier):
    """Hands over the token that is to be exchanged."""

    def get_subject_token(self, context, request) -> str:
        return first


class Remembering(Request):
    """Keeps what the token service answered: the library shows its user the token only."""

    answer: dict = {}

    def __call__(self, *given, **named):
        response = super().__call__(*given, **named)
        self.answer = json.loads(response.data)
        return response


account = identity_pool.Credentials(
    audience=audience,
    subject_token_type="urn:ietf:params:oauth:token-type:access_token",
    token_url=found["token_endpoint"],
    subject_token_supplier=Supplier(),
    client_id=peer.CLIENT_ID,
    client_secret=peer.CLIENT_SECRET,
    scopes=[peer.SCOPE],
)
transport = Remembering()
account.refresh(transport)
told = {
    "issued_token_type": transport.answer["issued_token_type"],
    "is_new": account.token != first,
    "introspected": post("introspection_endpoint", token=account.token),
}
print(json.dumps(told))
