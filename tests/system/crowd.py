"""Simulated riders and drivers who keep a stack busy while a test does it harm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from jitney.simulator.api import Api, ApiError, SignedIn, Unreachable, sign_in
from jitney.simulator.behavior import Behavior
from jitney.simulator.clock import SimulationClock
from jitney.simulator.demand import place_near_a_busy_one, trips_for_ever
from jitney.simulator.driver import Driver
from jitney.simulator.rider import ENDS, Rider
from jitney.simulator.world import World
from tests.system.people import Town

SPEED = 120.0
SETTLED = frozenset({"captured", "voided", "hold_declined"})
_PAUSE_SECONDS = (5.0, 60.0)
# People change their minds more often than in life, so that holds are released and fees captured, too.
# Nobody tips: the audits find each ride's own charge at the provider, and a tip is a charge beside it.
_FICKLE = Behavior(
    decline_share=0.05,
    ignore_share=0.02,
    driver_cancel_share=0.05,
    rider_cancel_share=0.15,
    tip_share=0.0,
    patience_seconds=900.0,
)


class Crowd:
    """Riders who ask for one ride after the other, and drivers who bring them home."""

    def __init__(self, town: Town, world: World) -> None:
        self.people: dict[str, SignedIn] = {}
        """The riders, by account."""
        self._town = town
        self._world = world
        self._riders: list[Rider] = []
        self._trips = trips_for_ever(world.chance, 1.0)
        self._closing = asyncio.Event()
        self._riding: list[asyncio.Task[None]] = []
        self._driving: list[asyncio.Task[None]] = []

    @property
    def troubles(self) -> dict[str, int]:
        """What people were refused, and how often."""
        return dict(self._world.tally.troubles)

    @property
    def refused(self) -> dict[str, int]:
        """Why riders were refused a ride, and how often."""
        return {code: count for code, count in self._world.tally.ends.items() if code not in ENDS}

    async def move_in(self, riders: int, drivers: int) -> None:
        """Sign people up, the first rider with a card that is declined, every fourth with cash, and let them begin."""
        cards = [None if number % 4 == 3 else "pm_card_visa" for number in range(riders)]
        cards[0] = "pm_card_chargeCustomerFail"
        await asyncio.gather(*(self._add_rider(number, card) for number, card in enumerate(cards)))
        places = [place_near_a_busy_one(self._world.chance) for _ in range(drivers)]
        joining = (
            Driver.join(self._world, number, f"+1628555{number:04d}", place) for number, place in enumerate(places)
        )
        self._driving = [asyncio.create_task(self._keep_driving(driver)) for driver in await asyncio.gather(*joining)]
        self._riding = [asyncio.create_task(self._keep_riding(rider)) for rider in self._riders]

    async def ask_no_more(self) -> None:
        """Let nobody ask for another ride; returns when the riders have seen theirs end."""
        self._closing.set()
        await asyncio.gather(*self._riding)

    async def leave(self) -> None:
        """Stop at once."""
        for task in (*self._riding, *self._driving):
            task.cancel()
        await asyncio.gather(*self._riding, *self._driving, return_exceptions=True)

    async def rides(self) -> list[dict[str, Any]]:
        """Return all rides there ever were, as operators see them."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self._town.operator("GET", "/v1/operator/rides", limit="100", **cursor)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    async def latest_rides(self) -> list[dict[str, Any]]:
        """Return the newest rides, among them all that are under way."""
        return (await self._town.operator("GET", "/v1/operator/rides", limit="50"))["items"]

    async def _add_rider(self, number: int, card: str | None) -> None:
        person = await sign_in(self._world.api, self._world.sandbox, f"+1510555{number:04d}", "rider")
        method_id = None
        if card is not None:
            method_id = str((await person.do("POST", "/v1/payment-methods", {"psp_token": card}))["id"])
        self.people[person.account_id] = person
        self._riders.append(Rider(self._world, person, method_id))

    async def _keep_riding(self, rider: Rider) -> None:
        while not self._closing.is_set():
            try:
                await rider.ride(next(self._trips))
            except (ApiError, Unreachable) as error:
                self._world.tally.troubles[f"rider: {error}"] += 1
            await self._world.clock.sleep(self._world.between(_PAUSE_SECONDS))

    async def _keep_driving(self, driver: Driver) -> None:
        while True:
            try:
                await driver.run()
            except (ApiError, Unreachable) as error:
                self._world.tally.troubles[f"driver: {error}"] += 1


def is_over(ride: dict[str, Any]) -> bool:
    """Tell whether a ride is at an end and its payment settled."""
    return ride["state"] in ENDS and ride["payment_state"] in SETTLED


@asynccontextmanager
async def crowd(town: Town, *, riders: int, drivers: int, seed: int) -> AsyncGenerator[Crowd]:
    """Fill a town with people; at the end they stop at once."""
    chance = random.Random(seed)
    world = World(
        # People who keep a stack busy are as patient as in life: what they ask in vain is counted.
        api=Api(town.api.transport.http, random.Random(seed)),
        sandbox=town.sandbox,
        streams=town.streams,
        matching=town.matching,
        clock=SimulationClock(SPEED),
        chance=chance,
        behavior=_FICKLE,
        tell=lambda _: None,
    )
    people = Crowd(town, world)
    try:
        await people.move_in(riders, drivers)
        yield people
    finally:
        await people.leave()
