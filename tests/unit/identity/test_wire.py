"""Between messages and objects."""

import base64
import contextlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_service.adapters.event_messages import outgoing
from identity_service.domain.drivers import DriverStatus, Vehicle, VehicleClass
from identity_service.domain.events import DriverStatusChanged
from identity_service.entrypoints import wire
from ridesharing.identity.v1 import accounts_pb2, events_pb2
from shared_kernel.errors import InvalidInput

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants naive bounds)


@given(moment=MOMENTS, driver_id=st.uuids())
def test_a_page_token_reads_back_as_it_was_written(moment: datetime, driver_id: UUID) -> None:
    assert wire.read_page_token(wire.write_page_token((moment, driver_id))) == (moment, driver_id)


def test_the_last_page_has_no_token() -> None:
    assert wire.write_page_token(None) == ""
    assert wire.read_page_token("") is None


@given(st.text(min_size=1, max_size=256).filter(lambda text: len(text) != 32))
def test_any_other_page_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        wire.read_page_token(token)
    assert caught.value.reason == "invalid_page_token"


@given(st.binary(min_size=24, max_size=24))
def test_a_made_up_page_token_reads_as_a_place_or_is_refused(raw: bytes) -> None:
    # Not every place exists as a time; none of them may fail in another way.
    with contextlib.suppress(InvalidInput):
        wire.read_page_token(base64.urlsafe_b64encode(raw).decode())


@pytest.mark.parametrize("status", DriverStatus)
def test_every_status_has_its_number_on_the_wire(status: DriverStatus) -> None:
    number = accounts_pb2.DriverStatus.Value(f"DRIVER_STATUS_{status.name}")
    assert wire.from_status(number) is status
    event = outgoing(DriverStatusChanged(UUID(int=1), 7, status, "why"), UUID(int=2), datetime(2026, 1, 1, tzinfo=UTC))
    assert event.message == events_pb2.DriverStatusChanged(driver_id=str(UUID(int=1)), status=number, reason="why")
    assert (event.aggregate_id, event.aggregate_version) == (UUID(int=1), 7)


@pytest.mark.parametrize("vehicle_class", VehicleClass)
def test_every_vehicle_class_has_its_number_on_the_wire(vehicle_class: VehicleClass) -> None:
    number = accounts_pb2.VehicleClass.Value(f"VEHICLE_CLASS_{vehicle_class.name}")
    vehicle = accounts_pb2.Vehicle(model="Prius", color="silver", plate="7ABC123", vehicle_class=number)
    assert wire.from_vehicle(vehicle) == Vehicle("Prius", "silver", "7ABC123", vehicle_class)
