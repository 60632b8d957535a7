"""A whole stack whose services reach PostgreSQL through a pgbouncer in transaction mode."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from chassis.poolers import Pooler
from jitney.stack.databases import SERVICES
from shared_kernel.geo import GeoPoint
from tests.integration.embedded import TestPostgres
from tests.integration.pgbouncer import pgbouncer
from tests.system.conftest import patient_city
from tests.system.people import Town, town
from tests.system.stack import Stack

pytestmark = pytest.mark.system

# Far enough from each other that each rider is met by the driver who stands there.
_PLACES = [GeoPoint(37.7880 - 0.012 * number, -122.4075) for number in range(4)]


async def test_rides_side_by_side_go_from_quote_to_receipt_through_a_pooler(
    tmp_path: Path, postgres: TestPostgres
) -> None:
    direct = {f"JITNEY_{service.upper()}_DATABASE_URL": postgres.empty(service) for service in SERVICES}
    with pgbouncer(direct, Pooler.TRANSACTION) as urls:
        stack = Stack(
            tmp_path,
            **urls,
            JITNEY_DATABASE_POOLER="transaction",
            JITNEY_MATCHING_CITY_FILE=str(patient_city(tmp_path)),
        )
        try:
            await asyncio.to_thread(stack.start)
            async with town(stack) as people:
                await asyncio.gather(*(_ride(people, place) for place in _PLACES))
        finally:
            await asyncio.to_thread(stack.discard)
    assert _complaints(stack.data / "logs") == []


async def _ride(people: Town, place: GeoPoint) -> None:
    rider, driver = await asyncio.gather(people.rider(), people.driver(place))
    ride_id = await rider.request(place)
    await driver.accept(ride_id)
    pin = (await rider.ride(ride_id))["start_pin"]
    for step in ("arrive", "start", "complete"):
        await driver.step(ride_id, step, {"pin": pin} if step == "start" else None)
    ride = await rider.settled(ride_id)
    assert (ride["state"], ride["payment_state"]) == ("completed", "captured")
    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    journal = (await people.operator("GET", f"/v1/operator/rides/{ride_id}/journal"))["items"]
    amounts = [posting["amount"]["amount_minor"] for entry in journal for posting in entry["postings"]]
    assert (sum(amounts), max(amounts)) == (0, receipt["total"]["amount_minor"])


def _complaints(folder: Path) -> list[str]:
    lines = [line for service in SERVICES for line in (folder / f"{service}.log").read_text().splitlines()]
    return [line for line in lines if line.startswith("{") and json.loads(line).get("level") in ("error", "critical")]
