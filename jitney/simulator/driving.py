"""What a simulated driver does with a ride: comes, waits at the kerb, drives from stop to stop, hands over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from jitney.simulator.api import ApiError
from jitney.simulator.driver_view import DriverView
from jitney.simulator.kinds import next_place, stars_of
from jitney.simulator.logbook import Logbook
from jitney.simulator.motion import Vehicle, drive_seconds
from jitney.simulator.world import World
from jitney_client import Client
from jitney_client.models import DriverRide
from shared_kernel.geo import GeoPoint

_ASK_PIN_WALL_SECONDS = 0.2
_MISSED_WALL_SECONDS = 10.0
"""Whoever has not come by then is taken to be missing, and the driver asks whether that is long enough."""


class Driving:
    """The rides of one driver, and the vehicle that they are driven with.

    `on_the_way` is awaited again and again while the vehicle drives, `trip_completed` after each trip that came to its
    dropoff.
    """

    def __init__(
        self,
        world: World,
        api: Client,
        view: DriverView,
        logbook: Logbook,
        vehicle: Vehicle,
        *,
        on_the_way: Callable[[], Awaitable[None]],
        trip_completed: Callable[[], Awaitable[None]],
    ) -> None:
        self._world = world
        self._api = api
        self._view = view
        self._logbook = logbook
        self._vehicle = vehicle
        self._on_the_way = on_the_way
        self._trip_completed = trip_completed
        self._missed: tuple[str, float] = ("", 0.0)
        """The ride whose rider is not there, and when the driver asks again, on the clock of the process."""

    def here(self) -> GeoPoint:
        """Return where the vehicle is now."""
        return self._vehicle.place(self._world.clock.seconds())

    async def go_on(self, ride: DriverRide) -> None:
        """Take a ride a step on from wherever it stands, or give it back."""
        ride_id = str(ride["id"])
        try:
            match ride["state"]:
                case "driver_en_route":
                    if self._world.happens(self._world.behavior.driver_cancel_share):
                        self._view.know(await self._api.cancel_assignment(ride_id))
                        return
                    pickup, _ = next_place(ride)
                    with self._logbook.coming():
                        there = await self._go(ride_id, pickup, drive_seconds(self.here(), pickup))
                    if there:
                        self._view.know(await self._api.arrive_at_pickup(ride_id))
                case "arrived" if ride["kind"] == "delivery":
                    await self._world.clock.sleep(self._world.between(self._world.behavior.boarding_seconds))
                    self._view.know(await self._api.collect_order(ride_id))
                case "arrived":
                    await self._board(ride_id)
                case "in_progress" if ride["kind"] == "delivery":
                    await self._deliver(ride_id, ride)
                case "returning":
                    shop, _ = next_place(ride)
                    if await self._go(ride_id, shop, drive_seconds(self.here(), shop)):
                        self._view.know(await self._api.return_order(ride_id, {"received_by": "Kim"}))
                case "in_progress":
                    await self._drive_on(ride_id, ride)
                case _:
                    await self._world.clock.sleep(1)
                    self._view.in_doubt = True
        except ApiError as error:
            # The ride was canceled meanwhile: the next look tells.
            self._world.tally.troubles[f"drive: {error.code}"] += 1
            self._view.in_doubt = True

    async def _drive_on(self, ride_id: str, ride: DriverRide) -> None:
        """Go on to the next stop, from there, or to the dropoff."""
        world = self._world
        place, stop = next_place(ride)
        if stop is None:
            seconds = world.trip_seconds.get(ride_id) or drive_seconds(self.here(), place)
            if await self._go(ride_id, place, seconds):
                self._view.know(await self._api.complete_trip(ride_id))
                self._logbook.aboard.discard(ride_id)
                if world.happens(world.behavior.rating_share):
                    await self._api.rate_rider(ride_id, {"stars": stars_of(world.chance)})
                    world.tally.after_rides["riders rated"] += 1
                await self._trip_completed()
        elif stop["state"] == "reached":
            await world.clock.sleep(world.between(world.behavior.stop_seconds))
            self._view.know(await self._api.leave_stop(ride_id, stop["id"]))
        elif await self._go(ride_id, place, drive_seconds(self.here(), place)):
            self._view.know(await self._api.reach_stop(ride_id, stop["id"]))

    async def _deliver(self, ride_id: str, ride: DriverRide) -> None:
        """Bring an order to its recipient, who may not be there."""
        world = self._world
        place, _ = next_place(ride)
        seconds = world.trip_seconds.get(ride_id) or drive_seconds(self.here(), place)
        if self.here() != place and not await self._go(ride_id, place, seconds):
            return
        pin = world.recipient_pins.get(ride_id)
        if pin is None:
            # Whoever ordered has not told the recipient yet.
            await asyncio.sleep(_ASK_PIN_WALL_SECONDS)
            return
        # Not before: while the PIN is waited for, this would be drawn again and again.
        if world.happens(world.behavior.failed_delivery_share):
            self._view.know(await self._api.fail_delivery(ride_id, {"failure": "recipient_absent"}))
            return
        self._view.know(await self._api.hand_over_order(ride_id, {"proof_kind": "pin", "pin": pin}))

    async def _board(self, ride_id: str) -> None:
        world = self._world
        await world.clock.sleep(world.between(world.behavior.boarding_seconds))
        pin = world.spoken_pins.get(ride_id)
        if pin is None:
            # The rider has not looked at the phone yet, or does not come.
            await self._miss(ride_id)
            return
        self._view.know(await self._api.start_trip(ride_id, {"pin": pin}))
        self._logbook.aboard.add(ride_id)

    async def _miss(self, ride_id: str) -> None:
        """Wait for a rider who is not there; after the time that the city asks for, drive on."""
        missed_id, ask_at = self._missed
        if missed_id != ride_id:
            self._missed = (ride_id, time.monotonic() + _MISSED_WALL_SECONDS)
        elif time.monotonic() >= ask_at:
            try:
                self._view.know(await self._api.report_no_show(ride_id))
            except ApiError as error:
                if error.code != "too_early":
                    raise
                self._missed = (ride_id, time.monotonic() + (error.retry_after_seconds or _MISSED_WALL_SECONDS))
            return
        await asyncio.sleep(_ASK_PIN_WALL_SECONDS)

    async def _go(self, ride_id: str, place: GeoPoint, seconds: float) -> bool:
        """Drive; False when the ride is gone or goes elsewhere by now, and then the vehicle stops where it is."""
        clock, view = self._world.clock, self._view
        arrives = clock.seconds() + seconds
        self._vehicle.drive(place, clock.seconds(), seconds)
        while clock.seconds() < arrives:
            view.heard.clear()
            await self._on_the_way()
            if view.in_doubt:
                await view.look()
            ride = view.ride
            if ride is None or ride["id"] != ride_id or next_place(ride)[0] != place:
                self._vehicle.drive(self.here(), clock.seconds(), 0)
                return False
            try:
                async with asyncio.timeout(max(0.0, arrives - clock.seconds()) / clock.speed):
                    await view.heard.wait()
            except TimeoutError:
                return True
        return True
