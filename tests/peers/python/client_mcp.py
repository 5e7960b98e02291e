"""The Model Context Protocol's SDK: from a 401 of the API it finds what the API says of itself (RFC 9728), the server and a token.

The API is played here. All else is the real server.
"""

import asyncio
import json
from urllib.parse import quote

import httpx2
from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)

import peer

API = peer.RESOURCE or peer.metadata()["protected_resources"][0]


class World(httpx2.AsyncBaseTransport):
    """The API, which wants a token, and the way to everybody else; keeps what the token endpoint answered."""

    def __init__(self) -> None:
        self.network = httpx2.AsyncHTTPTransport()
        self.status = 0
        self.answer: dict = {}

    async def handle_async_request(self, request):
        if str(request.url).startswith(API):
            return self.api(request)
        response = await self.network.handle_async_request(request)
        if request.method == "POST":
            self.status, self.answer = response.status_code, json.loads(await response.aread())
        return response

    def api(self, request):
        if "authorization" in request.headers:
            return httpx2.Response(200)
        about = f"{peer.ISSUER}/.well-known/oauth-protected-resource?resource={quote(API, safe='')}"
        challenge = f'Bearer resource_metadata="{about}", scope="{peer.SCOPE}"'
        return httpx2.Response(401, headers={"WWW-Authenticate": challenge})


class Memory:
    """Where tokens are kept: for as long as this program runs."""

    tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return None

    async def set_client_info(self, client) -> None:
        pass


def with_secret(method: str):
    """Authenticates with the secret, in one way or the other."""
    return ClientCredentialsOAuthProvider(
        API, Memory(), peer.CLIENT_ID, peer.CLIENT_SECRET, token_endpoint_auth_method=method, issuer=peer.ISSUER
    )


def with_key():
    """Signs, naming the issuer as the audience."""
    signer = SignedJWTParameters(
        issuer=peer.CLIENT_ID, subject=peer.CLIENT_ID, signing_key=peer.CLIENT_SECRET, signing_algorithm="ES256"
    )
    return PrivateKeyJWTOAuthProvider(
        API, Memory(), peer.CLIENT_ID, signer.create_assertion_provider(), issuer=peer.ISSUER
    )


METHODS = {
    "basic": lambda: with_secret("client_secret_basic"),
    "body": lambda: with_secret("client_secret_post"),
    "key": with_key,
}


async def main() -> None:
    world = World()
    try:
        async with httpx2.AsyncClient(auth=peer.method(METHODS)(), transport=world) as http:
            # A version of the protocol in which the API is named to the server (RFC 8707).
            reached = await http.get(API, headers={"MCP-Protocol-Version": "2025-06-18"})
    except OAuthFlowError:
        if "error" not in world.answer:
            raise
        peer.refused(world.answer["error"], world.status)
    if reached.status_code != 200:
        peer.fail(f"the API answered {reached.status_code}")
    token = world.answer
    peer.granted(token["access_token"], token["token_type"], token.get("expires_in"), token.get("scope"))


asyncio.run(main())
