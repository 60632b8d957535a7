"""`/_sim`: what people and banks do, done when a test or a person at the keyboard says so.

POST /_sim/payment_intents/{id}/authenticate   {"succeed": true}          the cardholder, at the issuer's page
POST /_sim/setup_intents/{id}/authenticate     {"succeed": true}          the same
POST /_sim/refunds/{id}/succeed                {}                         the bank, of a pending refund
POST /_sim/refunds/{id}/fail                   {"failure_code": "..."}    the bank sends the money back
POST /_sim/charges/{id}/dispute                {"reason": "fraudulent"}   the cardholder (product_not_received, inquiry)
POST /_sim/disputes/{id}/decide                {"outcome": "won"}         the bank; or lost
POST /_sim/payouts/{id}/arrive                 {}                         the bank has it
POST /_sim/payouts/{id}/fail                   {"failure_code": "..."}    the bank refuses it, or (when paid) returns it
POST /_sim/settle                              {}                         the platform's balance goes to its bank
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeVar

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.controls import Body, guarded, read_json
from jitney.sandbox.psp import bank_settlement
from jitney.sandbox.psp.authorization import authenticate
from jitney.sandbox.psp.dispute_outcomes import decide
from jitney.sandbox.psp.disputes import dispute_opens
from jitney.sandbox.psp.errors import Json, StripeError, refused
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.psp.parameters import ListParams
from jitney.sandbox.psp.payout_outcomes import payout_arrives, payout_fails
from jitney.sandbox.psp.refund_outcomes import refund_fails, refund_succeeds
from jitney.sandbox.psp.setups import authenticate_setup
from jitney.sandbox.world import World

B = TypeVar("B", bound=Body)


class Nothing(Body):
    """Nothing more to say."""


class Authentication(Body):
    """What the cardholder did."""

    succeed: bool


class Failure(Body):
    """Why, where something fails; the usual reason unless given."""

    failure_code: Annotated[str, Field(pattern=r"^[a-z_]{0,64}$")] = ""


class Complaint(Body):
    """What the cardholder says."""

    reason: Literal["fraudulent", "product_not_received", "inquiry"] = "fraudulent"


class Decision(Body):
    """Who is right."""

    outcome: Literal["won", "lost"]


class Acts:
    """Serves them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            self._route("payment_intents", "authenticate", Authentication, _authenticate_payment),
            self._route("setup_intents", "authenticate", Authentication, _authenticate_setup),
            self._route("refunds", "succeed", Failure, _outcome("refund", refund_succeeds)),
            self._route("refunds", "fail", Failure, _outcome("refund", refund_fails)),
            self._route("charges", "dispute", Complaint, _dispute),
            self._route("disputes", "decide", Decision, _decide),
            self._route("payouts", "arrive", Failure, _outcome("payout", payout_arrives)),
            self._route("payouts", "fail", Failure, _outcome("payout", payout_fails)),
            Route("/_sim/settle", guarded(self._settle), methods=["POST"]),
        ]

    async def _settle(self, request: Request) -> Response:
        await read_json(request, Nothing)
        return await self._do("", Nothing(), _settle)

    def _route(self, noun: str, verb: str, model: type[B], act: Callable[[Call, str, B], Json]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._do(request.path_params["id"], await read_json(request, model), act)

        guard: Callable[[Request], Awaitable[Response]] = guarded(endpoint)
        return Route(f"/_sim/{noun}/{{id}}/{verb}", guard, methods=["POST"])

    async def _do(self, identifier: str, body: B, act: Callable[[Call, str, B], Json]) -> Response:
        done: list[Call] = []

        def work(connection: sqlite3.Connection) -> tuple[int, Json]:
            owner = connection.execute("SELECT account FROM object WHERE id = ?", (identifier,)).fetchone()
            call = self._world.call(connection, self._world.now(), account=owner["account"] if owner else "")
            done.append(call)
            try:
                return 200, act(call, identifier, body)
            except StripeError as error:
                # Nothing was written unless the card was refused after all, and that is to stay.
                return error.status, error.body()

        status, answer = await self._world.store.run(work)
        self._world.wake(done[0])
        return JSONResponse(answer, status)


def _authenticate_payment(call: Call, identifier: str, body: Authentication) -> Json:
    return authenticate(call, identifier, succeeds=body.succeed)


def _authenticate_setup(call: Call, identifier: str, body: Authentication) -> Json:
    return authenticate_setup(call, identifier, succeeds=body.succeed)


def _outcome(kind: str, chore: Callable[[Call, str, str], None]) -> Callable[[Call, str, Failure], Json]:
    """Let happen now what would happen by itself in its time."""

    def act(call: Call, identifier: str, body: Failure) -> Json:
        chore(call, identifier, body.failure_code)
        return call.objects.get(kind, identifier)

    return act


def _dispute(call: Call, identifier: str, body: Complaint) -> Json:
    charge = call.objects.get("charge", identifier)
    open_ones = call.objects.page("dispute", "", ListParams(limit=1), parent=identifier)["data"]
    if charge["amount_captured"] == charge["amount_refunded"] or charge["payment_intent"] is None or open_ones:
        raise refused("There is nothing of this charge left to dispute, or it is disputed already.")
    dispute_opens(call, identifier, body.reason)
    return call.objects.page("dispute", "", ListParams(limit=1), parent=identifier)["data"][0]


def _decide(call: Call, identifier: str, body: Decision) -> Json:
    return decide(call, identifier, won=body.outcome == "won")


def _settle(call: Call, identifier: str, body: Nothing) -> Json:
    del identifier, body
    return {"payouts": bank_settlement.settle(call)}
