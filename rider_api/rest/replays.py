"""Replays: the first answer to an Idempotency-Key, given again byte for byte for a day.

The guarantee that a command is done once is the service's, which gets the key as its `request_id`. What is kept here
spares the repetition, and keeps the answer as it was. Answers hold personal data: they are encrypted with a key
derived from the edge's own. Without Redis nothing is replayed here, and the service's guarantee stands alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rider_api.rest.shared_redis import SharedRedis
from shared_kernel.errors import Conflict, InFlight

KEEP_SECONDS = 86_400
MAX_KEPT_BYTES = 256 * 1024
_DIGEST_BYTES = 32
_NONCE_BYTES = 12
_IN_FLIGHT, _DONE = b"f", b"d"
_KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Retry-After", "Cache-Control", "Vary", "WWW-Authenticate")

# Ends a claim: keeps the answer in its place, or forgets it; does nothing where the claim is no longer ours.
_SETTLE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is ours until its request is answered."""

    name: str
    value: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to a key."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Replays:
    """Claims keys and keeps answers; all replicas of a deployment share them."""

    def __init__(self, shared: SharedRedis, secret: bytes) -> None:
        self._redis = shared
        self._cipher = AESGCM(secret)

    @classmethod
    def from_dir(cls, shared: SharedRedis, signing_keys_dir: Path) -> Replays:
        """Derive the key of what is kept from the edge's own signing key."""
        secret = (signing_keys_dir / "rider_api.pem").read_bytes()
        return cls(shared, hmac.digest(secret, b"jitney kept answers", hashlib.sha256))

    def claim(
        self, *, principal: str, route: str, key: str, digest: bytes, seconds: float
    ) -> Claim | KeptAnswer | None:
        """Claim a key for a request that takes so many seconds at most, or return the answer that it stands for.

        None where Redis does not answer: the request goes on without.

        Raises:
            Conflict: `idempotency_key_reused`, the key came before with another request.
            InFlight: `request_in_flight`.
        """
        name = "edge:replay:" + hashlib.sha256(b"\x00".join(map(str.encode, (principal, route, key)))).hexdigest()
        mine = _IN_FLIGHT + digest + os.urandom(_NONCE_BYTES)
        # A little longer than the request may take: a worker that dies with it leaves the key to the next try.
        lease = int((seconds + 2.0) * 1000)
        found = self._redis.ask(lambda client: _insert(client, name, mine, lease))
        if found is None:
            return None
        if found == mine:
            return Claim(name, mine, digest)
        if found[1 : 1 + _DIGEST_BYTES] != digest:
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        if found[:1] == _IN_FLIGHT:
            raise InFlight("request_in_flight", "the same request is being worked on", retry_after_seconds=1.0)
        return self._opened(name, found[1 + _DIGEST_BYTES :])

    def settle(self, claim: Claim, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep the answer of a claim that is final. Failures (5xx) and limits (429) are forgotten instead."""
        if status >= 500 or status == 429 or len(body) > MAX_KEPT_BYTES:
            self.forget(claim)
            return
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        head = json.dumps({"status": status, "headers": kept}).encode()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, len(head).to_bytes(4) + head + body, claim.name.encode())
        self._settle(claim, _DONE + claim.digest + sealed)

    def forget(self, claim: Claim) -> None:
        """Let the next request with the key be a first one."""
        self._settle(claim, b"")

    def _settle(self, claim: Claim, value: bytes) -> None:
        self._redis.ask(lambda client: client.eval(_SETTLE, 1, claim.name, claim.value, value, KEEP_SECONDS))

    def _opened(self, name: str, sealed: bytes) -> KeptAnswer | None:
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None  # kept under another signing key: the service replays it
        length = int.from_bytes(plain[:4])
        head = cast("dict[str, Any]", json.loads(plain[4 : 4 + length]))
        return KeptAnswer(head["status"], head["headers"], plain[4 + length :])


def _insert(client: redis.Redis, name: str, value: bytes, lease_milliseconds: int) -> bytes:
    """Insert a value, or return the one that stands: first come, first served."""
    for _ in range(3):
        if client.set(name, value, nx=True, px=lease_milliseconds):
            return value
        standing = cast("bytes | None", client.get(name))
        if standing is not None:
            return standing
    raise redis.RedisError("the key comes and goes")
