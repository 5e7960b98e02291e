"""A small ACME server (RFC 8555): it verifies every signature and nonce, really fetches the answer to its http-01
challenge, and signs certificates with an authority of its own.

    acme_directory.py FOLDER CHALLENGE_PORT LIFETIME_SECONDS [refuse]

It writes FOLDER/ca.pem, prints its address, then a line for each thing that was asked. Each client's first signed request is
refused for its nonce, as a busy directory does. With `refuse` no order is ever ready.
"""

import datetime
import http.server
import json
import pathlib
import secrets
import ssl
import sys
import threading
import urllib.request
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

folder, port, lifetime = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
refuses = sys.argv[4:] == ["refuse"]
authority = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
nonces, accounts, orders = set(), {}, {}
first, lock = threading.Event(), threading.Lock()


def say(*words):
    print(*words, flush=True)


def decode(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def certify(subject, key, names, seconds, is_authority=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, subject, key, x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(seconds=seconds))
    builder = builder.add_extension(x509.BasicConstraints(is_authority, None), True)
    if names:
        builder = builder.add_extension(names, False)
    return builder.sign(authority, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Refused(Exception):
    def __init__(self, kind, status=400):
        self.kind, self.status = kind, status


def verified(body, url):
    """The header, key and payload of a signed request (RFC 8555 6.2)."""
    said = json.loads(body)
    head = json.loads(decode(said["protected"]))
    with lock:
        if head["nonce"] not in nonces or not first.is_set():
            first.set()
            raise Refused("badNonce")
        nonces.remove(head["nonce"])
    if head["url"] != url or head["alg"] != "ES256" or ("jwk" in head) == ("kid" in head):
        raise Refused("malformed")
    jwk = head.get("jwk") or accounts.get(head["kid"])
    if jwk is None:
        raise Refused("accountDoesNotExist")
    x, y, signature = decode(jwk["x"]), decode(jwk["y"]), decode(said["signature"])
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + x + y)
    signed = f"{said['protected']}.{said['payload']}".encode()
    key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    return head, jwk, json.loads(decode(said["payload"]) or b"null")


def thumbprint(jwk):
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return urlsafe_b64encode(sha256(members.encode()).digest()).rstrip(b"=").decode()


class Directory(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", location=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        nonce = secrets.token_urlsafe(12)
        nonces.add(nonce)
        self.send_response(status)
        self.send_header("Replay-Nonce", nonce)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.answer(200, b"")

    def do_GET(self):
        places = {"newNonce": "/nonce", "newAccount": "/account", "newOrder": "/order"}
        self.answer(200, {name: base + path for name, path in places.items()})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.answer(*self.act(*verified(body, base + self.path)))
        except Refused as refused:
            self.answer(refused.status, {"type": f"urn:ietf:params:acme:error:{refused.kind}", "detail": "refused"})

    def act(self, head, jwk, payload):
        if self.path == "/account":
            if not payload.get("termsOfServiceAgreed"):
                raise Refused("userActionRequired", 403)
            place = f"{base}/account/{len(accounts) + 1}"
            accounts[place] = jwk
            say("account", *payload.get("contact", []))
            return 201, {"status": "valid"}, "application/json", place
        if self.path == "/order":
            number = str(len(orders) + 1)
            orders[number] = {"status": "pending", "names": payload["identifiers"], "token": secrets.token_urlsafe(16)}
            say("order", *(one["value"] for one in payload["identifiers"]))
            return 201, self.shown(number), "application/json", f"{base}/order/{number}"
        _, what, number = self.path.split("/")
        order = orders[number]
        if what == "challenge":
            self.fetch(order, jwk)
        if what == "finalize":
            request = x509.load_der_x509_csr(decode(payload["csr"]))
            names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            order["chain"] = pem(certify(x509.Name([]), request.public_key(), names, lifetime)) + root
            order["status"] = "valid"
            say("certificate", number)
        if what == "certificate":
            return 200, order["chain"], "application/pem-certificate-chain"
        if what in ("challenge", "authorization"):
            return 200, self.authorization(number)[what]
        return 200, self.shown(number), "application/json", f"{base}/order/{number}"

    def fetch(self, order, jwk):
        place = f"http://127.0.0.1:{port}/.well-known/acme-challenge/{order['token']}"
        found = urllib.request.urlopen(place, timeout=10).read().decode()
        is_right = found == f"{order['token']}.{thumbprint(jwk)}" and not refuses
        order["status"] = "ready" if is_right else "invalid"
        say("challenge", order["status"])

    def authorization(self, number):
        order = orders[number]
        status = {"pending": "pending", "invalid": "invalid"}.get(order["status"], "valid")
        challenge = {"type": "http-01", "url": f"{base}/challenge/{number}", "token": order["token"], "status": status}
        authorization = {"status": status, "identifier": order["names"][0], "challenges": [challenge]}
        return {"challenge": challenge, "authorization": authorization}

    def shown(self, number):
        order = orders[number]
        return {
            "status": order["status"],
            "identifiers": order["names"],
            "authorizations": [f"{base}/authorization/{number}"],
            "finalize": f"{base}/finalize/{number}",
            "certificate": f"{base}/certificate/{number}",
        }


root = pem(certify(name, authority.public_key(), None, 864_000, True))
(folder / "ca.pem").write_bytes(root)
own = ec.generate_private_key(ec.SECP256R1())
local = x509.SubjectAlternativeName([x509.DNSName("localhost")])
(folder / "own.pem").write_bytes(pem(certify(x509.Name([]), own.public_key(), local, 864_000)))
(folder / "own.key").write_bytes(
    own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Directory)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(folder / "own.pem", folder / "own.key")
server.socket = tls.wrap_socket(server.socket, server_side=True)
base = f"https://localhost:{server.server_port}"
say(base)
server.serve_forever()
