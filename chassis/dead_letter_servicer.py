"""DeadLetterService, the same in every service that consumes events: list the parked ones, take one in again."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.dead_letters import MAX_PAGE, DeadLetter, DeadLetters
from ridesharing.common.v1 import dead_letter_service_pb2 as pb
from ridesharing.common.v1 import dead_letter_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.common.v1.DeadLetterService"
_DEFAULT_PAGE = 50


class DeadLetterServicer(dead_letter_service_pb2_grpc.DeadLetterServiceServicer):
    """Serves one service's dead letters to operators."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListDeadLettersResponse:
        size = min(request.page_size or _DEFAULT_PAGE, MAX_PAGE)
        after = _read_token(request.page_token) if request.page_token else None
        letters = await self._dead_letters.list_page(size, after)
        return pb.ListDeadLettersResponse(
            dead_letters=[_to_wire(letter) for letter in letters],
            next_page_token=_write_token(letters[-1]) if len(letters) == size else "",
        )

    async def ReplayDeadLetter(
        self, request: pb.ReplayDeadLetterRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ReplayDeadLetterResponse:
        await self._dead_letters.replay(UUID(request.event_id))
        return pb.ReplayDeadLetterResponse()


def _to_wire(letter: DeadLetter) -> pb.DeadLetter:
    park_time = Timestamp()
    park_time.FromDatetime(letter.parked_at)
    return pb.DeadLetter(
        event_id=str(letter.event_id),
        type=letter.type,
        aggregate_id=str(letter.aggregate_id),
        error=letter.error,
        attempts=letter.attempts,
        park_time=park_time,
    )


def _write_token(last: DeadLetter) -> str:
    return base64.urlsafe_b64encode(f"{last.parked_at.isoformat()} {last.event_id}".encode()).decode()


def _read_token(token: str) -> tuple[datetime, UUID]:
    try:
        parked_at, _, event_id = base64.urlsafe_b64decode(token).decode().partition(" ")
        after = datetime.fromisoformat(parked_at), UUID(event_id)
    except (ValueError, binascii.Error):
        after = None
    if after is None or after[0].tzinfo is None:
        violation = FieldViolation("page_token", "must come from an earlier page")
        raise InvalidInput("invalid_page_token", "the page token is not one of ours", violations=[violation])
    return after
