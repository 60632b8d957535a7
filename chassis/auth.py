"""Who calls: ES256 access tokens (RFC 7519), their making, their checking, and the actor of the current call.

Rules (docs of the token format): `kid` names the issuer and equals `iss`; `aud` is `jitney`; `ver` is 1; the issuers
`identity` and `cli` may vouch for anybody, every other issuer only for itself as a service. `scope` says for what a
token may be used (RFC 8693 §4.2); without any, for all that its role may.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, cast
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared_kernel.clock import Clock, SystemClock
from shared_kernel.errors import Unauthenticated

AUDIENCE = "jitney"
ALGORITHM = "ES256"
ISSUERS_OF_PEOPLE = frozenset({"identity", "cli"})
CLOCK_SKEW_SECONDS = 30
TOKEN_VERSION = 1
_MAX_TOKEN_LENGTH = 4_096
_MAX_VERIFIED = 4_096
_OWN_TOKEN_LIFETIME_SECONDS = 300


class Role(StrEnum):
    """The part in which a caller acts."""

    ANONYMOUS = "anonymous"
    RIDER = "rider"
    DRIVER = "driver"
    OPERATOR = "operator"
    SERVICE = "service"
    SUPPORT = "support"
    ADMIN = "admin"
    PARTNER = "partner"


STAFF = frozenset({Role.SUPPORT, Role.OPERATOR, Role.ADMIN})
"""The people who run the service."""
OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})
"""Those of them who may change things."""


def with_implied(roles: Iterable[Role]) -> frozenset[Role]:
    """Return roles with those that may all the same: an admin may all that an operator may."""
    named = frozenset(roles)
    return named | {Role.ADMIN} if Role.OPERATOR in named else named


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of the current call, as its token says."""

    role: Role
    subject: str
    token_id: str
    issuer: str
    session_id: str = ""
    scopes: frozenset[str] = frozenset()
    """For what the token may be used; none stands for all that its role may. A partner's always has some."""
    ends_at: datetime | None = None
    """When the token counts no more, the clocks' skew included; None where the caller came without one."""

    @property
    def account_id(self) -> UUID:
        """The account of a person, or the API key of a partner; others have none (`account_required`)."""
        if self.role not in (Role.ANONYMOUS, Role.SERVICE):
            try:
                return UUID(self.subject)
            except ValueError:
                pass
        raise Unauthenticated("account_required", "this call is made on behalf of an account")

    def seconds_left(self, now: datetime, at_most: float) -> float:
        """For how long what the caller opened may last without another token: a stream, which is asked for one once."""
        return at_most if self.ends_at is None else min(at_most, (self.ends_at - now).total_seconds())

    def check_time_left(self, now: datetime) -> None:
        """Refuse what comes after the token's end. Raises Unauthenticated `expired_token`."""
        if self.ends_at is not None and now >= self.ends_at:
            raise Unauthenticated("expired_token", "the access token has expired")


ANONYMOUS = Actor(Role.ANONYMOUS, "", "", "")
_current: ContextVar[Actor] = ContextVar("chassis_actor", default=ANONYMOUS)


def current_actor() -> Actor:
    """Return who makes the current call; the anonymous actor outside of one."""
    return _current.get()


def set_current_actor(actor: Actor) -> None:
    """Name the caller for the rest of this task; interceptors and the edge do so once a call."""
    _current.set(actor)


class TokenVerifier:
    """Checks tokens against the issuers' public keys. A token once found good is remembered until it expires."""

    def __init__(self, keys: Mapping[str, jwt.PyJWK], clock: Clock | None = None) -> None:
        self._keys = dict(keys)
        self._clock = clock or SystemClock()
        self._verified: OrderedDict[str, tuple[float, Actor]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def from_file(cls, path: Path, clock: Clock | None = None) -> TokenVerifier:
        """Read a JWKS file: one ES256 public key for each issuer, named by `kid`. A wrong file is a ValueError."""
        document = json.loads(path.read_text(encoding="utf-8"))
        try:
            keys = jwt.PyJWKSet.from_dict(document).keys
        except jwt.PyJWTError as error:
            raise ValueError(f"{path.name} is not a set of public keys: {error}") from error
        if any(not key.key_id or key.algorithm_name != ALGORITHM for key in keys):
            raise ValueError(f"{path.name}: every key needs a kid and must be for {ALGORITHM}")
        return cls({str(key.key_id): key for key in keys}, clock)

    def verify(self, token: str) -> Actor:
        """Return whom the token names.

        Raises:
            Unauthenticated: `invalid_token` if it is not one of ours, `expired_token` if it no longer counts.
        """
        moment = self._clock.now()
        now = moment.timestamp()
        with self._lock:
            known = self._verified.get(token)
        if known is not None and now < known[0]:
            return known[1]
        claims = self._decode(token)
        try:
            expiry, issued = float(claims["exp"]), float(claims["iat"])
            actor = Actor(
                Role(claims["role"]),
                str(claims["sub"]),
                str(claims["jti"]),
                str(claims["iss"]),
                str(claims.get("sid", "")),
                frozenset(str(claims.get("scope", "")).split()),
                datetime.fromtimestamp(expiry + CLOCK_SKEW_SECONDS, UTC),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _invalid() from None
        if type(claims["ver"]) is not int or claims["ver"] != TOKEN_VERSION or issued > now + CLOCK_SKEW_SECONDS:
            raise _invalid()
        # Until the clocks' skew has passed as well: otherwise a token made for seconds is dead on arrival elsewhere.
        actor.check_time_left(moment)
        _check_vouching(actor)
        with self._lock:
            self._verified[token] = (expiry + CLOCK_SKEW_SECONDS, actor)
            if len(self._verified) > _MAX_VERIFIED:
                self._verified.popitem(last=False)
        return actor

    def _decode(self, token: str) -> dict[str, Any]:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise _invalid()
        try:
            issuer = str(jwt.get_unverified_header(token).get("kid"))
            key = self._keys[issuer]
            # Times are judged by the injected clock, above.
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=issuer,
                options={
                    "require": ["iss", "aud", "sub", "exp", "iat", "jti", "ver"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, KeyError):
            raise _invalid() from None


class TokenSigner:
    """Makes tokens in the name of one issuer."""

    def __init__(self, issuer: str, key: EllipticCurvePrivateKey, clock: Clock | None = None) -> None:
        self.issuer = issuer
        self._key = key
        self._clock = clock or SystemClock()
        self._own: tuple[float, str] = (0.0, "")

    @classmethod
    def from_dir(cls, directory: Path, issuer: str, clock: Clock | None = None) -> TokenSigner:
        """Read `<issuer>.pem` (PKCS 8, P-256). A missing or wrong file is an OSError or a ValueError."""
        key = load_pem_private_key((directory / f"{issuer}.pem").read_bytes(), password=None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError(f"{issuer}.pem is not a P-256 key")
        return cls(issuer, key, clock)

    def sign(
        self,
        subject: str,
        role: Role,
        lifetime_seconds: int,
        session_id: str = "",
        *,
        scopes: Iterable[str] = (),
    ) -> str:
        """Make a token for somebody; refuses (ValueError) what no verifier would accept from this issuer."""
        if self.issuer not in ISSUERS_OF_PEOPLE and (role is not Role.SERVICE or subject != self.issuer):
            raise ValueError(f"the issuer {self.issuer} may only sign for itself as a service")
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "sid": session_id,
            "role": role.value,
            "scope": " ".join(sorted(scopes)),
            "ver": TOKEN_VERSION,
            "iat": now,
            "exp": now + lifetime_seconds,
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.issuer})

    def own_token(self) -> str:
        """Return a token for the issuer itself as a service, made anew when two thirds of its life are over."""
        now = self._clock.now().timestamp()
        renew_at, token = self._own
        if now >= renew_at:
            token = self.sign(self.issuer, Role.SERVICE, _OWN_TOKEN_LIFETIME_SECONDS)
            self._own = (now + _OWN_TOKEN_LIFETIME_SECONDS * 2 / 3, token)
        return token


def bearer_token(metadata: object) -> str:
    """Take the token out of gRPC metadata (`authorization: Bearer …`); empty where there is none.

    Raises:
        Unauthenticated: `invalid_token` if the header is of another scheme.
    """
    for key, value in cast("tuple[tuple[str, str | bytes], ...]", metadata or ()):
        if key == "authorization":
            scheme, _, token = str(value).partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise _invalid()
            return token.strip()
    return ""


def _check_vouching(actor: Actor) -> None:
    if actor.role is Role.ANONYMOUS or (actor.role is Role.PARTNER and not actor.scopes):
        raise _invalid()
    if actor.issuer not in ISSUERS_OF_PEOPLE and (actor.role is not Role.SERVICE or actor.subject != actor.issuer):
        raise _invalid()


def _invalid() -> Unauthenticated:
    return Unauthenticated("invalid_token", "the access token is not valid")
