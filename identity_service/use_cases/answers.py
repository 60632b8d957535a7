"""Answers of mutations as they are kept for a repeated request: JSON of the object as it was then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from identity_service.domain.accounts import Account
from identity_service.domain.drivers import Driver, DriverStatus, Vehicle, VehicleClass


def dump(answer: Account | Driver) -> bytes:
    """Write an answer."""
    return json.dumps(asdict(answer), default=_plain, separators=(",", ":")).encode()


def dump_json(fields: Mapping[str, object]) -> bytes:
    """Write an answer's fields."""
    return json.dumps(fields, default=_plain, separators=(",", ":")).encode()


def load_json(kept: bytes) -> dict[str, Any]:
    """Read an answer's fields; times and ids are text."""
    fields: dict[str, Any] = json.loads(kept)
    return fields


def load_account(kept: bytes) -> Account:
    """Read a kept account."""
    fields: dict[str, Any] = json.loads(kept)
    fields["account_id"] = UUID(fields["account_id"])
    fields["created_at"] = datetime.fromisoformat(fields["created_at"])
    return Account(**fields)


def load_driver(kept: bytes) -> Driver:
    """Read a kept driver."""
    fields: dict[str, Any] = json.loads(kept)
    vehicle: dict[str, Any] = fields["vehicle"]
    vehicle["vehicle_class"] = VehicleClass(vehicle["vehicle_class"])
    fields["vehicle"] = Vehicle(**vehicle)
    fields["driver_id"] = UUID(fields["driver_id"])
    fields["status"] = DriverStatus(fields["status"])
    fields["applied_at"] = datetime.fromisoformat(fields["applied_at"])
    return Driver(**fields)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")
