"""What apps know between two looks: commands are answered with the ride, events name its version, the rest is doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from jitney.simulator.driver_view import DriverView
from jitney.simulator.ride_view import RideView
from jitney_client import ApiError, Client
from jitney_client.models import DriverRide, RiderRide

MINE, OTHER = "ride_mine", "ride_other"


def driver_ride(version: int, state: str = "driver_en_route", ride_id: str = MINE, kind: str = "private") -> DriverRide:
    return cast("DriverRide", {"id": ride_id, "state": state, "version": version, "kind": kind})


def told(version: int, state: str = "driver_en_route", ride_id: str = MINE) -> dict[str, Any]:
    return {"ride_id": ride_id, "state": state, "version": version}


class Service:
    """Answers looks with what it is given, None being nothing there."""

    def __init__(self, ride: DriverRide | None = None, offer: dict[str, Any] | None = None) -> None:
        self.ride, self.offer, self.looks = ride, offer, 0
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while an offer is looked for."""

    async def read_current_driver_ride(self) -> DriverRide:
        self.looks += 1
        return cast("DriverRide", _found(self.ride))

    async def read_current_offer(self) -> Any:
        self.meanwhile()
        return _found(self.offer)


def _found(thing: object) -> object:
    if thing is None:
        raise ApiError(404, {"code": "not_found"})
    return thing


def view_of(service: Service | None = None) -> DriverView:
    view = DriverView(cast("Client", service or Service()))
    view.in_doubt = False
    return view


def test_event_of_ones_own_command_raises_no_doubt() -> None:
    view = view_of()
    view.know(driver_ride(5, "arrived"))
    view.heard.clear()

    view.hear("ride_updated", told(5, "arrived"))

    assert (view.in_doubt, view.heard.is_set()) == (False, False)


def test_event_of_something_newer_raises_doubt() -> None:
    view = view_of()
    view.know(driver_ride(5))

    view.hear("ride_updated", told(6, "canceled_by_rider"))

    assert (view.in_doubt, view.heard.is_set()) == (True, True)


def test_event_that_is_quicker_than_the_answer_and_tells_of_more_is_not_forgotten() -> None:
    view = view_of()
    view.know(driver_ride(4))
    view.hear("ride_updated", told(6, "arrived"))

    view.know(driver_ride(5, "arrived"))

    assert view.in_doubt


def test_late_event_of_a_ride_that_is_over_wakes_nobody() -> None:
    view = view_of()
    view.know(driver_ride(7, "completed"))

    view.hear("ride_updated", told(8, "completed"))

    assert (view.ride, view.in_doubt, view.heard.is_set()) == (None, False, False)


def test_ride_that_was_given_to_a_driver_under_way_is_looked_for_after_this_one() -> None:
    view = view_of()
    view.know(driver_ride(5, "in_progress"))
    view.hear("ride_updated", told(3, ride_id=OTHER))

    view.know(driver_ride(6, "completed"))

    assert view.in_doubt


def test_parties_of_a_run_are_looked_at_after_each_command() -> None:
    view = view_of()

    view.know(driver_ride(5, kind="pooled"))

    assert (view.in_doubt, view.shares) == (True, True)


async def test_stream_that_begins_anew_raises_doubt_and_a_look_ends_it() -> None:
    service = Service(driver_ride(5))
    view = view_of(service)
    view.hear("resync", {})
    assert view.in_doubt

    await view.look()

    assert (view.ride, view.in_doubt, service.looks) == (service.ride, False, 1)


async def test_nobody_is_asked_for_an_offer_twice() -> None:
    offer = {"id": "offer_1", "pickup_eta_seconds": 60}
    view = view_of(Service(offer=offer))
    view.hear("offer_created", offer)
    assert view.next_offer() == offer

    await view.look()

    assert view.next_offer() is None


async def test_offer_that_is_heard_of_while_the_service_answers_that_there_is_none_is_kept() -> None:
    service = Service()
    view = view_of(service)
    offer = {"id": "offer_1", "pickup_eta_seconds": 60}
    view.hear("offer_created", {"id": "offer_0", "pickup_eta_seconds": 60})
    service.meanwhile = lambda: view.hear("offer_created", offer)

    await view.look()

    assert (view.next_offer(), view.next_offer()) == (offer, None)


def test_offer_that_was_closed_is_not_put_to_the_driver() -> None:
    view = view_of()
    view.hear("offer_created", {"id": "offer_1", "pickup_eta_seconds": 60})
    view.hear("offer_closed", {"id": "offer_1"})

    assert view.next_offer() is None


def rider_ride(version: int, state: str, pin: str | None = None) -> RiderRide:
    read = {"id": MINE, "version": version, "state": state, "start_pin": pin, "delivery": None, "arrived_at": None}
    return cast("RiderRide", read)


def test_answer_that_is_older_than_an_event_changes_nothing() -> None:
    view = RideView(rider_ride(2, "matching"))
    view.hear("ride_updated", {**told(4, "arrived"), "start_pin": "1234"})

    view.know(rider_ride(3, "driver_en_route"))

    assert (view.state, view.start_pin, view.has_arrived, view.in_doubt) == ("arrived", "1234", True, False)


def test_event_of_another_ride_is_none_of_this_rides() -> None:
    view = RideView(rider_ride(2, "matching"))

    view.hear("ride_updated", told(9, "completed", ride_id=OTHER))

    assert view.state == "matching"


async def test_stream_that_begins_anew_is_news_to_a_rider() -> None:
    view = RideView(rider_ride(2, "matching"))

    view.hear("resync", {})

    assert (view.in_doubt, await view.changed_within(5), await view.changed_within(0)) == (True, True, False)
