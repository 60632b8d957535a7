"""DeadLetterService over a real connection: operators page through what is parked and replay it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from chassis.auth import Role, TokenSigner, TokenVerifier
from chassis.clients import forward_token, open_channel
from chassis.dead_letter_servicer import SERVICE_NAME, DeadLetterServicer
from chassis.dead_letters import DeadLetter
from chassis.server import ServiceServer
from chassis.settings import Address
from chassis.status import rpc_errors
from ridesharing.common.v1 import dead_letter_service_pb2 as pb
from ridesharing.common.v1 import dead_letter_service_pb2_grpc
from shared_kernel.errors import InvalidInput, NotFound, PermissionRefused
from tests.integration.chassis.conftest import settings_for
from tests.integration.chassis.stores import STREAM, Stores, new_id


def letter(text: str) -> DeadLetter:
    now = datetime.now(UTC)
    payload = StringValue(value=text).SerializeToString()
    name = "google.protobuf.StringValue"
    return DeadLetter(new_id(), "testers", STREAM, name, new_id(), 1, now, "", payload, 8, "ValueError", now)


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
