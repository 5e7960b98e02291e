"""What every Python peer shares: its settings, the server's metadata, and the line it prints."""

import json
import os
import sys
from typing import NoReturn

import requests

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ.get("CLIENT_ID", "")
CLIENT_SECRET = os.environ.get("CLIENT_SECRET", "")
SCOPE = os.environ.get("SCOPE", "")
RESOURCE = os.environ.get("RESOURCE", "")
AUTH = os.environ.get("AUTH", "")
AUDIENCE = os.environ.get("AUDIENCE", "")

TIMEOUT = 10


def metadata(document: str = "oauth-authorization-server") -> dict:
    """The server's metadata (RFC 8414)."""
    response = requests.get(f"{ISSUER}/.well-known/{document}", timeout=TIMEOUT)
    response.raise_for_status()
    found = response.json()
    if found["issuer"] != ISSUER:
        fail(f"the metadata of {ISSUER} names the issuer {found['issuer']}")
    return found


def method(methods: dict):
    """What the library calls the way to authenticate that AUTH asks for."""
    return methods.get(AUTH) or fail(f"this library does not offer AUTH={AUTH}")


def asked() -> dict:
    """The parameters beside grant_type and scope."""
    return {"resource": RESOURCE} if RESOURCE else {}


def granted(access_token: str, token_type: str, expires_in: int | None, scope: str | None) -> NoReturn:
    """Prints a token and ends well."""
    print(
        json.dumps(
            {"access_token": access_token, "token_type": token_type, "expires_in": expires_in, "scope": scope}
        )
    )
    sys.exit(0)


def refused(error: str, status: int | None) -> NoReturn:
    """Prints the server's refusal and ends with 1."""
    print(json.dumps({"error": error, "status": status}))
    sys.exit(1)


def fail(reason: object) -> NoReturn:
    """Says on standard error why there is no answer."""
    sys.exit(str(reason))


class LastStatus:
    """A hook for a requests session: remembers the status of the last response."""

    def __init__(self, session: requests.Session) -> None:
        self.code: int | None = None
        session.hooks["response"].append(self._remember)

    def _remember(self, response: requests.Response, **_: object) -> None:
        self.code = response.status_code
