"""PostgreSQL restarted, the PSP down, a flood of its events: nothing is lost, and all is back to normal by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from jitney.simulator.rider import ENDS
from tests.system.books import complaints_about, unfinished_work
from tests.system.conftest import hurried_city
from tests.system.crowd import Crowd, crowd, is_over
from tests.system.flood import flood
from tests.system.money import CHARGED_MINOR, HELD_MINOR, REFUNDED_MINOR, TOP_UP_MINOR, Mover, mover
from tests.system.people import Town, town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system

_SECRET = "whsec_of_the_flood"
_EVENTS = 600
_LEAST_DOWN_SECONDS, _MOST_DOWN_SECONDS = 6.0, 600.0
_QUIET_SECONDS = 150.0
_NOT_APPLIED = "SELECT count(*) AS count FROM psp_event WHERE state NOT IN ('applied', 'ignored')"


@dataclass(frozen=True)
class Life:
    """A town with rides under way, and money that moves beside them."""

    town: Town
    stack: Stack
    crowd: Crowd
    mover: Mover

    @property
    def unanswered(self) -> dict[str, int]:
        """What people asked in vain, and how often."""
        ways = tuple(f"{who}: {method} /" for who in ("rider", "driver") for method in ("GET", "POST", "PUT"))
        return {trouble: count for trouble, count in self.crowd.troubles.items() if trouble.startswith(ways)}

    async def goes_on(self) -> None:
        """Wait until a ride is asked for and completed, and money has moved, from now on."""
        known = {ride["id"] for ride in await self.crowd.latest_rides()}
        moves = self.mover.moves

        async def there() -> bool:
            rides = await self.crowd.latest_rides()
            completed = any(ride["state"] == "completed" and ride["id"] not in known for ride in rides)
            return completed and self.mover.moves > moves + 2

        await until(there, f"rides and money that go on; {self.crowd.troubles} {self.mover.troubles}")

    async def is_busy(self) -> None:
        """Wait until several rides and an operation at the PSP are under way."""

        async def there() -> bool:
            live = [ride for ride in await self.crowd.latest_rides() if ride["state"] not in ENDS]
            [row] = await self.stack.rows("payment", "SELECT count(*) FROM psp_operation WHERE finished_at IS NULL")
            return len(live) >= 2 and row["count"] > 0

        await until(there, "rides and operations under way")


@pytest.fixture(scope="module")
async def life(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Life]:
    """A stack of its own with short times."""
    folder = tmp_path_factory.mktemp("money_faults")
    stack = Stack(
        folder,
        JITNEY_MATCHING_CITY_FILE=str(hurried_city(folder)),
        JITNEY_PAYMENT_LEASE_SECONDS="8.5",
        JITNEY_PAYMENT_SWEEP_SECONDS="0.2",
        JITNEY_PAYMENT_PSP_LOOK_SECONDS="2",
        JITNEY_PAYMENT_RECONCILIATION_HOUR="23",
        JITNEY_PAYMENT_PSP_WEBHOOK_SECRET=_SECRET,
    )
    await asyncio.to_thread(stack.start)
    try:
        async with (
            town(stack) as opened,
            crowd(opened, riders=6, drivers=5, seed=2) as people,
            mover(stack, riders=4) as moving,
        ):
            yield Life(opened, stack, people, moving)
    finally:
        await asyncio.to_thread(stack.discard)


@pytest.fixture(scope="module")
async def quiet(life: Life) -> list[dict[str, Any]]:
    """All rides, after nobody began anything more and whatever was owed has been done."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _QUIET_SECONDS
    await asyncio.wait_for(asyncio.gather(life.crowd.ask_no_more(), life.mover.end()), _QUIET_SECONDS)
    while True:
        rides = await life.crowd.rides()
        left = [f"{ride['id']} {ride['state']}/{ride['payment_state']}" for ride in rides if not is_over(ride)]
        left += [f"{count} {what}" for what, count in (await unfinished_work(life.town)).items()]
        [row] = await life.stack.rows("payment", _NOT_APPLIED)
        left += [f"{row['count']} events of the PSP not applied"] if row["count"] else []
        if not left:
            return rides
        assert loop.time() < deadline, left
        await asyncio.sleep(0.3)


async def test_postgres_restarted_under_load_is_met_by_asking_again(life: Life) -> None:
    await life.is_busy()
    postgres = life.stack.process("postgres")
    # Fast shutdown: sessions are ended in the middle of what they do.
    os.kill(postgres.pid, signal.SIGINT)

    async def back() -> bool:
        return life.stack.runs_again(postgres)

    await until(back, "PostgreSQL healthy again")
    await life.goes_on()
    assert [code for code in life.mover.troubles if code.startswith(("INTERNAL", "UNKNOWN"))] == []


async def test_a_psp_that_was_down_for_a_while_is_asked_again_by_itself(life: Life) -> None:
    await life.is_busy()
    rule = {"target": "psp", "operation": "*", "kind": "down", "seconds": _MOST_DOWN_SECONDS, "count": None}
    made = await life.town.sandbox.call("POST", "/_sim/faults", json=rule)
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def was_met() -> bool:
        rules = (await life.town.sandbox.call("GET", "/_sim/faults"))["faults"]
        met = any(known["id"] == made["id"] and known["fired"] >= 5 for known in rules)
        return met and loop.time() - begun >= _LEAST_DOWN_SECONDS

    try:
        await until(was_met, "calls that met the outage")
    finally:
        await life.town.sandbox.call("DELETE", f"/_sim/faults/{made['id']}")
    await life.goes_on()


async def test_a_flood_of_events_is_taken_whole_while_rides_go_on(life: Life) -> None:
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    async with (
        httpx.AsyncClient(base_url=life.stack.sandbox_url, headers=headers, timeout=30) as psp,
        httpx.AsyncClient(base_url=life.stack.rest_url, timeout=30) as rest,
    ):
        told = (await psp.get("/psp/v1/events", params={"limit": 100})).raise_for_status().json()["data"]
        refused, unanswered = life.crowd.refused, life.unanswered
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(flood(rest, _SECRET, told, _EVENTS, 3))
            await life.goes_on()
        sent = sending.result()
    assert (life.crowd.refused, life.unanswered) == (refused, unanswered)
    assert sent.answers["forged", 400] == len(sent.forged) > 0
    assert sent.answers["good", 200] == _EVENTS - len(sent.forged)
    kept = {row["id"] for row in await life.stack.rows("payment", "SELECT id FROM psp_event")}
    assert sent.sent <= kept
    assert not sent.forged & kept


async def test_everything_settled_by_itself_and_the_books_are_the_psps(life: Life, quiet: list[dict[str, Any]]) -> None:
    lines: list[dict[str, Any]] = []
    after = 0
    while after is not None:
        page = await life.town.sandbox.call("GET", "/_sim/ledger", params={"after": after, "limit": 1000})
        lines, after = lines + page["payment_intents"], page["next_after"]
    by_ride: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        by_ride.setdefault(line["metadata"].get("ride_id", ""), []).append(line)

    assert await complaints_about(life.town, life.crowd.people, quiet, by_ride) == []
    reasons = {ride["reason"] for ride in quiet if ride["state"] == "payment_failed" and ride["funding"] == "cash"}
    assert reasons <= {"rider_in_arrears"}
    for ride_id in life.mover.rides:
        [line] = by_ride[ride_id]
        counts = {name: line[name] for name in ("authorizations", "captures", "refunds", "failed_refunds")}
        assert counts == {"authorizations": 1, "captures": 1, "refunds": 1, "failed_refunds": 0}
        amounts = line["authorized_minor"], line["captured_minor"], line["refunded_minor"]
        assert amounts == (HELD_MINOR, CHARGED_MINOR, REFUNDED_MINOR)
    topped_up = [line for line in by_ride[""] if line["captures"]]
    assert {(line["captures"], line["captured_minor"]) for line in topped_up} == {(1, TOP_UP_MINOR)}
    assert len(topped_up) == life.mover.top_ups.total()
    for rider_id, count in life.mover.top_ups.items():
        assert await life.mover.wallet_minor(rider_id) == count * TOP_UP_MINOR

    balance = await life.town.operator("GET", "/v1/operator/ledger/trial-balance")
    [received] = [item["balance"] for item in balance["accounts"] if item["account_kind"] == "psp_receivable"]
    stayed = sum(line["captured_minor"] - line["refunded_minor"] for line in lines)
    assert received == {"currency_code": "USD", "amount_minor": stayed}
    assert [item["sum_minor"] for item in balance["currencies"]] == [0]
