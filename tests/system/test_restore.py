"""A rehearsal: all databases are dumped while rides go on, lost, and restored to a new server; then rides go on.

Each service's database is dumped at a time of its own, as happens where they stand on servers of their own. What was
done between two dumps is known to one service and not to the other, and what was done after the last to the PSP alone.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jitney.stack.binaries import postgres_home
from jitney.stack.databases import SERVICES, database_of
from jitney.stack.launch import Launcher
from jitney.stack.postgres import Cluster
from jitney.stack.roles import provision_services
from shared_kernel.ids import from_public_id
from tests.integration.embedded import running
from tests.system.books import psp_intents
from tests.system.conftest import patient_city
from tests.system.people import HandDriver, HandRider, town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system


@asynccontextmanager
async def _living(folder: Path) -> AsyncGenerator[Stack]:
    stack = Stack(
        folder,
        JITNEY_MATCHING_CITY_FILE=str(patient_city(folder)),
        # What the PSP lists and the ledger does not have is told at once, and not a day later.
        JITNEY_PAYMENT_RECONCILIATION_UNKNOWN_HOURS="0",
    )
    try:
        await asyncio.to_thread(stack.start)
        yield stack
    finally:
        await asyncio.to_thread(stack.discard)


async def test_restored_at_several_points_in_time_services_reconcile_and_rides_go_on(tmp_path: Path) -> None:
    async with _living(tmp_path) as stack, town(stack) as people:
        cluster = stack.cluster()
        rider, driver = await people.rider(), await people.driver()
        ride_id = await _under_way(rider, driver)
        for service in ("identity", "matching"):
            await asyncio.to_thread(_dump, cluster, service, tmp_path)
        before = await _complete(rider, driver, ride_id)
        for service in ("payment", "notification"):
            await asyncio.to_thread(_dump, cluster, service, tmp_path)
        lost_id = await _under_way(rider, driver)
        await _complete(rider, driver, lost_id)

        await asyncio.to_thread(stack.kill_everything)
        await asyncio.to_thread(_restore, stack, tmp_path)
        driver.heard.clear()
        await asyncio.to_thread(stack.start)

        # Matching was dumped earlier than payment: the trip goes on, and its charge is the one that was made.
        assert (await rider.ride(ride_id))["state"] == "in_progress"
        after = await _complete(rider, driver, ride_id)
        assert (after["state"], after["payment_state"]) == ("completed", "captured")
        assert after["fare"] == before["fare"]
        [intent] = (await psp_intents(people))[str(from_public_id("ride", ride_id))]
        assert (intent["captures"], intent["captured_minor"]) == (1, after["fare"]["total"]["amount_minor"])

        # What came after all dumps is known to the PSP alone: the comparison with its list says so.
        compared = await asyncio.to_thread(
            stack.jitney, "reconcile", "--audit", "--data", str(stack.data), "--from", "2020-01-01"
        )
        assert " 0 contradictions" in compared.stdout, compared.stdout + compared.stderr
        assert "1 open item" in compared.stdout, compared.stdout + compared.stderr
        assert compared.returncode == 1

        # And rides go on, once the driver's app has found its way back.
        await until(_heard(driver), "the live stream again")
        next_id = await _under_way(rider, driver)
        assert (await _complete(rider, driver, next_id))["payment_state"] == "captured"
        books = await people.operator("GET", "/v1/operator/ledger/trial-balance")
        assert [each["sum_minor"] for each in books["currencies"]] == [0]
        await _told(rider, next_id)


def _heard(driver: HandDriver) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return any(event.type == "resync" for event in driver.heard)

    return there


async def _under_way(rider: HandRider, driver: HandDriver) -> str:
    ride_id = await rider.request()
    await driver.accept(ride_id)
    pin = (await rider.ride(ride_id))["start_pin"]
    await driver.step(ride_id, "arrive")
    await driver.step(ride_id, "start", {"pin": pin})
    return ride_id


async def _complete(rider: HandRider, driver: HandDriver, ride_id: str) -> dict[str, Any]:
    await driver.step(ride_id, "complete")
    return await rider.settled(ride_id)


async def _told(rider: HandRider, ride_id: str) -> None:
    async def there() -> bool:
        items = (await rider.person.get("/v1/me/notifications"))["items"]
        return any(item["topic"] == "receipt_ready" and ride_id in str(item) for item in items)

    await until(there, "the receipt of a ride after the restore")


def _dump(cluster: Cluster, service: str, folder: Path) -> None:
    """As docs/runbooks/restoring-a-backup.md says."""
    name = database_of(service)
    _program("pg_dump", "--format=custom", f"--file={folder / name}.dump", cluster.superuser_url(name))


def _restore(stack: Stack, folder: Path) -> None:
    """A new server, the roles, each database from its dump; Redis empty, since it knows a later time."""
    old = stack.cluster()
    old.erase()
    stack.forget_redis()
    new = stack.cluster()
    new.create()
    with Launcher() as launcher, running(launcher, new.spec(), folder / "restored.log"):
        asyncio.run(provision_services(new, stack.credentials()))
        for service in SERVICES:
            name = database_of(service)
            _program("pg_restore", "--exit-on-error", f"--dbname={new.superuser_url(name)}", f"{folder / name}.dump")


def _program(name: str, *arguments: str) -> None:
    program = postgres_home(None) / "bin" / name
    found = subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, f"{name}: {found.stderr}"
