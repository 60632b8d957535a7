"""DeadLetterService over a real connection: operators page through what is parked and replay it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from prometheus_client import REGISTRY
from sqlalchemy import delete, update

from chassis.auth import Role, TokenSigner, TokenVerifier
from chassis.clients import forward_token, open_channel
from chassis.dead_letter_servicer import SERVICE_NAME, DeadLetterServicer
from chassis.dead_letters import KEEP_SECONDS, DeadLetter
from chassis.retention import Keep, trim_forever
from chassis.server import ServiceServer
from chassis.settings import Address
from chassis.status import rpc_errors
from ridesharing.common.v1 import dead_letter_service_pb2 as pb
from ridesharing.common.v1 import dead_letter_service_pb2_grpc
from shared_kernel.clock import SystemClock
from shared_kernel.errors import InvalidInput, NotFound, PermissionRefused
from tests.integration.chassis.conftest import settings_for
from tests.integration.chassis.stores import DEAD_LETTERS, STREAM, Stores, eventually, new_id, running


def letter(text: str) -> DeadLetter:
    now = datetime.now(UTC)
    payload = StringValue(value=text).SerializeToString()
    name = "google.protobuf.StringValue"
    return DeadLetter(new_id(), "testers", STREAM, name, new_id(), 1, now, "", payload, 8, "ValueError", now)


async def test_a_parked_event_is_deleted_once_nobody_mended_it_for_ninety_days(stores: Stores) -> None:
    letters, old, young = stores.dead_letters(), letter("old"), letter("young")
    for item, days in ((old, 91), (young, 89)):
        await letters.park(item)
        row = DEAD_LETTERS.c
        parked_at = datetime.now(UTC) - timedelta(days=days)
        async with stores.database.connect() as connection:
            await connection.execute(
                update(DEAD_LETTERS).where(row.event_id == item.event_id).values(parked_at=parked_at)
            )

    async def one_left() -> bool:
        return len(await letters.list_page()) == 1

    keep = Keep(DEAD_LETTERS, "parked_at", KEEP_SECONDS)
    async with running(trim_forever(stores.database, [keep], SystemClock())):
        await eventually(one_left)
    assert [item.event_id for item in await letters.list_page()] == [young.event_id]


async def test_parked_events_that_went_otherwise_are_counted_no_more(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.dead_letters._COUNT_SECONDS", 0.01)
    letters = stores.dead_letters()
    await letters.park(letter("a"))

    async def handle(event: Any) -> None:
        del event

    async def none_counted() -> bool:
        return REGISTRY.get_sample_value("dead_letters", {"consumer": "testers"}) == 0

    async with running(stores.consumer(handle, dead_letters=letters).run()):
        assert not await none_counted()
        async with stores.database.connect() as connection:
            await connection.execute(delete(DEAD_LETTERS))
        await eventually(none_counted)


async def test_an_operator_pages_and_replays_and_nobody_else_may(
    stores: Stores, signing_keys: Path, jwks_file: Path
) -> None:
    letters = stores.dead_letters()
    taken: list[str] = []

    async def handle(event: Any) -> None:
        taken.append(event.message.value)

    stores.consumer(handle, dead_letters=letters)
    parked = [letter(text) for text in ("a", "b", "c")]
    for item in parked:
        await letters.park(item)
    server = ServiceServer(settings_for(jwks_file), TokenVerifier.from_file(jwks_file))
    server.add(
        dead_letter_service_pb2_grpc.add_DeadLetterServiceServicer_to_server, DeadLetterServicer(letters), SERVICE_NAME
    )
    task = asyncio.create_task(server.run(Address("127.0.0.1", 0)))
    address = await server.started()
    signer = TokenSigner.from_dir(signing_keys, "identity")
    operator = forward_token(signer.sign(str(new_id()), Role.OPERATOR, 60))
    rider = forward_token(signer.sign(str(new_id()), Role.RIDER, 60))

    async with open_channel(str(address)) as channel:
        stub = dead_letter_service_pb2_grpc.DeadLetterServiceStub(channel)
        with pytest.raises(PermissionRefused), rpc_errors():
            await stub.ListDeadLetters(pb.ListDeadLettersRequest(), metadata=rider)
        first = await stub.ListDeadLetters(pb.ListDeadLettersRequest(page_size=2), metadata=operator)
        second = await stub.ListDeadLetters(
            pb.ListDeadLettersRequest(page_size=2, page_token=first.next_page_token), metadata=operator
        )
        with pytest.raises(InvalidInput, match="page token"), rpc_errors():
            await stub.ListDeadLetters(pb.ListDeadLettersRequest(page_token="nonsense"), metadata=operator)
        event_id = str(parked[1].event_id)
        await stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(event_id=event_id), metadata=operator)
        with pytest.raises(NotFound), rpc_errors():
            await stub.ReplayDeadLetter(pb.ReplayDeadLetterRequest(event_id=event_id), metadata=operator)
    server.stop()
    await asyncio.wait_for(task, 60)

    assert [item.event_id for item in (*first.dead_letters, *second.dead_letters)] == [
        str(item.event_id) for item in parked
    ]
    assert second.next_page_token == ""
    assert taken == ["b"]
