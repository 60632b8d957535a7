"""MailAddressService: where people are written to."""

from __future__ import annotations

from chassis.auth import current_actor
from identity_service.domain.mail_addresses import MailAddress
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context
from identity_service.use_cases.keep_mail_address import KeepMailAddress
from identity_service.use_cases.request_mail_code import RequestMailCode
from ridesharing.identity.v1 import mail_address_service_pb2 as pb
from ridesharing.identity.v1 import mail_address_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.MailAddressService"


class MailAddressServicer(mail_address_service_pb2_grpc.MailAddressServiceServicer):
    """See the contract."""

    def __init__(self, request_code: RequestMailCode, keep: KeepMailAddress) -> None:
        self._request_code = request_code
        self._keep = keep

    async def RequestMailCode(self, request: pb.RequestMailCodeRequest, context: Context) -> pb.RequestMailCodeResponse:
        requested = await self._request_code(current_actor().account_id, request.request_id, request.mail_address)
        return pb.RequestMailCodeResponse(
            expire_time=wire.to_timestamp(requested.expires_at),
            next_request_time=wire.to_timestamp(requested.next_request_at),
        )

    async def VerifyMailAddress(
        self, request: pb.VerifyMailAddressRequest, context: Context
    ) -> pb.VerifyMailAddressResponse:
        kept = await self._keep.verify(current_actor().account_id, request.mail_address, request.code)
        return pb.VerifyMailAddressResponse(mail_address=_message(kept))

    async def GetMailAddress(self, request: pb.GetMailAddressRequest, context: Context) -> pb.GetMailAddressResponse:
        return pb.GetMailAddressResponse(mail_address=_message(await self._keep.read(current_actor().account_id)))

    async def RemoveMailAddress(
        self, request: pb.RemoveMailAddressRequest, context: Context
    ) -> pb.RemoveMailAddressResponse:
        await self._keep.remove(current_actor().account_id)
        return pb.RemoveMailAddressResponse()


def _message(found: MailAddress) -> pb.MailAddress:
    return pb.MailAddress(address=found.address, verify_time=wire.to_timestamp(found.verified_at))
