"""Keys of issuers made in memory, and a clock that a test moves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from chassis.auth import TokenSigner, TokenVerifier


@dataclass
class MovableClock:
    """Stands still until moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@cache
def key_of(issuer: str) -> ec.EllipticCurvePrivateKey:
    """The private key of an issuer, the same in a whole run."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(issuer: str) -> dict[str, Any]:
    """The issuer's entry of a JWKS file."""
    entry: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(key_of(issuer).public_key()))
    return entry | {"kid": issuer, "alg": "ES256", "use": "sig"}


def signer_of(issuer: str, clock: MovableClock) -> TokenSigner:
    """A signer in the issuer's name."""
    return TokenSigner(issuer, key_of(issuer), clock)


def verifier(clock: MovableClock) -> TokenVerifier:
    """A verifier that knows three issuers."""
    return TokenVerifier({name: jwt.PyJWK(public_jwk(name)) for name in ("identity", "matching", "cli")}, clock)
