"""What is owed and comes back until it is done: calls of rides' sagas, edits under way. Rows, leased by who sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.edit import RideEdit
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState


@dataclass(frozen=True, slots=True)
class OwedStep:
    """A ride whose saga owes payment_service a call, leased to whoever claimed it.

    `attempts` were made before; `trace` is where its telemetry goes on (empty: with what is going on).
    """

    ride: Ride
    attempts: int
    trace: str = ""


class SagaQueue(Protocol):
    """The steps that are owed; a row each, so that a restart drops none."""

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedStep]:
        """Lease steps that are due to this replica; others skip them until the lease is over."""
        ...

    async def postpone(self, ride_id: UUID, state: PaymentState, until: datetime, error: str) -> None:
        """Give the lease back after an attempt without an outcome; nothing happens if the payment moved on."""
        ...


@dataclass(frozen=True, slots=True)
class OwedEdit:
    """An edit that is due: its driver's time is over, or its hold is to be raised.

    `attempts` were made before; `trace` is where its telemetry goes on (empty: with what is going on).
    """

    edit: RideEdit
    attempts: int
    trace: str = ""


class EditQueue(Protocol):
    """The edits under way, as rows with a time to come back to."""

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedEdit]:
        """Lease edits that are due to this replica; others skip them until the lease is over."""
        ...

    async def postpone(self, edit_id: UUID, until: datetime, error: str) -> None:
        """Give the lease back after an attempt without an outcome; nothing happens if the edit moved on."""
        ...
