"""Drivers: the application, and where a driver stands with the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from identity_service.domain.texts import clean_text
from shared_kernel.errors import AlreadyExists, Conflict


class DriverStatus(StrEnum):
    """Where a driver stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


class VehicleClass(StrEnum):
    """What a vehicle can carry."""

    ECONOMY = "economy"
    XL = "xl"
    WHEELCHAIR = "wheelchair"


class ApprovalPolicy(StrEnum):
    """Who decides on applications: an operator, or nobody (work on one's own machine, trials)."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


TRANSITIONS: Mapping[DriverStatus, frozenset[DriverStatus]] = {
    DriverStatus.PENDING: frozenset({DriverStatus.APPROVED, DriverStatus.REJECTED}),
    DriverStatus.APPROVED: frozenset({DriverStatus.SUSPENDED}),
    DriverStatus.SUSPENDED: frozenset({DriverStatus.APPROVED, DriverStatus.REJECTED}),
    # There is one application an account, so a refusal that was reconsidered is approved in place.
    DriverStatus.REJECTED: frozenset({DriverStatus.APPROVED}),
}
"""The legal moves, each a decision of the operator or of the approval policy."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What riders look for at the kerb."""

    model: str
    color: str
    plate: str
    vehicle_class: VehicleClass

    def cleaned(self) -> Vehicle:
        """Return the vehicle as it is kept: the plate in capitals with single spaces.

        Raises:
            InvalidInput: `invalid_argument`, naming the field.
        """
        return Vehicle(
            clean_text("vehicle.model", self.model),
            clean_text("vehicle.color", self.color),
            " ".join(clean_text("vehicle.plate", self.plate).upper().split()),
            self.vehicle_class,
        )


@dataclass(frozen=True, slots=True)
class Driver:
    """An account's standing as a driver; the driver's id is the account's."""

    driver_id: UUID
    display_name: str
    status: DriverStatus
    status_reason: str
    vehicle: Vehicle
    applied_at: datetime
    version: int = 1
    suspended_by: str = ""
    """Of a suspended driver: staff, or documents that expired; only the latter ends by itself."""

    def decided(self, status: DriverStatus, reason: str, suspended_by: str = "staff") -> Driver:
        """Return the driver after a decision; itself where the status stands already.

        Raises:
            Conflict: `invalid_transition`.
            InvalidInput: `invalid_argument`.
        """
        by = suspended_by if status is DriverStatus.SUSPENDED else ""
        # Staff may make a suspension theirs that documents began; nothing else changes where the status stands.
        taken_over = by == "staff" and self.suspended_by == "documents"
        if status is self.status and not taken_over:
            return self
        if status is not self.status and status not in TRANSITIONS[self.status]:
            raise Conflict(
                "invalid_transition",
                f"a driver who is {self.status} cannot become {status}",
                metadata={"from": self.status, "to": status},
            )
        cleaned = clean_text("reason", reason, required=False)
        return replace(self, status=status, status_reason=cleaned, version=self.version + 1, suspended_by=by)


def application(driver_id: UUID, display_name: str, vehicle: Vehicle, now: datetime) -> Driver:
    """Return the driver that a fresh application makes: pending.

    Raises:
        InvalidInput: `invalid_argument`.
    """
    name = clean_text("display_name", display_name)
    return Driver(driver_id, name, DriverStatus.PENDING, "", vehicle.cleaned(), now)


def check_same_application(standing: Driver, applied: Driver) -> None:
    """Let an application pass that says what the standing one said.

    Raises:
        AlreadyExists: `application_exists`.
    """
    if (standing.display_name, standing.vehicle) != (applied.display_name, applied.vehicle):
        raise AlreadyExists("application_exists", "this account has applied with other contents")
