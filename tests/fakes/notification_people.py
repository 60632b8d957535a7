"""Where people are reached, in memory."""

from __future__ import annotations

from uuid import UUID

from notification_service.domain.channels import Channel


class FakeAddresses:
    """Everybody has this number, and no other address; None: nobody has one."""

    def __init__(self, number: str | None) -> None:
        self._number = number

    async def address(self, account_id: UUID, channel: Channel) -> str | None:
        del account_id
        return self._number if channel in (Channel.SMS, Channel.VOICE) else None
