"""Facts that identity tells the other services."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from identity_service.domain.drivers import DriverStatus


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """Somebody signed in for the first time."""

    account_id: UUID
    version: int
    locale: str


@dataclass(frozen=True, slots=True)
class AccountUpdated:
    """The name or the language changed."""

    account_id: UUID
    version: int
    locale: str


@dataclass(frozen=True, slots=True)
class DriverStatusChanged:
    """The operator, or the approval policy, decided on a driver. The version is the driver's, not the account's."""

    driver_id: UUID
    version: int
    status: DriverStatus
    reason: str


Event = AccountCreated | AccountUpdated | DriverStatusChanged
