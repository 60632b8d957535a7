"""Notification, as far as identity needs it, in memory."""

from uuid import UUID

from identity_service.domain.one_time_codes import OwedCode
from shared_kernel.errors import DomainError


class FakeCodeSender:
    """Owes each challenge's code once; fails while it is told to."""

    def __init__(self) -> None:
        self.owed: dict[UUID, OwedCode] = {}
        self.failure: DomainError | None = None

    async def send(self, owed: OwedCode) -> None:
        if self.failure is not None:
            raise self.failure
        self.owed.setdefault(owed.challenge_id, owed)
