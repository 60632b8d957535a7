"""What rides and shifts need from other services: payment_service and identity_service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.ride import Ride
from matching_service.domain.shift import DriverFacts
from matching_service.domain.terms import ChargeLine
from shared_kernel.money import Money


class PaymentStatus(StrEnum):
    """What payment_service says of a ride's payment."""

    PENDING = "pending"
    HELD = "held"
    EXPIRED = "expired"
    """The PSP let go of the hold by itself: what a capture would bring is owed by the rider."""
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class PaymentOutcome:
    """The payment after a call; PENDING asks to call again with the same key."""

    status: PaymentStatus
    decline_reason: str = ""


class Payments(Protocol):
    """payment_service. Errors are DomainErrors; Unknown and Unavailable ask to call again with the same key."""

    async def place_hold(self, key: str, ride: Ride, timeout_seconds: float) -> PaymentOutcome:
        """Ask for a hold of the quoted fare on the rider's card or wallet; for cash, to note that it comes in cash."""
        ...

    async def capture(
        self,
        key: str,
        ride_id: UUID,
        driver_id: UUID,
        lines: Sequence[ChargeLine],
        timeout_seconds: float,
        *,
        payer_absent: bool = False,
    ) -> PaymentOutcome:
        """Collect what is owed. `payer_absent`: nobody was there to hand cash over."""
        ...

    async def increment(self, key: str, ride_id: UUID, amount: Money, timeout_seconds: float) -> PaymentOutcome:
        """Ask for the hold of a ride to be raised to an amount. A decline is a Conflict: what was held still is."""
        ...

    async def void(self, key: str, ride_id: UUID, timeout_seconds: float) -> PaymentOutcome: ...


@dataclass(frozen=True, slots=True)
class DriverRecord:
    """A driver as identity_service knows one."""

    facts: DriverFacts
    vehicle_class: VehicleClass
    approved: bool


class Accounts(Protocol):
    """identity_service."""

    async def driver(self, driver_id: UUID) -> DriverRecord | None:
        """Return a driver's standing; None for an account that never applied."""
        ...

    async def first_name(self, account_id: UUID, timeout_seconds: float) -> str:
        """Return a rider's first name; empty where there is none or it is not told in time."""
        ...
