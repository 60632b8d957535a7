"""`/_sim`: what the real providers do not have. Faults are scripted, time is advanced, the truth is told.

GET, POST, DELETE /_sim/faults   DELETE /_sim/faults/{id}      see `jitney.sandbox.faults.FaultRule`
GET, POST         /_sim/clock                                  {"advance_seconds": 86400}
GET               /_sim/ledger?payment_intent=&metadata[key]=&after=&limit=
GET               /_sim/messages?to=&since=&before=&limit=
POST              /_sim/payment_intents/{id}/authentication    {"succeeds": true}
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.bodies import BodyTooLong, read_body
from jitney.sandbox.clock import MAX_ADVANCE_SECONDS
from jitney.sandbox.faults import MAX_RULES, FaultRule
from jitney.sandbox.housekeeping import expire_all
from jitney.sandbox.messages import MAX_PAGE, read_messages
from jitney.sandbox.psp import ledger
from jitney.sandbox.psp.authorization import authenticate
from jitney.sandbox.psp.errors import StripeError
from jitney.sandbox.psp.forms import nest, read_pairs
from jitney.sandbox.world import World

_MAX_BODY_BYTES = 16 * 1024
M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Advance(_Model):
    """How far the clock goes forward."""

    advance_seconds: Annotated[float, Field(gt=0, le=MAX_ADVANCE_SECONDS)]


class Authentication(_Model):
    """What the cardholder did."""

    succeeds: bool


class LedgerQuery(_Model):
    """Which lines of the ledger."""

    payment_intent: str | None = None
    metadata: Annotated[dict[str, str], Field(max_length=5)] = Field(default_factory=dict[str, str])
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=ledger.MAX_PAGE)] = 100


class MessagesQuery(_Model):
    """Which messages."""

    to: str | None = None
    since: AwareDatetime | None = None
    before: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class Refused(Exception):
    """A request that cannot be served, in plain words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Simulation:
    """Serves `/_sim`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route("/_sim/faults", _guarded(self._list_faults), methods=["GET"]),
            Route("/_sim/faults", _guarded(self._add_fault), methods=["POST"]),
            Route("/_sim/faults", _guarded(self._remove_faults), methods=["DELETE"]),
            Route("/_sim/faults/{id}", _guarded(self._remove_faults), methods=["DELETE"]),
            Route("/_sim/clock", _guarded(self._show_clock), methods=["GET"]),
            Route("/_sim/clock", _guarded(self._advance_clock), methods=["POST"]),
            Route("/_sim/ledger", _guarded(self._show_ledger), methods=["GET"]),
            Route("/_sim/messages", _guarded(self._show_messages), methods=["GET"]),
            Route("/_sim/payment_intents/{id}/authentication", _guarded(self._authenticate), methods=["POST"]),
        ]

    async def _list_faults(self, request: Request) -> Response:
        del request
        return JSONResponse({"faults": await self._world.store.run(self._world.faults.listing)})

    async def _add_fault(self, request: Request) -> Response:
        rule, identifier = await _json(request, FaultRule), self._world.identifiers.stripe("fault", 14)
        if self._world.faults.count() >= MAX_RULES:
            raise Refused(409, f"there are {MAX_RULES} rules already: remove some")
        await self._world.store.run(lambda connection: self._world.faults.add(connection, identifier, rule))
        return JSONResponse({"id": identifier, **rule.model_dump(mode="json")}, 201)

    async def _remove_faults(self, request: Request) -> Response:
        identifier = request.path_params.get("id")
        removed = await self._world.store.run(lambda connection: self._world.faults.remove(connection, identifier))
        if identifier is not None and not removed:
            raise Refused(404, "there is no such rule")
        return JSONResponse({"removed": removed})

    async def _show_clock(self, request: Request) -> Response:
        del request
        return self._clock()

    async def _advance_clock(self, request: Request) -> Response:
        advance = await _json(request, Advance)
        await self._world.store.run(lambda connection: self._world.clock.advance(connection, advance.advance_seconds))
        await expire_all(self._world)
        return self._clock()

    def _clock(self) -> Response:
        clock = self._world.clock
        return JSONResponse({"now": _text(clock.now()), "offset_seconds": clock.offset_seconds})

    async def _show_ledger(self, request: Request) -> Response:
        query = _query(request, LedgerQuery)
        entries, following = await self._world.store.run(
            lambda connection: ledger.entries(
                connection,
                after=query.after,
                limit=query.limit,
                intent_id=query.payment_intent,
                metadata=query.metadata,
            )
        )
        totals = await self._world.store.run(ledger.totals)
        return JSONResponse({"payment_intents": entries, "next_after": following, "totals": totals})

    async def _show_messages(self, request: Request) -> Response:
        query = _query(request, MessagesQuery)
        # A plus sign that nobody encoded arrives as a space: ?to=+14155550100 is what people type.
        recipient = "+" + query.to[1:] if query.to and query.to.startswith(" ") else query.to
        messages = await self._world.store.run(
            lambda connection: read_messages(
                connection, recipient=recipient, since=query.since, before=query.before, limit=query.limit
            )
        )
        return JSONResponse(
            {
                "messages": [
                    {
                        "sid": message.sid,
                        "to": message.recipient,
                        "from": message.sender,
                        "body": message.text,
                        "code": message.code,
                        "created_at": _text(message.created_at),
                    }
                    for message in messages
                ],
                "next_before": messages[-1].cursor if len(messages) == query.limit else None,
            }
        )

    async def _authenticate(self, request: Request) -> Response:
        done, intent_id = await _json(request, Authentication), request.path_params["id"]

        def act(connection: Any) -> tuple[int, dict[str, Any]]:
            call = self._world.call(connection, self._world.now())
            try:
                return 200, authenticate(call, intent_id, succeeds=done.succeeds)
            except StripeError as error:
                # Nothing was written unless the card was refused after all, and that is to stay.
                return error.status, error.body()

        status, body = await self._world.store.run(act)
        self._world.deliveries.wake()
        return JSONResponse(body, status)


def _guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return JSONResponse({"error": {"message": str(error)}}, error.status)
        except StripeError as error:  # from reading the query
            return JSONResponse(error.body(), error.status)

    return guarded


async def _json(request: Request, model: type[M]) -> M:
    # A page of another site can make a browser post a form or plain text, but not JSON without asking first.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(415, "the content type must be application/json")
    try:
        return model.model_validate_json(await read_body(request, _MAX_BODY_BYTES))
    except BodyTooLong:
        raise Refused(413, "the body is too long") from None
    except ValidationError as error:
        raise Refused(400, _reasons(error)) from None


def _query(request: Request, model: type[M]) -> M:
    try:
        return model.model_validate(nest(read_pairs(request.url.query.encode())))
    except ValidationError as error:
        raise Refused(400, _reasons(error)) from None


def _reasons(error: ValidationError) -> str:
    items = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}" for item in items[:5])


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
