"""The other services, as keepers of what they know of people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import grpc

from chassis.personal_data import EXPORT_PAGE_ROWS
from chassis.status import rpc_errors
from ridesharing.common.v1 import personal_data_service_pb2 as pb
from ridesharing.common.v1.personal_data_service_pb2_grpc import PersonalDataServiceStub
from shared_kernel.errors import Conflict

_TIMEOUT_SECONDS = 10.0
_MOST_PAGES = 40


class GrpcPersonalData:
    """Asks each service by PersonalDataService."""

    def __init__(self, channels: Mapping[str, grpc.aio.Channel]) -> None:
        self._stubs: dict[str, Any] = {name: PersonalDataServiceStub(channel) for name, channel in channels.items()}

    async def blockers(self, account_id: UUID) -> Sequence[str]:
        """Ask all services what stands in the way."""
        request = pb.CheckErasureRequest(account_id=str(account_id))
        with rpc_errors():
            answers = await asyncio.gather(
                *(stub.CheckErasure(request, timeout=_TIMEOUT_SECONDS) for stub in self._stubs.values())
            )
        return [blocker for answer in answers for blocker in answer.blockers]

    async def erase(self, service: str, account_id: UUID) -> None:
        """Have a service erase; the key is the account's, so that a repeated call is the same one."""
        request = pb.EraseAccountRequest(request_id=f"erase-{account_id}", account_id=str(account_id))
        with rpc_errors():
            await self._stubs[service].EraseAccount(request, timeout=_TIMEOUT_SECONDS)

    async def export(self, account_id: UUID) -> Mapping[str, Mapping[str, Sequence[Any]]]:
        """Return what each service tells, by its name. Raises Conflict `export_too_large`."""
        parts = await asyncio.gather(*(self._whole(stub, account_id) for stub in self._stubs.values()))
        return dict(zip(self._stubs, parts, strict=True))

    async def _whole(self, stub: Any, account_id: UUID) -> Mapping[str, Sequence[Any]]:
        whole: dict[str, list[Any]] = {}
        token = ""
        for _ in range(_MOST_PAGES):
            request = pb.ExportAccountRequest(account_id=str(account_id), page_token=token)
            with rpc_errors():
                answer = await stub.ExportAccount(request, timeout=_TIMEOUT_SECONDS)
            for name, rows in json.loads(answer.document).items():
                whole.setdefault(name, []).extend(rows)
            token = answer.next_page_token
            if not token:
                return whole
        # A part must not pass for the whole.
        raise Conflict("export_too_large", f"a list has more than {_MOST_PAGES * EXPORT_PAGE_ROWS} rows")
