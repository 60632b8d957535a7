"""PrivacyService: what is kept of people, told and erased."""

from __future__ import annotations

import asyncio
import gzip
from uuid import UUID

from chassis.auth import OPERATORS, current_actor
from chassis.personal_data import MAX_EXPORT_BYTES
from chassis.server import MAX_MESSAGE_BYTES
from identity_service.domain.erasures import Erasure
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context, acting_staff
from identity_service.use_cases.erase_account import EraseAccount
from ridesharing.identity.v1 import privacy_service_pb2 as pb
from ridesharing.identity.v1 import privacy_service_pb2_grpc
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput, NotFound

SERVICE_NAME = "ridesharing.identity.v1.PrivacyService"
_MOST_BYTES = MAX_MESSAGE_BYTES - 1_024
"""Of a document in a message, with the little that is around it."""


class PrivacyServicer(privacy_service_pb2_grpc.PrivacyServiceServicer):
    """See the contract."""

    def __init__(self, erase: EraseAccount) -> None:
        self._erase = erase

    async def ExportAccount(self, request: pb.ExportAccountRequest, context: Context) -> pb.ExportAccountResponse:
        document = await self._erase.export(current_actor().account_id)
        if len(document) <= _MOST_BYTES:
            return pb.ExportAccountResponse(document=document.decode())
        packed = await asyncio.to_thread(gzip.compress, document) if len(document) <= MAX_EXPORT_BYTES else b""
        if not packed or len(packed) > _MOST_BYTES:
            raise Conflict("export_too_large", "there is more than can be told at once")
        return pb.ExportAccountResponse(packed_document=packed)

    async def RequestErasure(self, request: pb.RequestErasureRequest, context: Context) -> pb.RequestErasureResponse:
        actor = current_actor()
        by_staff = actor.role in OPERATORS
        account_id = _whose(request.account_id, by_staff=by_staff)
        erasure = await self._erase.request(acting_staff(), account_id, request.reason, by_staff=by_staff)
        return pb.RequestErasureResponse(erasure=_erasure(erasure))

    async def GetErasure(self, request: pb.GetErasureRequest, context: Context) -> pb.GetErasureResponse:
        return pb.GetErasureResponse(erasure=_erasure(await self._erase.read(UUID(request.account_id))))


def _whose(named: str, *, by_staff: bool) -> UUID:
    if not by_staff:
        own = current_actor().account_id
        if named and UUID(named) != own:
            raise NotFound("account_not_found", "there is no such account")
        return own
    if not named:
        violation = FieldViolation("account_id", "must be set, except by the person")
        raise InvalidInput("invalid_argument", "an account has to be named", violations=[violation])
    return UUID(named)


def _erasure(erasure: Erasure) -> pb.Erasure:
    message = pb.Erasure(
        account_id=str(erasure.account_id),
        request_time=wire.to_timestamp(erasure.requested_at),
        due_time=wire.to_timestamp(erasure.due_at),
        erased_services=erasure.erased_services,
        last_error=erasure.last_error,
    )
    if erasure.completed_at is not None:
        message.complete_time.CopyFrom(wire.to_timestamp(erasure.completed_at))
    return message
