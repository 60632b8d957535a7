"""The PSP's events, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from payment_service.domain.psp_event import PspEvent, PspEventState


class PspEvents(Protocol):
    """Events that came, each once."""

    async def insert(self, events: Sequence[PspEvent]) -> set[str]:
        """Keep events; return the names of those that had not come before."""
        ...

    async def get(self, event_id: str) -> PspEvent | None: ...

    async def take_due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[PspEvent]:
        """Lease events whose time has come, the longest waiting first, and with each what else is due of its object.

        Each counts one try more.
        """
        ...

    async def end(self, events: Sequence[PspEvent], state: PspEventState, detail: str, now: datetime) -> None:
        """Move events to where nobody takes them up; each only while its try counts."""
        ...

    async def rest(self, events: Sequence[PspEvent], state: PspEventState, detail: str, due_at: datetime) -> None:
        """Put events back until a time; each only while its try counts."""
        ...

    async def replay(self, event_id: str, now: datetime) -> PspEvent | None:
        """Let a parked event be taken up now, with its tries counted anew; None if it is not parked."""
        ...

    async def page(
        self, state: PspEventState | None, limit: int, after: tuple[datetime, str] | None
    ) -> Sequence[PspEvent]:
        """Return events, newest first, after the (received_at, id) of the last page; without their payloads."""
        ...
