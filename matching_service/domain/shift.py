"""A driver's online period, with what riders are shown of driver and vehicle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from matching_service.domain.city import VehicleClass


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What a rider sees of the driver of a ride."""

    driver_id: UUID
    display_name: str
    vehicle_model: str
    vehicle_color: str
    vehicle_plate: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A driver's online period; open while `ended_at` is None. The facts are a copy from its start."""

    id: UUID
    driver: DriverFacts
    vehicle_class: VehicleClass
    started_at: datetime
    ends_after_ride: bool = False
    ended_at: datetime | None = None

    @property
    def driver_id(self) -> UUID:
        """Whose shift it is."""
        return self.driver.driver_id

    def ended(self, now: datetime) -> Shift:
        """Close the shift."""
        return replace(self, ended_at=now)

    def ending_after_ride(self) -> Shift:
        """Close the shift as soon as the ride under way has ended."""
        return replace(self, ends_after_ride=True)

    def staying(self) -> Shift:
        """Take back the wish to end after the ride."""
        return replace(self, ends_after_ride=False)
