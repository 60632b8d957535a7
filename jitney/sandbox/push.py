"""The push providers: FCM's HTTP v1 interface under /fcm, APNs under /apns, which takes HTTP/2 alone.

Both check the tokens by which a sender makes itself known, against the keys in the sender's own file of providers; a
sandbox without that file knows nobody. A device's token is taken as it comes; `dead…` is one of a removed app.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox import posts
from jitney.sandbox.bodies import BodyTooLong, read_body
from jitney.sandbox.connections import Silences
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.world import World

_MAX_BODY_BYTES = 4096
"""What both take of a message at most."""
_MAX_TOKEN_BODY_BYTES = 16 * 1024
_TOKEN_SECONDS = 3600
_DEVICE = re.compile(r"[A-Za-z0-9_:.-]{1,255}")
_FCM_ERRORS: Mapping[FaultKind, tuple[int, str, str]] = {
    FaultKind.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    FaultKind.UNAVAILABLE: (503, "UNAVAILABLE", "UNAVAILABLE"),
    FaultKind.ERROR_BEFORE_EFFECT: (500, "INTERNAL", "INTERNAL"),
    FaultKind.REFUSED: (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    FaultKind.UNREGISTERED: (404, "NOT_FOUND", "UNREGISTERED"),
}
_APNS_ERRORS: Mapping[FaultKind, tuple[int, str]] = {
    FaultKind.RATE_LIMITED: (429, "TooManyRequests"),
    FaultKind.UNAVAILABLE: (503, "ServiceUnavailable"),
    FaultKind.ERROR_BEFORE_EFFECT: (500, "InternalServerError"),
    FaultKind.REFUSED: (400, "BadMessageId"),
    FaultKind.UNREGISTERED: (410, "Unregistered"),
}


class PushError(Exception):
    """An answer other than success: a status and, in a provider's own words, why."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body

    def response(self) -> Response:
        """Write the answer; a 429 or 503 says when to come again."""
        return JSONResponse(self.body, self.status, {"retry-after": "1"} if self.status in {429, 503} else {})


class PushProviders:
    """Serves both."""

    def __init__(self, world: World, silences: Silences, providers_file: Path | None) -> None:
        self._world = world
        self._silences = silences
        self._providers_file = providers_file
        self._access_tokens: dict[str, float] = {}

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route("/fcm/token", self._grant, methods=["POST"]),
            Route("/fcm/v1/projects/{project}/messages:send", self._fcm, methods=["POST"]),
            Route("/apns/3/device/{token}", self._apns, methods=["POST"]),
        ]

    async def _grant(self, request: Request) -> Response:
        """Give an access token for a service account's signed assertion (RFC 7523)."""
        try:
            form = dict(parse_qsl((await read_body(request, _MAX_TOKEN_BODY_BYTES)).decode("ascii")))
            assertion = form.get("assertion", "")
            jwt.decode(assertion, self._key("fcm", "private_key_id", assertion), ["RS256"], audience=str(request.url))
        except (jwt.InvalidTokenError, BodyTooLong, ValueError):
            return JSONResponse({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
        token = self._world.identifiers.stripe("ya29", 32)
        self._access_tokens[token] = self._world.now() + _TOKEN_SECONDS
        return JSONResponse({"access_token": token, "expires_in": _TOKEN_SECONDS, "token_type": "Bearer"})

    async def _fcm(self, request: Request) -> Response:
        project = request.path_params["project"]
        try:
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self._access_tokens.get(bearer, 0.0) <= self._world.now():
                raise _fcm_error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")
            body = await _json(request, _fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"))
            message = body.get("message")
            words = message.get("notification") if isinstance(message, dict) else None
            if not isinstance(message, dict) or not isinstance(words, dict):
                raise _fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
            token = str(message.get("token", ""))
            if not _DEVICE.fullmatch(token):
                raise _fcm_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
            if token.startswith("dead"):
                raise _fcm_error(404, "NOT_FOUND", "UNREGISTERED")
            name = f"projects/{project}/messages/{self._world.identifiers.stripe('0', 20)}"
            details = {"data": message.get("data", {}), "android": message.get("android", {})}
            errors = {kind: _fcm_error(*error) for kind, error in _FCM_ERRORS.items()}
            kept = _Kept(name, "fcm", token, str(words.get("title", "")), str(words.get("body", "")), details)
            return await self._take(request, kept, errors, JSONResponse({"name": name}))
        except PushError as error:
            return error.response()

    async def _apns(self, request: Request) -> Response:
        if request.scope["http_version"] not in {"2", "2.0"}:
            return Response(status_code=505)
        try:
            bearer = request.headers.get("authorization", "").removeprefix("bearer ")
            try:
                options: Any = {"require": ["iss", "iat"]}
                jwt.decode(bearer, self._key("apns", "key_id", bearer), ["ES256"], options=options)
            except jwt.InvalidTokenError:
                raise _apns_error(403, "InvalidProviderToken") from None
            token = request.path_params["token"]
            if not token.isalnum():
                raise _apns_error(400, "BadDeviceToken")
            if token.startswith("dead"):
                raise _apns_error(410, "Unregistered")
            body = await _json(request, _apns_error(400, "PayloadEmpty"))
            aps = body.pop("aps", None)
            alert = aps.get("alert") if isinstance(aps, dict) else None
            if not isinstance(alert, dict) or not request.headers.get("apns-topic"):
                raise _apns_error(400, "PayloadEmpty" if alert is None else "MissingTopic")
            identifier = request.headers.get("apns-id") or str(uuid.uuid4())
            named = {name: value for name, value in request.headers.items() if name.startswith("apns-")}
            details = {"data": body, "headers": named}
            errors = {kind: _apns_error(*error) for kind, error in _APNS_ERRORS.items()}
            kept = _Kept(identifier, "apns", token, str(alert.get("title", "")), str(alert.get("body", "")), details)
            return await self._take(request, kept, errors, Response(headers={"apns-id": identifier}))
        except PushError as error:
            return error.response()

    async def _take(
        self, request: Request, kept: _Kept, errors: Mapping[FaultKind, PushError], answer: Response
    ) -> Response:
        fault = await self._world.faults.draw(kept.provider, "messages.send")
        if fault and fault.kind in errors:
            raise errors[fault.kind]
        if fault and fault.kind is FaultKind.TIMEOUT_BEFORE_EFFECT:
            return await self._silences.hang(request, fault)
        await self._world.store.run(
            lambda connection: posts.keep(
                connection,
                identifier=kept.identifier,
                provider=kept.provider,
                recipient=kept.recipient,
                title=kept.title,
                text=kept.text,
                details=kept.details,
                now=self._world.clock.now().timestamp(),
            )
        )
        if fault and fault.kind is FaultKind.TIMEOUT_AFTER_EFFECT:
            return await self._silences.hang(request, fault)
        return answer

    def _key(self, kind: str, key_field: str, token: str) -> Any:
        """Return the public half of the key that a token says it is signed with; an InvalidTokenError if unknown."""
        key_id = jwt.get_unverified_header(token).get("kid")
        file = self._providers_file
        known = json.loads(file.read_bytes())["providers"] if file is not None and file.exists() else []
        for provider in known:
            if provider["kind"] == kind and provider[key_field] == key_id:
                return load_pem_private_key(provider["private_key"].encode(), None).public_key()
        raise jwt.InvalidTokenError("nobody's key")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A push as it will be kept."""

    identifier: str
    provider: posts.PushProvider
    recipient: str
    title: str
    text: str
    details: dict[str, Any]


def _fcm_error(status: int, word: str, code: str) -> PushError:
    detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
    return PushError(status, {"error": {"code": status, "message": word, "status": word, "details": [detail]}})


def _apns_error(status: int, reason: str) -> PushError:
    return PushError(status, {"reason": reason})


async def _json(request: Request, refusal: PushError) -> dict[str, Any]:
    try:
        body = json.loads(await read_body(request, _MAX_BODY_BYTES))
    except (BodyTooLong, ValueError):
        raise refusal from None
    if not isinstance(body, dict):
        raise refusal
    return body
