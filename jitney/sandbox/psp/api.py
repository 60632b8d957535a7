"""The processor at its door: who calls, with which key, what goes wrong, and the answer in Stripe's shape.

The order of things is Stripe's: authentication, rate limits, the idempotency key, the parameters, the work. The work,
its events and its stored answer are one transaction. Network faults strike every call; faults of the work strike only
work that is done.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jitney.sandbox.bodies import BodyTooLong, read_body
from jitney.sandbox.connections import Silences
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.psp.catalog import OPERATIONS
from jitney.sandbox.psp.errors import (
    StripeError,
    invalid_parameter,
    key_in_use,
    rate_limited,
    too_long,
    unauthenticated,
    unavailable,
    unknown_path,
)
from jitney.sandbox.psp.events import API_VERSION
from jitney.sandbox.psp.forms import MAX_BODY_BYTES, Pairs, fingerprint, read_pairs
from jitney.sandbox.psp.idempotency import Answer, check_key, stored_answer
from jitney.sandbox.psp.operations import AnyOperation
from jitney.sandbox.psp.work import PREFIX, Work, endpoint_name, scoped_key
from jitney.sandbox.world import World


class Processor:
    """Serves the operations over HTTP."""

    def __init__(self, world: World, silences: Silences) -> None:
        self._world = world
        self._silences = silences
        self._keys_in_use: set[str] = set()

    def routes(self) -> list[Route]:
        """Make the routes; what none of them takes is refused in Stripe's shape."""
        known = [
            Route(PREFIX + operation.path, self._endpoint(operation), methods=[operation.method], name=operation.name)
            for operation in OPERATIONS
        ]
        return [
            *known,
            Route(PREFIX + "/{path:path}", self._unknown, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]),
        ]

    def _endpoint(self, operation: AnyOperation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            request_id = self._world.identifiers.stripe("req", 14)
            key = request.headers.get("idempotency-key") if operation.method == "POST" else None
            try:
                return await self._serve(operation, request, key, request_id)
            except StripeError as error:
                return _response(Answer(error.status, json.dumps(error.body()), request_id), request_id, key)

        return endpoint

    async def _unknown(self, request: Request) -> Response:
        error = unknown_path(request.method, request.url.path.removeprefix(PREFIX))
        request_id = self._world.identifiers.stripe("req", 14)
        return _response(Answer(error.status, json.dumps(error.body()), request_id), request_id, None)

    async def _serve(self, operation: AnyOperation, request: Request, key: str | None, request_id: str) -> Response:
        _authenticate(request)
        pairs = await _pairs(request)
        if key is None:
            return await self._run(operation, request, pairs, None, request_id)
        check_key(key)
        scoped = scoped_key(request, key)
        if scoped in self._keys_in_use:
            raise key_in_use(key)
        self._keys_in_use.add(scoped)
        try:
            return await self._run(operation, request, pairs, key, request_id)
        finally:
            self._keys_in_use.discard(scoped)

    async def _run(
        self, operation: AnyOperation, request: Request, pairs: Pairs, key: str | None, request_id: str
    ) -> Response:
        replay = key is not None and await self._is_stored(operation, request, pairs, key)
        fault = await self._world.faults.draw("psp", operation.name, replay=replay)
        match fault and fault.kind:
            case FaultKind.RATE_LIMITED:
                raise rate_limited()
            case FaultKind.CONFLICT:
                raise key_in_use(key or "")
            case FaultKind.UNAVAILABLE:
                raise unavailable()
            case FaultKind.RESET_BEFORE_EFFECT | FaultKind.DOWN:
                return await self._silences.reset(request)
            case FaultKind.TIMEOUT_BEFORE_EFFECT if fault:
                # The request was lost on its way here, so it does not keep its key in use.
                self._keys_in_use.discard(scoped_key(request, key or ""))
                return await self._silences.hang(request, fault)
            case FaultKind.DELAY if fault:
                await self._silences.hold(fault)
            case _:
                pass
        work = Work(self._world, operation, request, pairs, key, request_id, fault)
        answer = await self._world.store.run(work)
        if work.early:
            await self._world.deliveries.send_now(work.early)
        self._world.wake(work.call)
        if fault and fault.kind is FaultKind.RESET_AFTER_EFFECT:
            return await self._silences.reset(request)
        if fault and fault.kind is FaultKind.TIMEOUT_AFTER_EFFECT:
            self._keys_in_use.discard(scoped_key(request, key or ""))
            return await self._silences.hang(request, fault)
        return _response(answer, request_id, key)

    async def _is_stored(self, operation: AnyOperation, request: Request, pairs: Pairs, key: str) -> bool:
        if not self._world.faults.count():
            return False  # nothing to draw, so it does not matter; the work itself looks anyway
        endpoint, digest, now = endpoint_name(operation, request), fingerprint(pairs), self._world.now()
        scoped = scoped_key(request, key)
        return await self._world.store.run(
            lambda connection: stored_answer(connection, scoped, endpoint, digest, now) is not None
        )


def _authenticate(request: Request) -> None:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    key = credentials
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    elif scheme.lower() != "bearer":
        raise unauthenticated("You did not provide an API key.")
    if not key.startswith("sk_test_"):
        raise unauthenticated("Invalid API Key provided: the sandbox takes keys that begin with sk_test_.")


async def _pairs(request: Request) -> Pairs:
    if request.method == "GET":
        return read_pairs(request.url.query.encode())
    try:
        body = await read_body(request, MAX_BODY_BYTES)
    except BodyTooLong:
        raise too_long() from None
    if body and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise invalid_parameter("Invalid request: the content type must be application/x-www-form-urlencoded.")
    return read_pairs(body)


def _response(answer: Answer, request_id: str, key: str | None) -> Response:
    headers = {"request-id": request_id, "stripe-version": API_VERSION}
    if key is not None and key.isascii():
        headers["idempotency-key"] = key
    if answer.replayed:
        headers |= {"idempotent-replayed": "true", "original-request": answer.request_id}
    return Response(answer.body, answer.status, headers, "application/json")
