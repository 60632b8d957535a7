"""Drivers' shifts: online, on a break, one more ride, on the way home."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.shifts import (
    Availability,
    AvailabilityAnswer,
    Break,
    Heading,
    LastRide,
    Shift,
    availability,
    shift,
)
from ridesharing.matching.v1 import driver_service_pb2
from shared_kernel.errors import DomainError

routes = Routes("shift", "Driving", area="driving")
_DRIVER = (Role.DRIVER,)


@routes.route("PUT", "/driver/availability", roles=_DRIVER, answer=AvailabilityAnswer)
def change_availability(body: Availability) -> AvailabilityAnswer:
    """Go online, or offline after the ride under way. To say what is so already changes nothing."""
    drivers = edge().backends.drivers
    if body.online:
        try:
            request = driver_service_pb2.StartShiftRequest(
                request_id=call().key, capabilities=body.capability_numbers()
            )
            started = ask(drivers.StartShift, request)
            return availability(started.shift)
        except DomainError as error:
            if error.reason != "shift_open":
                raise
        return availability(ask(drivers.GetShift, driver_service_pb2.GetShiftRequest()).shift)
    try:
        return availability(ask(drivers.EndShift, driver_service_pb2.EndShiftRequest(request_id=call().key)).shift)
    except DomainError as error:
        if error.reason != "no_open_shift":
            raise
    return availability(None)


@routes.route("GET", "/driver/shift", roles=_DRIVER, answer=Shift, problems=(404,), urgency=Urgency.USUAL)
def read_shift() -> Shift:
    """Return the caller's open shift."""
    return shift(ask(edge().backends.drivers.GetShift, driver_service_pb2.GetShiftRequest()).shift)


@routes.route("POST", "/driver/shift/break", roles=_DRIVER, answer=Shift, problems=(404,), needs_key=True)
def take_break(body: Break) -> Shift:
    """Pause: no offers until the end of the break. Who is not back in time is taken offline."""
    request = driver_service_pb2.TakeBreakRequest(request_id=call().key, break_seconds=body.seconds)
    return shift(ask(edge().backends.drivers.TakeBreak, request).shift)


@routes.route("POST", "/driver/shift/break/end", roles=_DRIVER, answer=Shift, problems=(404,))
def end_break() -> Shift:
    """Take offers again."""
    return shift(ask(edge().backends.drivers.EndBreak, driver_service_pb2.EndBreakRequest(request_id=call().key)).shift)


@routes.route("PUT", "/driver/shift/last-ride", roles=_DRIVER, answer=Shift, problems=(404,))
def set_last_ride(body: LastRide) -> Shift:
    """Make the ride under way, or else the next one, the last of the shift; or take that back."""
    request = driver_service_pb2.SetLastRideRequest(request_id=call().key, last_ride=body.last_ride)
    return shift(ask(edge().backends.drivers.SetLastRide, request).shift)


@routes.route("PUT", "/driver/shift/heading", roles=_DRIVER, answer=Shift, problems=(404,))
def set_heading(body: Heading) -> Shift:
    """Take only rides on the way to a place, twice in 24 hours at most; or all rides again."""
    destination = None if body.destination is None else body.destination.message()
    request = driver_service_pb2.SetHeadingRequest(request_id=call().key, destination=destination)
    return shift(ask(edge().backends.drivers.SetHeading, request).shift)
