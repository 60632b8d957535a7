"""A way out of notification_service, in memory: it keeps what it was handed, and fails as it is told."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from uuid import UUID

from notification_service.domain.sending import (
    Accepted,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)


class Fault(StrEnum):
    """What goes wrong with one message."""

    UNAVAILABLE = "unavailable"
    """Nobody takes it."""
    THROTTLED = "throttled"
    """It is not taken now; the answer says when to come again."""
    HANGS = "hangs"
    """It is not taken, and no answer comes."""
    LOST_ANSWER = "lost_answer"
    """It is taken, and no answer comes."""
    REFUSED = "refused"
    """It will never be taken."""
    UNREGISTERED = "unregistered"
    """Nothing will reach this target again."""


class FakeSender:
    """A provider that takes all messages but those a fault strikes."""

    def __init__(self, channel: str, *, retry_after_seconds: float | None = None, provider: str = "fake") -> None:
        """Fail with a channel's reasons (`<channel>_unavailable`); answers of failure say when to come again."""
        self._channel = channel
        self._retry_after_seconds = retry_after_seconds
        self._provider = provider
        self._faults: deque[Fault] = deque()
        self._taken: set[tuple[UUID, Target]] = set()
        self.sent: list[tuple[Outgoing, Target]] = []

    @property
    def provider(self) -> str:
        return self._provider

    def takes(self, target: Target) -> bool:
        return True

    def fail(self, fault: Fault, times: int = 1) -> None:
        """Let the next messages go wrong, after those that are to go wrong already."""
        self._faults.extend([fault] * times)

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        taken_before = message.attempt > 1 and (message.notification_id, target) in self._taken
        fault = self._faults.popleft() if self._faults and not taken_before else None
        if fault in (None, Fault.LOST_ANSWER) and not taken_before:
            self.sent.append((message, target))
            self._taken.add((message.notification_id, target))
        match fault:
            case None:
                return Accepted(f"{self._provider}-{len(self.sent)}")
            case Fault.UNAVAILABLE:
                return Unavailable(f"{self._channel}_unavailable", self._retry_after_seconds)
            case Fault.THROTTLED:
                return Throttled(f"{self._channel}_throttled", self._retry_after_seconds)
            case Fault.HANGS | Fault.LOST_ANSWER:
                return Unknown(f"{self._channel}_unanswered")
            case Fault.REFUSED:
                return Refused(f"{self._channel}_refused")
            case Fault.UNREGISTERED:
                return Unregistered(f"{self._channel}_unregistered")
