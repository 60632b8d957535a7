"""An OpenID Connect provider: a real HTTP server with a discovery document and keys, and tokens signed as one asks."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify
from jwt.algorithms import RSAAlgorithm
from werkzeug.serving import make_server

CLIENT_ID = "jitney-app"


class OidcProvider:
    """Counts how often its keys are asked for; `down` makes it answer 503."""

    def __init__(self) -> None:
        self.issuer = ""
        self.down = False
        self.requests = 0
        self.key_requests = 0
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate("first")

    def rotate(self, key_id: str) -> None:
        """Sign with a new key from now on."""
        self._keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = key_id

    def token(self, now: datetime, **changes: Any) -> str:
        """Sign a token of ten minutes; claims that are None are left out."""
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": CLIENT_ID,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=10)).timestamp()),
            "nonce": "n-1",
            "jti": f"{now.timestamp()}-{len(self._keys)}",
            **changes,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(told, self._keys[self.key_id], algorithm="RS256", headers={"kid": self.key_id})

    def app(self) -> Flask:
        """The two documents."""
        app = Flask(__name__)

        @app.get("/.well-known/openid-configuration")
        def discovery() -> tuple[Response, int]:  # pyright: ignore[reportUnusedFunction] (Flask calls it)
            self.requests += 1
            return jsonify(issuer=self.issuer, jwks_uri=f"{self.issuer}/keys"), 503 if self.down else 200

        @app.get("/keys")
        def keys() -> Response:  # pyright: ignore[reportUnusedFunction] (Flask calls it)
            self.key_requests += 1
            made = [
                {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": "RS256"}
                for key_id, key in self._keys.items()
            ]
            return jsonify(keys=[{"kty": "oct", "k": "c2VjcmV0", "kid": "odd"}, *made])

        return app


@contextmanager
def oidc_provider() -> Generator[OidcProvider]:
    """Run one."""
    provider = OidcProvider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
