"""In memory: payment_service and identity_service as matching_service sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.ride import Ride
from matching_service.domain.shift import DriverFacts
from matching_service.domain.terms import ChargeLine, Funding
from matching_service.use_cases.service_ports import DriverRecord, PaymentOutcome, PaymentStatus
from shared_kernel.errors import Conflict, DomainError
from shared_kernel.money import Money


class FakePayments:
    """payment_service: at most one hold a ride; `failures` are raised first, `unknown` steps answer PENDING."""

    def __init__(self) -> None:
        self.failures: list[DomainError] = []
        self.declines: str = ""
        self.increment_declines: str = ""
        self.raised: dict[UUID, Money] = {}
        self.holds: dict[UUID, PaymentStatus] = {}
        self.funded: dict[UUID, Funding] = {}
        self.calls: list[tuple[str, UUID]] = []
        self.captured: dict[UUID, tuple[UUID, tuple[ChargeLine, ...]]] = {}
        self.absent: set[UUID] = set()

    async def place_hold(self, key: str, ride: Ride, timeout_seconds: float) -> PaymentOutcome:
        self._called(key, ride.id)
        status = PaymentStatus.DECLINED if self.declines else PaymentStatus.HELD
        self.funded[ride.id] = ride.funding
        return PaymentOutcome(self.holds.setdefault(ride.id, status), self.declines)

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
        self._called(key, ride_id)
        self.absent |= {ride_id} if payer_absent else set()
        if self.holds.get(ride_id) not in (PaymentStatus.HELD, PaymentStatus.EXPIRED, PaymentStatus.CAPTURED):
            raise Conflict("invalid_transition", "there is no hold to capture")
        self.captured.setdefault(ride_id, (driver_id, tuple(lines)))
        self.holds[ride_id] = PaymentStatus.CAPTURED
        return PaymentOutcome(PaymentStatus.CAPTURED)

    async def increment(self, key: str, ride_id: UUID, amount: Money, timeout_seconds: float) -> PaymentOutcome:
        self._called(key, ride_id)
        if self.holds.get(ride_id) is not PaymentStatus.HELD:
            raise Conflict("invalid_transition", "there is no hold to raise")
        if self.increment_declines:
            raise Conflict(self.increment_declines, "")
        self.raised[ride_id] = amount
        return PaymentOutcome(PaymentStatus.HELD)

    async def void(self, key: str, ride_id: UUID, timeout_seconds: float) -> PaymentOutcome:
        self._called(key, ride_id)
        if self.holds.get(ride_id) is PaymentStatus.CAPTURED:
            raise Conflict("invalid_transition", "the hold was captured")
        self.holds[ride_id] = PaymentStatus.VOIDED
        return PaymentOutcome(PaymentStatus.VOIDED)

    def _called(self, key: str, ride_id: UUID) -> None:
        self.calls.append((key, ride_id))
        if self.failures:
            raise self.failures.pop(0)


class FakeAccounts:
    """identity_service: drivers by id, and one first name for everybody."""

    def __init__(self) -> None:
        self.drivers: dict[UUID, DriverRecord] = {}
        self.name = "Ada"
        self._looked_at_once: set[UUID] = set()

    def approve(self, driver_id: UUID, vehicle_class: VehicleClass = VehicleClass.ECONOMY) -> DriverRecord:
        facts = DriverFacts(driver_id, "Grace", "Prius", "white", "8ABC123")
        self.drivers[driver_id] = DriverRecord(facts, vehicle_class, approved=True)
        return self.drivers[driver_id]

    def suspend(self, driver_id: UUID) -> None:
        self.drivers[driver_id] = replace(self.drivers[driver_id], approved=False)

    def suspend_after_next_look(self, driver_id: UUID) -> None:
        self._looked_at_once.add(driver_id)

    async def driver(self, driver_id: UUID) -> DriverRecord | None:
        found = self.drivers.get(driver_id)
        if driver_id in self._looked_at_once:
            self._looked_at_once.discard(driver_id)
            self.suspend(driver_id)
        return found

    async def first_name(self, account_id: UUID, timeout_seconds: float) -> str:
        return self.name
