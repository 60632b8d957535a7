"""A simulated rider: asks for a price, for a ride, waits, tells the PIN, rides."""

from __future__ import annotations

import asyncio
from typing import Any

from jitney.simulator.api import ApiError, SignedIn, Unreachable, sign_in
from jitney.simulator.live import LiveStream
from jitney.simulator.trips import Trip
from jitney.simulator.world import World

ENDS = frozenset(
    {"payment_failed", "completed", "no_driver_available", "canceled_by_rider", "canceled_by_platform", "no_show"}
)
_PREPARED_STATES = frozenset({"requested", "matching", "offered"})
_POLL_WALL_SECONDS = 5.0
"""A stream that is silent this long is doubted, and the ride is read."""


class Rider:
    """One person with an account, a card or cash, and at most one ride at a time."""

    def __init__(self, world: World, person: SignedIn, payment_method_id: str | None) -> None:
        """Take part in a world; without a payment method the rider pays in cash."""
        self._world = world
        self._person = person
        self._payment_method_id = payment_method_id

    @classmethod
    async def join(cls, world: World, phone_number: str) -> Rider:
        """Sign up; some pay in cash, the others with a card that is declined for some."""
        person = await sign_in(world.api, world.sandbox, phone_number, "rider")
        payment_method_id: str | None = None
        if not world.happens(world.behavior.cash_share):
            declined = world.happens(world.behavior.declined_card_share)
            token = "pm_card_chargeCustomerFail" if declined else "pm_card_visa"
            payment_method_id = str((await person.do("POST", "/v1/payment-methods", {"psp_token": token}))["id"])
        rider = cls(world, person, payment_method_id)
        await rider._leave_nothing_open()
        return rider

    async def _leave_nothing_open(self) -> None:
        """Cancel a ride that an earlier run left; one that cannot be canceled any more its driver brings home."""
        ride = await self._current()
        if ride is not None:
            await self._cancel(str(ride["id"]))

    async def ride(self, trip: Trip) -> bool:
        """Take one ride from asking to its end, and note how it went; False for a rider who cannot take another."""
        world = self._world
        requested_at = world.clock.seconds()
        near = world.has_a_free_driver_near(trip.pickup)
        world.waiting[self] = trip.pickup
        try:
            ride = await self._request(trip)
        except ApiError as error:
            world.waiting.pop(self)
            world.tally.requested += 1
            world.tally.ends["payment_failed" if error.code == "payment_declined" else error.code] += 1
            return False
        except Unreachable:
            # Nobody said whether the ride was made.
            ride = await self._current()
            if ride is None:
                raise
        ride_id = str(ride["id"])
        world.tally.requested += 1
        if near:
            world.tally.with_a_driver_near.append(ride_id)
        world.trip_seconds[ride_id] = trip.trip_seconds
        try:
            end = await self._follow(ride_id, requested_at)
        finally:
            world.waiting.pop(self, None)
            world.trip_seconds.pop(ride_id, None)
            world.spoken_pins.pop(ride_id, None)
        world.tally.ends[end["state"]] += 1
        if end["state"] == "completed":
            world.tally.completed += 1
            world.tally.completed_by_funding[end["funding"]] += 1
            world.tally.completed_with_a_driver_near += near
            total = end["fare"]["total"]
            world.tally.fares_minor[total["currency_code"]] += total["amount_minor"]
        world.tell(f"{ride_id} {end['state']}")
        return True

    async def _current(self) -> dict[str, Any] | None:
        try:
            return await self._person.get("/v1/rides/current")
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def _request(self, trip: Trip) -> dict[str, Any]:
        places = {
            "pickup": {"latitude": trip.pickup.latitude, "longitude": trip.pickup.longitude},
            "dropoff": {"latitude": trip.dropoff.latitude, "longitude": trip.dropoff.longitude},
        }
        answer = await self._person.do("POST", "/v1/quotes", {**places, "product": "economy"})
        quote = answer["quotes"][0]
        by_cash = self._payment_method_id is None
        paid_by = {"funding": "cash"} if by_cash else {"payment_method_id": self._payment_method_id}
        # Simulated riders say yes to any surge.
        body = {"quote_id": quote["id"], "surge_consent_token": quote["surge_consent_token"], **paid_by}
        return await self._person.do("POST", "/v1/rides", body)

    async def _follow(self, ride_id: str, requested_at: float) -> dict[str, Any]:
        """Watch the ride until its end; cancel when patience is over or the mind has changed."""
        world = self._world
        changed = asyncio.Event()
        watcher = asyncio.create_task(self._watch(changed))
        gives_up_at = requested_at + world.behavior.patience_seconds
        changes_mind = world.happens(world.behavior.rider_cancel_share)
        waited = False
        try:
            while True:
                try:
                    ride = await self._person.get(f"/v1/rides/{ride_id}")
                except Unreachable:
                    continue  # the ride goes on, whether or not the app can see it
                if ride["state"] in ENDS:
                    return ride
                if ride["state"] not in _PREPARED_STATES:
                    world.waiting.pop(self, None)
                if ride.get("start_pin"):
                    world.spoken_pins[ride_id] = ride["start_pin"]
                if ride["arrived_at"] and not waited:
                    waited = True
                    world.tally.waits_seconds.append(world.clock.seconds() - requested_at)
                impatient = ride["state"] in _PREPARED_STATES and world.clock.seconds() >= gives_up_at
                if impatient or (changes_mind and ride["state"] == "driver_en_route"):
                    await self._cancel(ride_id)
                    continue
                left = (gives_up_at - world.clock.seconds()) / world.clock.speed
                doubt = _POLL_WALL_SECONDS if ride["state"] not in _PREPARED_STATES else min(_POLL_WALL_SECONDS, left)
                try:
                    async with asyncio.timeout(max(0.05, doubt)):
                        await changed.wait()
                except TimeoutError:
                    continue
                finally:
                    changed.clear()
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _watch(self, changed: asyncio.Event) -> None:
        async for event in LiveStream(self._world.streams, self._person).events():
            if event.type in ("ride_updated", "resync"):
                changed.set()

    async def _cancel(self, ride_id: str) -> None:
        try:
            preview = await self._person.do("POST", f"/v1/rides/{ride_id}/cancellation-preview")
            await self._person.do(
                "POST", f"/v1/rides/{ride_id}/cancel", {"fee_consent_token": preview.get("fee_consent_token")}
            )
        except ApiError as error:
            # The ride went on while the rider was making up their mind: the next look tells.
            self._world.tally.troubles[f"cancel: {error.code}"] += 1
        except Unreachable:
            self._world.tally.troubles["cancel: no answer"] += 1
