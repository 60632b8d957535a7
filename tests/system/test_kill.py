"""Every process is killed in the middle of rides; every ride reaches an end, and not a cent is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jitney.simulator.rider import ENDS
from tests.system.books import complaints_about, psp_intents, told, unfinished_work
from tests.system.conftest import hurried_city
from tests.system.crowd import Crowd, crowd, is_over
from tests.system.people import Town, town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system

PROCESSES = ("sandbox", "redis", "postgres", "identity", "matching", "payment", "notification", "rest", "stream")
SUPERVISOR, EVERYTHING = "supervisor", "everything at once"
VICTIMS = (*PROCESSES, SUPERVISOR, EVERYTHING)
_QUIET_SECONDS = 150.0
_SLOW_PSP = {"target": "psp", "operation": "payment_intents.*", "kind": "delay", "seconds": 0.7, "count": None}
"""So that a kill comes upon holds, captures and releases that are under way."""


class Life:
    """A busy town, and which rides were under way at which kill."""

    def __init__(self, opened: Town, people: Crowd) -> None:
        self.town = opened
        self.stack = opened.stack
        self.crowd = people
        self.since = datetime.now(UTC)
        self.struck: dict[str, set[str]] = {}

    async def busy(self) -> set[str]:
        """Wait until rides stand in many states, one of them in the middle of a payment; return those under way."""

        async def there() -> set[str] | None:
            rides = [ride for ride in await self.crowd.latest_rides() if not is_over(ride)]
            states = {ride["state"] for ride in rides} - ENDS
            paying = {ride["payment_state"] for ride in rides} & {"hold_pending", "capture_pending", "void_pending"}
            return {ride["id"] for ride in rides} if len(states) >= 3 and paying else None

        return await until(there, "rides in at least three states and a payment under way")

    async def completes_rides(self) -> None:
        """Wait until a ride is asked for and completed from now on."""
        known = {ride["id"] for ride in await self.crowd.latest_rides()}

        async def there() -> bool:
            rides = await self.crowd.latest_rides()
            return any(ride["state"] == "completed" and ride["id"] not in known for ride in rides)

        await until(there, f"a ride from beginning to end; troubles: {self.crowd.troubles}")


@pytest.fixture(scope="module")
async def life(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Life]:
    """A stack of its own, full of people, with a slow payment provider."""
    folder: Path = tmp_path_factory.mktemp("kill")
    # A try at the provider that died with its process is taken up after the lease: no test should wait half a minute.
    stack = Stack(folder, JITNEY_MATCHING_CITY_FILE=str(hurried_city(folder)), JITNEY_PAYMENT_LEASE_SECONDS="8.5")
    await asyncio.to_thread(stack.start)
    try:
        async with town(stack) as opened, crowd(opened, riders=14, drivers=9, seed=1) as people:
            await opened.sandbox.call("POST", "/_sim/faults", json=_SLOW_PSP)
            yield Life(opened, people)
    finally:
        await asyncio.to_thread(stack.discard)


@pytest.fixture(scope="module")
async def quiet(life: Life) -> list[dict[str, Any]]:
    """All rides, after nobody asked for more and whatever was owed has been done."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _QUIET_SECONDS
    await asyncio.wait_for(life.crowd.ask_no_more(), _QUIET_SECONDS)
    while True:
        rides = await life.crowd.rides()
        left = [f"{ride['id']} {ride['state']}/{ride['payment_state']}" for ride in rides if not is_over(ride)]
        left += [f"{count} {what}" for what, count in (await unfinished_work(life.town)).items()]
        if not left:
            return rides
        assert loop.time() < deadline, left
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("name", PROCESSES)
async def test_a_killed_process_comes_back_and_rides_go_on(life: Life, name: str) -> None:
    life.struck[name] = await life.busy()
    killed = life.stack.kill(name)

    async def back() -> bool:
        return life.stack.runs_again(killed)

    await until(back, f"{name} healthy again")
    await life.completes_rides()


async def test_a_killed_supervisor_leaves_nothing_in_the_way_of_the_next(life: Life) -> None:
    life.struck[SUPERVISOR] = await life.busy()
    life.stack.kill_supervisor()
    await asyncio.to_thread(life.stack.start)
    await life.completes_rides()


async def test_a_stack_killed_at_once_takes_its_rides_up_again(life: Life) -> None:
    life.struck[EVERYTHING] = await life.busy()
    life.stack.kill_everything()
    await asyncio.to_thread(life.stack.start)
    await life.completes_rides()


@pytest.mark.parametrize("name", VICTIMS)
async def test_rides_under_way_at_a_kill_end_with_their_money_in_order(
    life: Life, quiet: list[dict[str, Any]], name: str
) -> None:
    struck = [ride for ride in quiet if ride["id"] in life.struck[name]]
    assert len(struck) == len(life.struck[name]) > 0
    assert await complaints_about(life.town, life.crowd.people, struck, await psp_intents(life.town)) == []


async def test_all_rides_of_the_day_agree_with_the_provider(life: Life, quiet: list[dict[str, Any]]) -> None:
    intents = await psp_intents(life.town)
    assert await complaints_about(life.town, life.crowd.people, quiet, intents) == []
    captured = sum(intent["captured_minor"] for items in intents.values() for intent in items)
    balance = await life.town.operator("GET", "/v1/operator/ledger/trial-balance")
    [received] = [item["balance"] for item in balance["accounts"] if item["account_kind"] == "psp_receivable"]
    assert received == {"currency_code": "USD", "amount_minor": captured}
    assert [item["sum_minor"] for item in balance["currencies"]] == [0]
    assert len(intents) <= len(quiet)


async def test_no_driver_was_ever_bound_twice(life: Life, quiet: list[dict[str, Any]]) -> None:
    summary = await life.town.operator("GET", "/v1/operator/rides/summary", since=life.since.isoformat())
    assert summary["double_assignment_count"] == 0


async def test_each_captured_ride_is_told_of_once(life: Life, quiet: list[dict[str, Any]]) -> None:
    captured = {ride["id"]: 1 for ride in quiet if ride["payment_state"] == "captured"}
    completed = {ride["id"]: 1 for ride in quiet if ride["state"] == "completed"}

    # Those of rides and those of payments come by streams of their own, in any order.
    async def complete() -> bool:
        receipts = await told(life.crowd.people, "receipt_ready")
        ends = await told(life.crowd.people, "ride_completed")
        return receipts.keys() >= captured.keys() and ends.keys() >= completed.keys()

    await until(complete, "the end and a receipt in the inbox for each ride that has them")
    assert await told(life.crowd.people, "receipt_ready") == captured
    assert await told(life.crowd.people, "ride_completed") == completed
