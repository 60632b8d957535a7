"""A simulated city that rides in a stack under strain, and people who ask beside it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from jitney.simulator.api import Api, ApiError, Unreachable, sign_in
from jitney.simulator.behavior import Behavior
from jitney.simulator.demand import place_near_a_busy_one, trips_for_ever
from jitney.simulator.run import Addresses, phone_number, simulate
from jitney.simulator.run import Plan as CityPlan
from jitney.simulator.watcher import Watcher
from jitney.stack.own_stack import OwnStack
from jitney_client.models import DriverApplication
from shared_kernel.ids import from_public_id

SPEED = 30.0
_BY_HTTP = ("REST", "STREAM", "SANDBOX")
_STARTING_PLACES = 200
_OTHERS_SEED = 7_004
"""Of the telephone numbers of those who are not of the city."""


def addresses_of(stack: OwnStack) -> Addresses:
    """Return where a stack's public interfaces are."""
    rest, stream, sandbox = (f"http://{stack.environment[f'JITNEY_{name}_LISTEN']}" for name in _BY_HTTP)
    matching, notification = (stack.environment[f"JITNEY_{name}_LISTEN"] for name in ("MATCHING", "NOTIFICATION"))
    return Addresses(rest, stream, matching, sandbox, notification)


@dataclass
class City:
    """What became of the city."""

    asked: int = 0
    completed: int = 0
    unhealed: int = 0
    troubles: dict[str, int] = field(default_factory=dict[str, int])
    broken: str = ""
    """Why it could not go on; empty where it could."""


@asynccontextmanager
async def riding_city(
    stack: OwnStack, operator_token: Callable[[], str], drivers: int, rides_per_second: float, seconds: float
) -> AsyncGenerator[City]:
    """Have a city ride while the block runs; people ask for rides so many seconds, and at the end all of them end.

    The city's figures are there after the block.
    """
    chance = random.Random(1)  # noqa: S311 (a simulation wants to be repeatable)
    places = [place_near_a_busy_one(chance) for _ in range(_STARTING_PLACES)]
    trips = trips_for_ever(chance, 60 * rides_per_second / SPEED)
    plan = CityPlan(trips, places, drivers, SPEED, SPEED * seconds / 60, 1)
    watcher, city = Watcher(), City()
    riding = asyncio.create_task(simulate(plan, addresses_of(stack), operator_token, watcher, Behavior()))
    begun = asyncio.create_task(watcher.began.wait())
    await asyncio.wait((riding, begun), return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    try:
        yield city
        try:
            report = await riding
            city.asked, city.completed = report.requested, report.completed
        except (ApiError, Unreachable) as error:
            city.broken = f"the city could not go on or tell its end: {error}"
        if watcher.world is not None:
            city.troubles = dict(watcher.world.tally.troubles.most_common(20))
            city.unhealed = watcher.world.api.transport.unhealed_count
    finally:
        riding.cancel()
        await asyncio.gather(riding, return_exceptions=True)


async def sign_in_others(addresses: Addresses, riders: int, drivers: int) -> tuple[Sequence[str], Sequence[str]]:
    """Sign in people beside the city, the drivers of them on shift; returns the account ids of both (UUIDs)."""
    accounts: list[str] = []
    async with (
        httpx.AsyncClient(base_url=addresses.rest_url, timeout=15.0) as rest,
        httpx.AsyncClient(base_url=addresses.sandbox_url, timeout=15.0) as sandbox,
    ):
        chance = random.Random(2)  # noqa: S311 (jitter is no secret)
        api, boxes = Api(rest, chance), Api(sandbox, chance)
        for number in range(riders + drivers):
            role = "rider" if number < riders else "driver"
            person = await sign_in(api, boxes, phone_number(_OTHERS_SEED, number), role)
            if role == "driver":
                application: DriverApplication = {
                    "display_name": f"Driver {number}",
                    "vehicle": {
                        "model": "Kia Niro",
                        "color": "white",
                        "plate": f"STR{number:04d}",
                        "vehicle_class": "economy",
                    },
                }
                await person.client.submit_driver_application(application)
                await person.client.change_availability({"online": True})
                # They tell where they are, and are offered nothing: the city's rides are for its own.
                await person.client.take_break()
            accounts.append(str(from_public_id("acct", person.account_id)))
    return accounts[:riders], accounts[riders:]
