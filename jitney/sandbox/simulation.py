"""`/_sim`: what the real providers do not have. Faults are scripted, time is advanced, the truth is told.

GET, POST, DELETE /_sim/faults   DELETE /_sim/faults/{id}      see `jitney.sandbox.faults.FaultRule`
GET, POST         /_sim/clock                                  {"advance_seconds": 86400}
GET               /_sim/ledger?payment_intent=&metadata[key]=&after=&limit=
GET               /_sim/ledger/{kind}?id=&metadata[key]=&after=&limit=    refunds, disputes, transfers, payouts
GET               /_sim/ledger/keys?prefix=&after=&limit=                 by idempotency key

What the providers were handed is in `jitney.sandbox.handed_over`, what people and banks do in `jitney.sandbox.acts`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.clock import MAX_ADVANCE_SECONDS
from jitney.sandbox.connections import Silences
from jitney.sandbox.controls import Body, Refused, guarded, moment_text, read_json, read_query
from jitney.sandbox.faults import MAX_RULES, FaultRule
from jitney.sandbox.housekeeping import do_what_is_due
from jitney.sandbox.psp import oracle
from jitney.sandbox.world import World

_EFFECTS = ("refunds", "disputes", "transfers", "payouts")


class Advance(Body):
    """How far the clock goes forward."""

    advance_seconds: Annotated[float, Field(gt=0, le=MAX_ADVANCE_SECONDS)]


class LedgerQuery(Body):
    """Which lines of the ledger."""

    payment_intent: str | None = None
    metadata: Annotated[dict[str, str], Field(max_length=5)] = Field(default_factory=dict[str, str])
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=oracle.MAX_PAGE)] = 100


class EffectsQuery(Body):
    """Which lines of refunds, disputes, transfers or payouts."""

    id: str | None = None
    metadata: Annotated[dict[str, str], Field(max_length=5)] = Field(default_factory=dict[str, str])
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=oracle.MAX_PAGE)] = 100


class KeysQuery(Body):
    """Which idempotency keys."""

    prefix: Annotated[str, Field(max_length=255)] = ""
    after: Annotated[str, Field(max_length=255)] = ""
    limit: Annotated[int, Field(ge=1, le=oracle.MAX_PAGE)] = 100


class Simulation:
    """Serves `/_sim`."""

    def __init__(self, world: World, silences: Silences) -> None:
        self._world = world
        self._silences = silences

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route("/_sim/faults", guarded(self._list_faults), methods=["GET"]),
            Route("/_sim/faults", guarded(self._add_fault), methods=["POST"]),
            Route("/_sim/faults", guarded(self._remove_faults), methods=["DELETE"]),
            Route("/_sim/faults/{id}", guarded(self._remove_faults), methods=["DELETE"]),
            Route("/_sim/clock", guarded(self._show_clock), methods=["GET"]),
            Route("/_sim/clock", guarded(self._advance_clock), methods=["POST"]),
            Route("/_sim/ledger", guarded(self._show_ledger), methods=["GET"]),
            Route("/_sim/ledger/keys", guarded(self._show_keys), methods=["GET"]),
            Route("/_sim/ledger/{kind}", guarded(self._show_effects), methods=["GET"]),
        ]

    async def _list_faults(self, request: Request) -> Response:
        del request
        return JSONResponse({"faults": await self._world.store.run(self._world.faults.listing)})

    async def _add_fault(self, request: Request) -> Response:
        rule, identifier = await read_json(request, FaultRule), self._world.identifiers.stripe("fault", 14)
        if self._world.faults.count() >= MAX_RULES:
            raise Refused(409, f"there are {MAX_RULES} rules already: remove some")
        await self._world.store.run(lambda connection: self._world.faults.add(connection, identifier, rule))
        return JSONResponse({"id": identifier, **rule.model_dump(mode="json")}, 201)

    async def _remove_faults(self, request: Request) -> Response:
        identifier = request.path_params.get("id")
        removed = await self._world.store.run(lambda connection: self._world.faults.remove(connection, identifier))
        if identifier is not None and not removed:
            raise Refused(404, "there is no such rule")
        await self._silences.let_go(removed)
        return JSONResponse({"removed": len(removed)})

    async def _show_clock(self, request: Request) -> Response:
        del request
        return self._clock()

    async def _advance_clock(self, request: Request) -> Response:
        advance = await read_json(request, Advance)
        await self._world.store.run(lambda connection: self._world.clock.advance(connection, advance.advance_seconds))
        self._world.tasks.wake()
        await do_what_is_due(self._world)
        return self._clock()

    def _clock(self) -> Response:
        clock = self._world.clock
        return JSONResponse({"now": moment_text(clock.now()), "offset_seconds": clock.offset_seconds})

    async def _show_ledger(self, request: Request) -> Response:
        query = read_query(request, LedgerQuery)
        entries, following = await self._world.store.run(
            lambda connection: oracle.payments(
                connection,
                after=query.after,
                limit=query.limit,
                intent_id=query.payment_intent,
                metadata=query.metadata,
            )
        )
        totals = await self._world.store.run(oracle.totals)
        return JSONResponse({"payment_intents": entries, "next_after": following, "totals": totals})

    async def _show_effects(self, request: Request) -> Response:
        plural = request.path_params["kind"]
        if plural not in _EFFECTS:
            raise Refused(404, f"the ledger has {', '.join(_EFFECTS)} and keys")
        query = read_query(request, EffectsQuery)
        entries, following = await self._world.store.run(
            lambda connection: oracle.effects(
                connection,
                plural.removesuffix("s"),
                after=query.after,
                limit=query.limit,
                subject=query.id,
                metadata=query.metadata,
            )
        )
        return JSONResponse({plural: entries, "next_after": following})

    async def _show_keys(self, request: Request) -> Response:
        query = read_query(request, KeysQuery)
        entries, following = await self._world.store.run(
            lambda connection: oracle.keys(connection, prefix=query.prefix, after=query.after, limit=query.limit)
        )
        return JSONResponse({"keys": entries, "next_after": following})
