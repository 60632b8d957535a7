"""Events: what happened, with the object as it was then. Listed for 30 days, and posted if there is an address."""

from __future__ import annotations

import sqlite3
from typing import Annotated

from pydantic import Field

from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.objects import Objects
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import ListParams, Params

API_VERSION = "2026-10-28.endive"
KEPT_SECONDS = 30 * 24 * 3600


class ListEvents(ListParams):
    """Which events: of one type or of several."""

    type: Annotated[str, Field(max_length=100)] | None = None
    types: Annotated[list[str], Field(max_length=20)] | None = None


def record(
    objects: Objects,
    identifiers: Identifiers,
    event_type: str,
    subject: Json,
    now: int,
    account: str,
    request: Json,
) -> Json:
    """Store an event about an object as it stands.

    One about a connected account's object names the account. `request` is what caused it: its id and key, or nulls.
    """
    event: Json = {
        "id": identifiers.stripe("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": 0,
        "request": request,
        "type": event_type,
    }
    if account:
        event["account"] = account
    objects.insert(event, event_type=event_type)
    return event


def forget_old(connection: sqlite3.Connection, now: int, limit: int) -> None:
    """Drop events that are 30 days old, so many at a time."""
    connection.execute(
        """
        DELETE FROM object
        WHERE seq IN (SELECT seq FROM object WHERE kind = 'event' AND created <= ? ORDER BY created LIMIT ?)
        """,
        (now - KEPT_SECONDS, limit),
    )


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get("event", call.id)


def _list(call: Call, params: ListEvents) -> Json:
    types = [*(params.types or []), *([params.type] if params.type else [])]
    return call.objects.page("event", call.url, params, types)


OPERATIONS: list[AnyOperation] = [
    Operation("events.retrieve", "GET", "/v1/events/{id}", Params, _retrieve),
    Operation("events.list", "GET", "/v1/events", ListEvents, _list),
]
