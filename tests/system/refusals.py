"""Refusals as a client sees them, over REST and gRPC, and the proof that a refused request left nothing behind."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2, status_pb2

from tests.system.people import HandDriver, HandRider, Town, until

LIVE_STATES = ("requested", "matching", "offered", "driver_en_route", "arrived", "in_progress")
SETTLED = frozenset({"captured", "voided", "hold_declined"})


@dataclass(frozen=True)
class Refused:
    """What a refusal says: HTTP status or gRPC code, the stable reason, the refused fields, the sentence."""

    status: int | str
    reason: str
    fields: tuple[str, ...]
    message: str

    @property
    def told(self) -> tuple[int | str, str, tuple[str, ...]]:
        """What a program branches on."""
        return self.status, self.reason, self.fields


class Sender:
    """Sends over REST what no app would send, in somebody's name or nobody's."""

    def __init__(self, client: httpx.AsyncClient, token: str = "") -> None:
        self._client = client
        self._token = token

    async def send(self, method: str, path: str, *, key: str | None = None, **content: Any) -> httpx.Response:
        """Send a request as it is; `key` None is a new one, "" is none."""
        headers: dict[str, str] = dict(content.pop("headers", {}))
        if self._token:
            headers.setdefault("Authorization", f"Bearer {self._token}")
        if key != "":
            headers["Idempotency-Key"] = key or str(uuid4())
        return await self._client.request(method, path, headers=headers, **content)

    async def refused(self, method: str, path: str, *, key: str | None = None, **content: Any) -> Refused:
        """Send what must be refused; holds the problem against the form that all have."""
        answer = await self.send(method, path, key=key, **content)
        assert answer.headers["content-type"] == "application/problem+json", (answer.status_code, answer.text)
        problem = answer.json()
        assert problem["request_id"] == answer.headers["X-Request-Id"] != ""
        assert (problem["status"], problem["type"]) == (answer.status_code, f"urn:jitney:problem:{problem['code']}")
        assert all(error["description"] for error in problem["errors"])
        fields = tuple(error["field"] for error in problem["errors"])
        return Refused(answer.status_code, problem["code"], fields, problem["detail"])


async def sender(client: httpx.AsyncClient, person: HandRider | HandDriver) -> Sender:
    """Return a sender in a person's name."""
    return Sender(client, await person.person.token())


async def refused_call(call: Awaitable[Any]) -> Refused:
    """Await a gRPC call that must be refused with a google.rpc.Status of ours."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    metadata = dict(cast("Any", error.trailing_metadata() or ()))
    assert "grpc-status-details-bin" in metadata, f"{error.code()}: {error.details()}"
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        _ = detail.Unpack(info) or detail.Unpack(bad)
    assert (info.domain, status.message) == ("jitney", error.details())
    fields = tuple(dict.fromkeys(item.field for item in bad.field_violations))
    return Refused(error.code().name, info.reason, fields, status.message)


async def nothing_is_half_done(people: Town) -> None:
    """Wait until no ride is under way and every payment is at its end; the ledger's postings sum to zero."""

    async def settled() -> bool:
        live = await people.operator("GET", "/v1/operator/rides", state=list(LIVE_STATES))
        ended = await people.operator("GET", "/v1/operator/rides", limit=100)
        return not live["items"] and all(ride["payment_state"] in SETTLED for ride in ended["items"])

    await until(settled, "all rides at an end, with their payments")
    balance = await people.operator("GET", "/v1/operator/ledger/trial-balance")
    assert [item["sum_minor"] for item in balance["currencies"] if item["sum_minor"]] == []
