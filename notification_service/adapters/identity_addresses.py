"""Where people are reached, asked of identity when it is needed: no number and no mail address is kept here."""

from __future__ import annotations

from uuid import UUID

import grpc

from chassis.status import from_rpc_error
from notification_service.domain.channels import Channel
from ridesharing.identity.v1 import identity_service_pb2 as pb
from ridesharing.identity.v1 import identity_service_pb2_grpc as pb_grpc
from shared_kernel.errors import NotFound

_SECONDS = 2.0


class IdentityAddresses:
    """The Addresses of production, with this service's own token."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = pb_grpc.IdentityServiceStub(channel)

    async def address(self, account_id: UUID, channel: Channel) -> str | None:
        """Return a person's number or mail address; None where there is none."""
        try:
            contact = await self._contact(account_id)
        except NotFound:
            return None
        if channel in (Channel.SMS, Channel.VOICE):
            return contact.phone_number or None
        return contact.mail_address or None if channel is Channel.EMAIL else None

    async def name(self, account_id: UUID) -> tuple[str, str]:
        """Return a person's name and language."""
        contact = await self._contact(account_id)
        return contact.display_name, contact.locale or "en"

    async def _contact(self, account_id: UUID) -> pb.GetContactResponse:
        try:
            return await self._stub.GetContact(pb.GetContactRequest(account_id=str(account_id)), timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error
