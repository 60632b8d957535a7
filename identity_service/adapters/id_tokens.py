"""ID tokens of external providers, checked by OpenID Connect Core 1.0, section 3.1.3.7.

A provider's keys are found by its discovery document (OpenID Connect Discovery 1.0) and kept; a key that is not among
them is asked for again, at most once a minute, so that made-up key ids cannot be turned against the provider.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from identity_service.domain.external_identities import IdToken, token_invalid
from shared_kernel.clock import Clock
from shared_kernel.errors import Unavailable

MAX_TOKEN_LETTERS = 16_384
_ALGORITHMS = ("RS256", "PS256", "ES256")
_LEEWAY_SECONDS = 60
_LONGEST_LIFE = timedelta(hours=24)
"""A token that counts longer is refused: it would have to be remembered for as long."""
_KEYS_KEPT = timedelta(hours=12)
_ASKED_AGAIN = timedelta(minutes=1)
_LEFT_ALONE = timedelta(seconds=5)
"""After it gave no keys."""
_MOST_BYTES = 256 * 1024


@dataclass(slots=True)
class _Keys:
    """A provider's keys by their ids."""

    by_id: Mapping[str, jwt.PyJWK] = field(default_factory=dict[str, jwt.PyJWK])
    fetched_at: datetime | None = None
    failed_at: datetime | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class OidcTokens:
    """The IdTokenVerifier of production."""

    def __init__(self, audiences: Mapping[str, Sequence[str]], client: httpx.AsyncClient, clock: Clock) -> None:
        """Take our apps' client ids by provider, and a client with a timeout that follows no redirects."""
        self._audiences = audiences
        self._client = client
        self._clock = clock
        self._keys = {issuer: _Keys() for issuer in audiences}

    async def verify(self, id_token: str, nonce: str) -> IdToken:
        """Return what a token says.

        Raises:
            Unauthenticated: `id_token_invalid`.
            Unavailable: `identity_provider_unavailable`.
        """
        if len(id_token) > MAX_TOKEN_LETTERS:
            raise token_invalid("it is too long")
        issuer, key_id = _told(id_token)
        audiences = self._audiences.get(issuer)
        if audiences is None:
            raise token_invalid("its issuer is not one of ours")
        key = await self._key(issuer, key_id)
        if key is None:
            raise token_invalid("it is signed with a key that its issuer does not have")
        claims = self._claims(id_token, key, issuer, audiences)
        if nonce != claims.get("nonce", ""):
            raise token_invalid("its nonce is another one")
        return self._read(id_token, issuer, claims)

    def _claims(self, id_token: str, key: jwt.PyJWK, issuer: str, audiences: Sequence[str]) -> Mapping[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=list(_ALGORITHMS),
                audience=list(audiences),
                issuer=issuer,
                # The times are judged by our clock, below.
                options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise token_invalid("its signature or its claims are wrong") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") not in audiences:
            raise token_invalid("it was made for another app")
        return claims

    def _read(self, id_token: str, issuer: str, claims: Mapping[str, Any]) -> IdToken:
        now, leeway = self._clock.now(), timedelta(seconds=_LEEWAY_SECONDS)
        issued_at, expires_at = _moment(claims["iat"]), _moment(claims["exp"])
        if now >= expires_at + leeway:
            raise token_invalid("it has expired")
        if issued_at > now + leeway or expires_at - issued_at > _LONGEST_LIFE:
            raise token_invalid("its times are not plausible")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise token_invalid("its subject has a wrong form")
        vouched = claims.get("phone_number_verified") is True
        number = claims.get("phone_number") if vouched else ""
        digest = hashlib.sha256(id_token.encode()).digest()
        return IdToken(issuer, subject, digest, expires_at + leeway, number if isinstance(number, str) else "")

    async def _key(self, issuer: str, key_id: str) -> jwt.PyJWK | None:
        keys = self._keys[issuer]
        async with keys.asking:
            now = self._clock.now()
            age = None if keys.fetched_at is None else now - keys.fetched_at
            if age is None or age > _KEYS_KEPT or (key_id not in keys.by_id and age > _ASKED_AGAIN):
                # Who waits behind a provider that is away is told so, and does not wait for it once more.
                if keys.failed_at is None or now - keys.failed_at > _LEFT_ALONE:
                    await self._renew(issuer, keys, now)
                if keys.failed_at is not None and key_id not in keys.by_id:
                    raise _unavailable(issuer)
        return keys.by_id.get(key_id)

    async def _renew(self, issuer: str, keys: _Keys, now: datetime) -> None:
        """Ask for the keys; those that are known stay good while their issuer is away."""
        try:
            keys.by_id = await self._fetched(issuer)
        except Unavailable:
            keys.failed_at = now
        else:
            keys.fetched_at, keys.failed_at = now, None

    async def _fetched(self, issuer: str) -> Mapping[str, jwt.PyJWK]:
        described = await self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        address = described.get("jwks_uri")
        if described.get("issuer") != issuer or not isinstance(address, str):
            raise _unavailable(issuer)
        if urlsplit(address).scheme != "https" and urlsplit(address).netloc != urlsplit(issuer).netloc:
            raise _unavailable(issuer)
        found: dict[str, jwt.PyJWK] = {}
        listed = (await self._document(address)).get("keys")
        for entry in listed if isinstance(listed, list) else ():
            try:
                key = jwt.PyJWK(entry)
            except (jwt.PyJWTError, ValueError, TypeError, KeyError):
                continue  # of a kind that we do not use
            if key.key_id and key.algorithm_name in _ALGORITHMS:
                found[key.key_id] = key
        return found

    async def _document(self, address: str) -> Mapping[str, Any]:
        try:
            answer = await self._client.get(address)
            if not answer.is_success or len(answer.content) > _MOST_BYTES:
                raise _unavailable(address)
            document: Any = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _unavailable(address) from error
        if not isinstance(document, dict):
            raise _unavailable(address)
        return document


def _told(id_token: str) -> tuple[str, str]:
    """Read the issuer and the key id, unchecked: they say where to look for the key, and nothing else."""
    try:
        header = jwt.get_unverified_header(id_token)
        claims: Any = jwt.decode(id_token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError) as error:
        raise token_invalid("it is not one") from error
    return str(claims.get("iss", "")), str(header.get("kid", ""))


def _moment(value: object) -> datetime:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise token_invalid("its times have a wrong form")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise token_invalid("its times have a wrong form") from error


def _unavailable(where: str) -> Unavailable:
    return Unavailable("identity_provider_unavailable", f"{urlsplit(where).hostname} does not give out its keys")
