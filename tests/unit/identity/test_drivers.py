"""Where a driver stands and how that may change."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from identity_service.domain.drivers import (
    TRANSITIONS,
    Driver,
    DriverStatus,
    Vehicle,
    VehicleClass,
    application,
    check_same_application,
)
from identity_service.use_cases.answers import dump, load_driver
from shared_kernel.errors import AlreadyExists, Conflict, InvalidInput

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VEHICLE = Vehicle("Toyota Prius", "silver", "7ABC 123", VehicleClass.XL)
LEGAL = {
    (DriverStatus.PENDING, DriverStatus.APPROVED),
    (DriverStatus.PENDING, DriverStatus.REJECTED),
    (DriverStatus.APPROVED, DriverStatus.SUSPENDED),
    (DriverStatus.SUSPENDED, DriverStatus.APPROVED),
    (DriverStatus.SUSPENDED, DriverStatus.REJECTED),
    (DriverStatus.REJECTED, DriverStatus.APPROVED),
}


def driver(status: DriverStatus) -> Driver:
    return Driver(UUID(int=1), "Ana", status, "", VEHICLE, NOW, version=3)


@pytest.mark.parametrize("before", DriverStatus)
@pytest.mark.parametrize("after", DriverStatus)
def test_only_legal_moves_are_made(before: DriverStatus, after: DriverStatus) -> None:
    standing = driver(before)
    if before is after:
        assert standing.decided(after, "again") is standing
    elif (before, after) in LEGAL:
        moved = standing.decided(after, " because ")
        assert (moved.status, moved.status_reason, moved.version) == (after, "because", 4)
    else:
        with pytest.raises(Conflict) as caught:
            standing.decided(after, "")
        assert caught.value.reason == "invalid_transition"
        assert caught.value.metadata == {"from": before, "to": after}


def test_every_status_has_its_row_in_the_table() -> None:
    assert set(TRANSITIONS) == set(DriverStatus)


def test_an_application_is_kept_clean() -> None:
    applied = application(UUID(int=1), "  Ana ", Vehicle(" Prius", "silver ", " 7abc   123 ", VehicleClass.XL), NOW)
    assert applied == Driver(
        UUID(int=1), "Ana", DriverStatus.PENDING, "", Vehicle("Prius", "silver", "7ABC 123", VehicleClass.XL), NOW
    )


@pytest.mark.parametrize("field", ["model", "color", "plate"])
def test_a_blank_field_of_a_vehicle_is_named(field: str) -> None:
    fields = {"model": "Prius", "color": "silver", "plate": "7ABC123"} | {field: "  "}
    with pytest.raises(InvalidInput) as caught:
        application(UUID(int=1), "Ana", Vehicle(**fields, vehicle_class=VehicleClass.XL), NOW)
    assert [violation.field for violation in caught.value.violations] == [f"vehicle.{field}"]


def test_the_same_application_passes_whatever_was_decided_since() -> None:
    applied = application(UUID(int=1), "Ana", VEHICLE, NOW)
    check_same_application(driver(DriverStatus.SUSPENDED), applied)
    for other in (
        application(UUID(int=1), "Bea", VEHICLE, NOW),
        application(UUID(int=1), "Ana", Vehicle("Toyota Prius", "silver", "OTHER", VehicleClass.XL), NOW),
    ):
        with pytest.raises(AlreadyExists) as caught:
            check_same_application(driver(DriverStatus.PENDING), other)
        assert caught.value.reason == "application_exists"


def test_a_kept_answer_reads_back_as_it_was() -> None:
    assert load_driver(dump(driver(DriverStatus.SUSPENDED))) == driver(DriverStatus.SUSPENDED)
