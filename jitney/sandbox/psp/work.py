"""One request's transaction: a stored answer is replayed, or the work is run and its answer stored with it."""

from __future__ import annotations

import json
import sqlite3

from starlette.requests import Request

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.psp.errors import StripeError, internal_error, no_such_account, refused
from jitney.sandbox.psp.forms import Pairs, fingerprint, parse
from jitney.sandbox.psp.idempotency import Answer, store_answer, stored_answer
from jitney.sandbox.psp.objects import Objects
from jitney.sandbox.psp.operations import AnyOperation, Call
from jitney.sandbox.world import World

PREFIX = "/psp"
_ASKS_ISSUER = ("payment_intents.", "payment_methods.", "setup_intents.")
"""Operations that know by themselves how an issuer's refusal looks."""


class Work:
    """One request's transaction: replay, or run and store."""

    def __init__(
        self,
        world: World,
        operation: AnyOperation,
        request: Request,
        pairs: Pairs,
        key: str | None,
        request_id: str,
        fault: FaultRule | None,
    ) -> None:
        self._world = world
        self._operation = operation
        self._endpoint = endpoint_name(operation, request)
        self._path = {name: str(value) for name, value in request.path_params.items()}
        self._pairs = pairs
        self._key = key
        self._scoped_key = scoped_key(request, key) if key is not None else None
        self._account = request.headers.get("stripe-account", "")
        self._request_id = request_id
        self._fault = fault
        self.call: Call | None = None
        self.early: list[int] = []
        """The webhooks to be delivered before the answer."""

    def __call__(self, connection: sqlite3.Connection) -> Answer:
        now, digest = self._world.now(), fingerprint(self._pairs)
        if self._scoped_key is not None:
            stored = stored_answer(connection, self._scoped_key, self._endpoint, digest, now)
            if stored:
                return stored
        connection.execute("SAVEPOINT effect")
        try:
            answer = Answer(200, self._effect(connection, now), self._request_id)
        except StripeError as error:
            if not error.saved:
                raise
            if not error.keeps_effect:
                connection.execute("ROLLBACK TO effect")
                self.early.clear()
            answer = Answer(error.status, json.dumps(error.body()), self._request_id)
        if self._fault and self._fault.kind is FaultKind.ERROR_AFTER_EFFECT:
            error = internal_error()
            answer = Answer(error.status, json.dumps(error.body()), self._request_id)
        if self._scoped_key is not None:
            store_answer(connection, self._scoped_key, self._endpoint, digest, answer, now)
        return answer

    def _effect(self, connection: sqlite3.Connection, now: int) -> str:
        params = parse(self._operation.params, self._pairs)
        if self._fault and self._fault.kind is FaultKind.ERROR_BEFORE_EFFECT:
            raise internal_error()
        fault = self._fault
        if self._account and Objects(connection).find("account", self._account) is None:
            raise no_such_account(self._account)
        if fault and fault.kind is FaultKind.DECLINE and not self._operation.name.startswith(_ASKS_ISSUER):
            raise refused("The request was refused, as it was told to be.", fault.decline_code)
        self.call = call = self._world.call(
            connection,
            now,
            account=self._account,
            url=self._endpoint.partition(" ")[2],
            path=self._path,
            key=self._key,
            request_id=self._request_id,
            fault=fault,
            early=self.early,
        )
        body = self._operation.work(call, params)
        return json.dumps(call.objects.expand(body, params.expand))


def scoped_key(request: Request, key: str) -> str:
    """A key belongs to the account in whose name it is used."""
    account = request.headers.get("stripe-account")
    return f"{account} {key}" if account else key


def endpoint_name(operation: AnyOperation, request: Request) -> str:
    """Say what is called, as its stored answer names it: `POST /v1/refunds`."""
    return f"{operation.method} {request.url.path.removeprefix(PREFIX)}"
