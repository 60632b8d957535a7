"""How many calls a service works on at a time, and whose are refused first."""

from __future__ import annotations

import pytest

# The contract's options are there once it is imported.
from chassis.places import Places
from chassis.urgency import Urgency, urgency_of
from ridesharing.matching.v1 import driver_service_pb2, ride_service_pb2
from shared_kernel.errors import Unavailable


def how_many_are_let_in(places: Places, urgency: Urgency) -> int:
    before = places.taken

    def fill() -> None:
        for _ in range(1_000):
            places.take(urgency)

    with pytest.raises(Unavailable) as refused:
        fill()
    assert refused.value.reason == "overloaded"
    assert 1 <= (refused.value.retry_after_seconds or 0) <= 3
    return places.taken - before


def test_the_last_places_are_kept_for_what_is_more_urgent() -> None:
    places = Places(16)

    assert [how_many_are_let_in(places, urgency) for urgency in reversed(Urgency)] == [8, 4, 4]


def test_who_leaves_makes_room_for_whoever_may_have_it() -> None:
    places = Places(8)
    how_many_are_let_in(places, Urgency.TRIP)
    places.leave()

    with pytest.raises(Unavailable):
        places.take(Urgency.USUAL)
    places.take(Urgency.TRIP)
    assert places.taken == 8


def test_contract_says_what_is_urgent() -> None:
    rides, driving = (
        f"/{file.DESCRIPTOR.package}.{name}/"
        for file, name in ((ride_service_pb2, "RideService"), (driver_service_pb2, "DriverService"))
    )

    assert urgency_of(f"{driving}AcceptOffer") is Urgency.TRIP
    assert urgency_of(f"{rides}RequestRide") is Urgency.USUAL
    assert urgency_of(f"{rides}CreateQuotes") is Urgency.DEFERRABLE
    assert urgency_of("/nobody.knows.It/Here") is Urgency.USUAL
