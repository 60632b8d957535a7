"""What a vehicle is said to do, and which shards hold a box on the map."""

import pytest

from matching_service.adapters.shard_cells import shard_of, shards_within, with_halo
from matching_service.domain.fleet import VehicleState, vehicle_state
from matching_service.domain.ride_states import DRIVER_STATES, RideState
from matching_service.domain.zones import Bounds
from matching_service.entrypoints.grpc_fleet import VEHICLE_STATES
from ridesharing.matching.v1 import fleet_service_pb2
from shared_kernel.geo import GeoPoint


@pytest.mark.parametrize("ride_state", sorted(DRIVER_STATES))
def test_a_ride_counts_before_silence_a_break_and_an_offer(ride_state: RideState):
    state = vehicle_state(ride_state, is_asked=True, is_on_break=True, is_silent=True)
    assert state in {VehicleState.EN_ROUTE, VehicleState.ARRIVED, VehicleState.IN_TRIP}


@pytest.mark.parametrize(
    ("is_asked", "is_on_break", "is_silent", "state"),
    [
        (False, False, False, VehicleState.FREE),
        (True, False, False, VehicleState.OFFERED),
        (True, False, True, VehicleState.SILENT),
        (True, True, True, VehicleState.ON_BREAK),
    ],
)
def test_without_a_ride_a_break_counts_first_then_silence(
    is_asked: bool, is_on_break: bool, is_silent: bool, state: VehicleState
):
    assert vehicle_state(None, is_asked=is_asked, is_on_break=is_on_break, is_silent=is_silent) is state


def test_the_contract_names_all_that_a_vehicle_does():
    assert set(fleet_service_pb2.VehicleState.values()) - {0} == set(VEHICLE_STATES.values())


@pytest.mark.parametrize("side_degrees", [0.001, 0.05, 0.4, 2.0])
def test_the_shards_of_a_box_and_their_neighbors_hold_all_of_it(side_degrees: float):
    box = Bounds(37.7, -122.5, 37.7 + side_degrees, -122.5 + side_degrees)
    shards = shards_within(box)
    assert shards is not None
    held = with_halo(shards, 0.0)
    places = [
        GeoPoint(box.south + row * side_degrees / 6, box.west + column * side_degrees / 6)
        for row in range(7)
        for column in range(7)
    ]
    assert {shard_of(place) for place in places} <= held


def test_the_shards_of_a_continent_are_not_counted():
    assert shards_within(Bounds(30.0, -125.0, 50.0, -70.0)) is None
