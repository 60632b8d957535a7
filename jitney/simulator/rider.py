"""A simulated rider: asks for a price, for a ride, waits, tells the PIN, rides."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from jitney.simulator.api import ApiError, SignedIn, Unreachable, found, sign_in
from jitney.simulator.kinds import SERVED_BY, Wish, draw_wish, order_of, stars_of
from jitney.simulator.live import LiveStream
from jitney.simulator.motion import drive_seconds
from jitney.simulator.ride_view import RideView
from jitney.simulator.trips import Trip
from jitney.simulator.world import World
from jitney_client.models import MoneyRequest, PlaceRequest, QuoteRequest, RideRequest, RiderRide
from shared_kernel.geo import GeoPoint

ENDS = frozenset(
    {
        "payment_failed",
        "completed",
        "no_driver_available",
        "canceled_by_rider",
        "canceled_by_platform",
        "no_show",
        "returned",
    }
)
_PREPARED_STATES = frozenset({"scheduled", "requested", "matching", "offered"})
_POLL_WALL_SECONDS = 15.0
"""A stream that is silent this long is doubted, and the ride is read."""
_PAID_TRIES = 10
_PAID_WALL_SECONDS = 0.5


class Rider:
    """One person with an account, a card or cash, and at most one ride at a time."""

    def __init__(self, world: World, person: SignedIn, payment_method_id: str | None) -> None:
        """Take part in a world; without a payment method the rider pays in cash."""
        self._world = world
        self._person = person
        self._api = person.client
        self._payment_method_id = payment_method_id

    @classmethod
    async def join(cls, world: World, phone_number: str) -> Rider:
        """Sign up; some pay in cash, the others with a card that is declined for some."""
        person = await sign_in(world.api, world.sandbox, phone_number, "rider")
        payment_method_id: str | None = None
        if not world.happens(world.behavior.cash_share):
            declined = world.happens(world.behavior.declined_card_share)
            token = "pm_card_chargeCustomerFail" if declined else "pm_card_visa"
            payment_method_id = (await person.client.add_payment_method({"psp_token": token}))["id"]
        rider = cls(world, person, payment_method_id)
        await rider._leave_nothing_open()
        return rider

    async def _leave_nothing_open(self) -> None:
        """Cancel a ride that an earlier run left; one that cannot be canceled any more its driver brings home."""
        ride = await found(self._api.read_current_ride())
        if ride is not None:
            await self._cancel(str(ride["id"]))

    async def ride(self, trip: Trip) -> bool:
        """Take one ride from asking to its end, and note how it went; False for a rider who cannot take another."""
        world = self._world
        requested_at = world.clock.seconds()
        wish = draw_wish(world, trip)
        now = not wish.ahead_seconds
        near = now and world.has_a_free_driver_near(trip.pickup, SERVED_BY[wish.product])
        if now:
            world.waiting[self] = trip.pickup
        world.tally.requested_by_kind.update(wish.names)
        try:
            ride = await self._request(trip, wish)
        except ApiError as error:
            world.waiting.pop(self, None)
            world.tally.requested += 1
            world.tally.ends["payment_failed" if error.code == "payment_declined" else error.code] += 1
            return False
        except Unreachable:
            # Nobody said whether the ride was made.
            ride = await found(self._api.read_current_ride())
            if ride is None:
                raise
        ride_id = str(ride["id"])
        world.tally.requested += 1
        if near:
            world.tally.with_a_driver_near.append(ride_id)
        if not wish.stops and wish.product != "pool":
            world.trip_seconds[ride_id] = trip.trip_seconds
        try:
            end, changed_mind = await self._follow(ride, requested_at, wish)
        finally:
            world.waiting.pop(self, None)
            world.trip_seconds.pop(ride_id, None)
            world.spoken_pins.pop(ride_id, None)
            world.recipient_pins.pop(ride_id, None)
        world.tally.ends[end["state"]] += 1
        if changed_mind:
            world.tally.changed_minds.add(ride_id)
        # An order that had to go back was carried as promised, and a driver came to whoever did not.
        world.tally.completed_with_a_driver_near += near and end["state"] in ("completed", "returned", "no_show")
        if end["state"] == "completed":
            world.tally.completed += 1
            world.tally.completed_by_kind.update(wish.names)
            world.tally.completed_by_funding[end["funding"]] += 1
            total = end["fare"]["total"]
            world.tally.fares_minor[total["currency_code"]] += total["amount_minor"]
            await self._say_thanks(ride_id, end)
        self._note_kind(end, trip)
        world.tell(f"{ride_id} {end['state']}")
        return True

    def _note_kind(self, end: RiderRide, trip: Trip) -> None:
        """Note what only rides of a kind have: who shared, and how orders ended."""
        tally = self._world.tally
        if end["delivery"] is not None and end["state"] in ("completed", "returned"):
            proof = "returned" if end["state"] == "returned" else end["delivery"]["proof_kind"]
            tally.hand_overs[proof or "none"] += 1
        if end["sharing"] is not None and end["state"] == "completed":
            run_id, ended_at, started_at = end["sharing"]["run_id"], end["ended_at"], end["started_at"]
            if run_id is None or ended_at is None or started_at is None:
                raise RuntimeError(f"{end['id']} is completed, yet was part of no run, or did not begin or end")
            tally.rides_by_run[run_id] += 1
            ridden = datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)
            alone_seconds = drive_seconds(trip.pickup, trip.dropoff)
            tally.detours_seconds.append(ridden.total_seconds() * self._world.clock.speed - alone_seconds)

    async def _request(self, trip: Trip, wish: Wish) -> RiderRide:
        asked: QuoteRequest = {
            "pickup": _place(trip.pickup),
            "dropoff": _place(trip.dropoff),
            "product": wish.product,
            "stops": [_place(stop) for stop in wish.stops],
            "passengers": wish.passengers,
        }
        if wish.ahead_seconds:
            asked["pickup_at"] = (datetime.now(UTC) + timedelta(seconds=wish.ahead_seconds)).isoformat()
        quote = (await self._api.create_quotes(asked))["quotes"][0]
        # Simulated riders say yes to any surge.
        body: RideRequest = {"quote_id": quote["id"], "surge_consent_token": quote["surge_consent_token"]}
        if self._payment_method_id is None:
            body["funding"] = "cash"
        else:
            body["payment_method_id"] = self._payment_method_id
        if wish.product == "delivery":
            body["delivery"] = order_of(self._world.tally.requested)
        if quote["max_detour_seconds"] is not None:
            body["accepted_detour_seconds"] = quote["max_detour_seconds"]
        return await self._api.request_ride(body)

    async def _follow(self, asked: RiderRide, requested_at: float, wish: Wish) -> tuple[RiderRide, bool]:
        """Watch the ride until its end; cancel when patience is over or the mind has changed; say if it was that."""
        world, ride_id = self._world, str(asked["id"])
        view = RideView(asked)
        watcher = asyncio.create_task(self._watch(view))
        gives_up_at = requested_at + wish.ahead_seconds * world.clock.speed + world.behavior.patience_seconds
        edits_to = wish.edits_to
        changes_mind = world.happens(world.behavior.rider_cancel_share)
        comes = not world.happens(world.behavior.no_show_share)
        waited = on_a_whim = False
        try:
            while True:
                if view.in_doubt or view.state in ENDS:
                    try:
                        ride = await self._api.read_ride(ride_id)
                    except Unreachable:
                        continue  # the ride goes on, whether or not the app can see it
                    if ride["state"] in ENDS:
                        return ride, on_a_whim and ride["state"] == "canceled_by_rider"
                    view.know(ride)
                if view.state not in _PREPARED_STATES:
                    world.waiting.pop(self, None)
                if comes:
                    self._tell_pins(ride_id, view)
                if view.state == "in_progress" and edits_to is not None:
                    await self._edit(ride_id, edits_to)
                    edits_to = None
                if view.has_arrived and not waited and not wish.ahead_seconds:
                    waited = True
                    world.tally.waits_seconds.append(world.clock.seconds() - requested_at)
                impatient = view.state in _PREPARED_STATES and world.clock.seconds() >= gives_up_at
                if impatient or (changes_mind and view.state == "driver_en_route"):
                    on_a_whim = not impatient
                    await self._cancel(ride_id)
                    view.in_doubt = True
                    continue
                left = (gives_up_at - world.clock.seconds()) / world.clock.speed
                doubt = _POLL_WALL_SECONDS if view.state not in _PREPARED_STATES else min(_POLL_WALL_SECONDS, left)
                if not await view.changed_within(max(0.05, doubt)):
                    view.in_doubt = True
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    def _tell_pins(self, ride_id: str, view: RideView) -> None:
        """Tell the driver the PIN that starts the trip, and the recipient the one of the hand-over."""
        if view.start_pin:
            self._world.spoken_pins[ride_id] = view.start_pin
        if view.hand_over_pin:
            self._world.recipient_pins[ride_id] = view.hand_over_pin

    async def _say_thanks(self, ride_id: str, end: RiderRide) -> None:
        """Some tip their driver, and some say with stars how it was."""
        world = self._world
        total = end["fare"]["total"]
        try:
            if world.happens(world.behavior.rating_share):
                await self._api.rate_driver(ride_id, {"stars": stars_of(world.chance)})
                world.tally.after_rides["drivers rated"] += 1
            if end["funding"] != "cash" and world.happens(world.behavior.tip_share) and await self._is_paid(ride_id):
                tip: MoneyRequest = {
                    "currency_code": total["currency_code"],
                    "amount_minor": world.chance.randint(1, 5) * 100,
                }
                await self._api.add_tip(ride_id, {"amount": tip})
                world.tally.after_rides["tips"] += 1
        except ApiError as error:
            # The fare is not collected yet, or never will be.
            world.tally.troubles[f"thanks: {error.code}"] += 1
        except Unreachable:
            world.tally.troubles["thanks: no answer"] += 1

    async def _is_paid(self, ride_id: str) -> bool:
        """Wait a little for the fare to be collected: there is no tip before."""
        for _ in range(_PAID_TRIES):
            if (await self._api.read_ride(ride_id))["payment_state"] == "captured":
                return True
            await asyncio.sleep(_PAID_WALL_SECONDS)
        return False

    async def _edit(self, ride_id: str, dropoff: GeoPoint) -> None:
        """Have the ride go elsewhere, at the price that is told."""
        tally = self._world.tally
        try:
            edit = await self._api.quote_edit(ride_id, {"dropoff": _place(dropoff)})
            edit = await self._api.accept_edit(ride_id, edit["id"])
        except ApiError as error:
            # The driver reached a stop, or the end, at that moment.
            tally.edits[error.code] += 1
        except Unreachable:
            tally.troubles["edit: no answer"] += 1
        else:
            tally.edits[edit["state"]] += 1
            # The streets to the new place are others than those that the trip's time was measured on.
            self._world.trip_seconds.pop(ride_id, None)

    async def _watch(self, view: RideView) -> None:
        async for event in LiveStream(self._world.streams, self._person).events():
            view.hear(event.type, event.data)

    async def _cancel(self, ride_id: str) -> None:
        try:
            preview = await self._api.preview_cancellation(ride_id)
            await self._api.cancel_ride(ride_id, {"fee_consent_token": preview["fee_consent_token"]})
        except ApiError as error:
            # The ride went on while the rider was making up their mind: the next look tells.
            self._world.tally.troubles[f"cancel: {error.code}"] += 1
        except Unreachable:
            self._world.tally.troubles["cancel: no answer"] += 1


def _place(point: GeoPoint) -> PlaceRequest:
    return {"latitude": point.latitude, "longitude": point.longitude}
