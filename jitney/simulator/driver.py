"""A simulated driver: joins, goes on shift and off it, tells where they are, answers offers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from jitney.simulator.api import ApiError, SignedIn, sign_in
from jitney.simulator.driver_view import DriverView
from jitney.simulator.driving import Driving
from jitney.simulator.kinds import vehicle_class_of
from jitney.simulator.live import AcknowledgedStream, LiveStream
from jitney.simulator.locations import LocationReporter
from jitney.simulator.logbook import Logbook
from jitney.simulator.motion import Vehicle
from jitney.simulator.world import World
from jitney_client.models import Availability, DriverApplication, VehicleRequest
from shared_kernel.geo import GeoPoint

_NAMES = (
    "Ana",
    "Ben",
    "Chi",
    "Dina",
    "Eli",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jun",
    "Kai",
    "Lena",
    "Mo",
    "Noor",
    "Oli",
    "Pia",
)
_MODELS = ("Toyota Prius", "Honda Fit", "Kia Niro", "Chevrolet Bolt")
_COLORS = ("white", "black", "silver", "blue")
_DOUBT_WALL_SECONDS = 30.0
"""Without a word for this long a driver looks, though a stream that broke would have said so."""


class Driver:
    """One person with a vehicle, who works shift after shift for as long as the simulation goes."""

    def __init__(self, world: World, person: SignedIn, vehicle: Vehicle, *, by_grpc: bool = False) -> None:
        self._world = world
        self._person = person
        self._api = person.client
        self._vehicle = vehicle
        self._live: LiveStream | AcknowledgedStream = LiveStream(world.streams, person)
        if by_grpc and world.notification is not None:
            self._live = AcknowledgedStream(world.notification, person, self._acknowledged)
        self._view = DriverView(person.client)
        self._going_off_shift = False
        self.logbook = Logbook(world.clock.seconds)
        self._driving = Driving(
            world,
            self._api,
            self._view,
            self.logbook,
            vehicle,
            on_the_way=self._answer_on_the_way,
            trip_completed=self._rest_or_not,
        )
        self.reporter = LocationReporter(
            world.matching, person, lambda: world.measured(self._driving.here()), self._seconds_in_a_tunnel
        )

    @classmethod
    async def join(cls, world: World, number: int, phone_number: str, place: GeoPoint) -> Driver:
        """Sign up, apply with a vehicle and be approved."""
        person = await sign_in(world.api, world.sandbox, phone_number, "driver")
        vehicle: VehicleRequest = {
            "model": _MODELS[number % len(_MODELS)],
            "color": _COLORS[number // len(_MODELS) % len(_COLORS)],
            "plate": f"SIM{number:04d}",
            "vehicle_class": vehicle_class_of(number, world.behavior),
        }
        name = f"{_NAMES[number % len(_NAMES)]} {number + 1}"
        application: DriverApplication = {"display_name": name, "vehicle": vehicle}
        try:
            standing = await person.client.submit_driver_application(application)
        except ApiError as error:
            if error.code != "application_exists":
                raise
            # Of an earlier run that drew other vehicles: the driver comes with that one.
            standing = await person.client.read_driver()
        if standing["status"] != "approved":
            raise RuntimeError(
                f"a simulated driver is {standing['status']}: "
                "the simulator needs JITNEY_IDENTITY_DRIVER_APPROVAL=automatic"
            )
        # By the number, so that the people of a seed are the same whatever they follow their streams by.
        by_grpc = number % 10 < round(10 * world.behavior.grpc_share)
        return cls(world, person, Vehicle(place, standing["vehicle"]["vehicle_class"]), by_grpc=by_grpc)

    async def run(self) -> None:
        """Drive until canceled, with some time off between shifts."""
        world = self._world
        while True:
            await self._work()
            world.tally.rests += 1
            await world.clock.sleep(world.between(world.behavior.rest_seconds))

    async def _work(self) -> None:
        """Be on shift until the driver goes off it after a ride."""
        self._going_off_shift = False
        going_online: Availability = {"online": True}
        if self._world.behavior.delivery_share > 0:
            going_online["capabilities"] = ["delivery", "thermal_bag"]
        await self._api.change_availability(going_online)
        self._view.in_doubt = True
        helpers = [asyncio.create_task(self.reporter.run()), asyncio.create_task(self._listen())]
        try:
            with self.logbook.shift():
                while not self._is_off_shift:
                    await self._wait_and_drive()
        finally:
            self._world.free_vehicles.pop(self._person.account_id, None)
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    @property
    def _is_off_shift(self) -> bool:
        return self._going_off_shift and self._view.ride is None and not self._view.in_doubt

    async def earned_minor(self, currency_code: str, since: datetime) -> int:
        """Return what the driver's rides since a moment have brought, tips with them and commission taken off."""
        statement = await self._api.read_earnings_statement(
            currency_code=currency_code, start_at=since.isoformat(), end_at=datetime.now(UTC).isoformat(), limit=1
        )
        sums = statement["sums"]
        parts = (sums["gross_fares"], sums["waiting"], sums["cancel_fees"], sums["tips"], sums["commission"])
        return sum(part["amount_minor"] for part in parts)

    async def leave(self) -> None:
        """Go offline: at once, or after the ride under way."""
        await self._api.change_availability({"online": False})

    async def _listen(self) -> None:
        async for event in self._live.events():
            if event.type == "offer_created":
                self.logbook.offered(self.reporter.silent_seconds)
            self._view.hear(event.type, event.data)

    def _acknowledged(self) -> None:
        self._world.tally.acknowledged += 1

    async def _wait_and_drive(self) -> None:
        """Go on with the ride or offer there is; wait to hear something when there is none."""
        view = self._view
        view.heard.clear()
        if view.in_doubt:
            await view.look()
        if self._is_off_shift:
            return
        if view.ride is None:
            self.logbook.aboard.clear()
        else:
            self._world.free_vehicles.pop(self._person.account_id, None)
            await self._driving.go_on(view.ride)
            return
        offer = view.next_offer()
        if offer is not None:
            self._world.free_vehicles.pop(self._person.account_id, None)
            await self._answer(offer["id"], offer["pickup_eta_seconds"])
            return
        self._world.free_vehicles[self._person.account_id] = self._vehicle
        try:
            async with asyncio.timeout(_DOUBT_WALL_SECONDS):
                await view.heard.wait()
        except TimeoutError:
            view.in_doubt = True

    async def _answer(self, offer_id: str, pickup_eta_seconds: float) -> None:
        world = self._world
        await world.clock.sleep(world.between(world.behavior.answer_seconds))
        if world.happens(world.behavior.ignore_share):
            return
        try:
            if world.happens(world.behavior.declines(pickup_eta_seconds)):
                await self._api.decline_offer(offer_id)
            else:
                self._view.know(await self._api.accept_offer(offer_id))
        except ApiError as error:
            # Too late, withdrawn, or gone to somebody else: part of the trade.
            world.tally.troubles[f"answer: {error.code}"] += 1
            self._view.in_doubt = True

    async def _answer_on_the_way(self) -> None:
        """Whoever has parties may be asked to take another along; the vehicle drives on meanwhile."""
        offer = self._view.next_offer() if self._view.shares else None
        if offer is not None:
            await self._answer(offer["id"], offer["pickup_eta_seconds"])

    async def _rest_or_not(self) -> None:
        """After a trip some drivers go off shift for a while."""
        if self._world.happens(self._world.behavior.rest_share):
            await self.leave()
            # Parties that are still in the vehicle are brought home first.
            self._going_off_shift = self._view.in_doubt = True

    def _seconds_in_a_tunnel(self) -> float:
        world = self._world
        if not world.happens(world.behavior.tunnel_share):
            return 0.0
        world.tally.tunnels += 1
        return world.between(world.behavior.tunnel_wall_seconds)
