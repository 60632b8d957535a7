"""PersonalDataService, the same in every service: what it knows of a person, told whole, and erased."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import grpc

from ridesharing.common.v1 import personal_data_service_pb2 as pb
from ridesharing.common.v1 import personal_data_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.common.v1.PersonalDataService"
EXPORT_PAGE_ROWS = 500
"""How many rows of one kind a part of an export has at most."""
MAX_EXPORT_BYTES = 32 * 1024 * 1024
"""Of all that is told of a person together, as JSON: it goes through memory whole, packed or not."""


class PersonalData(Protocol):
    """What a service knows of people."""

    async def blockers(self, account_id: UUID) -> Sequence[str]:
        """Return what stands in the way of an erasure."""
        ...

    async def erase(self, account_id: UUID, request_id: str) -> None:
        """Erase a person; once more changes nothing.

        Raises:
            Conflict: `erasure_blocked`.
        """
        ...

    async def export(self, account_id: UUID, offset: int) -> tuple[Mapping[str, Sequence[Mapping[str, Any]]], bool]:
        """Return lists of rows by name from an offset in each, `EXPORT_PAGE_ROWS` at most, and whether more follow."""
        ...


class PersonalDataServicer(personal_data_service_pb2_grpc.PersonalDataServiceServicer):
    """Serves one service's knowledge of people to identity."""

    def __init__(self, data: PersonalData) -> None:
        self._data = data

    async def CheckErasure(  # noqa: N802 (named by the contract)
        self,
        request: pb.CheckErasureRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002
    ) -> pb.CheckErasureResponse:
        return pb.CheckErasureResponse(blockers=await self._data.blockers(UUID(request.account_id)))

    async def EraseAccount(  # noqa: N802 (named by the contract)
        self,
        request: pb.EraseAccountRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002
    ) -> pb.EraseAccountResponse:
        await self._data.erase(UUID(request.account_id), request.request_id)
        return pb.EraseAccountResponse()

    async def ExportAccount(  # noqa: N802 (named by the contract)
        self,
        request: pb.ExportAccountRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002
    ) -> pb.ExportAccountResponse:
        offset = _offset(request.page_token)
        lists, more = await self._data.export(UUID(request.account_id), offset)
        return pb.ExportAccountResponse(
            document=json.dumps(lists, default=plain, ensure_ascii=False),
            next_page_token=str(offset + EXPORT_PAGE_ROWS) if more else "",
        )


def plain(value: object) -> object:
    """Write what JSON has no form for: times by RFC 3339, ids and amounts as text, bytes not at all."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")


def _offset(token: str) -> int:
    if not token:
        return 0
    if not (token.isascii() and token.isdigit() and len(token) <= 9):
        violation = FieldViolation("page_token", "must be the next_page_token of an answer")
        raise InvalidInput("invalid_page_token", "the page token is not one that was given out", violations=[violation])
    return int(token)
