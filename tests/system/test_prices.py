"""Prices on a running stack: an operator changes them, and a ride pays them, from the file to the receipt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.system.people import HandRider, Town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system

_PORT = """
[zones.port]
corners = [[37.790, -122.400], [37.800, -122.400], [37.800, -122.390], [37.790, -122.390]]

[[tolls]]
name = "Port road"
amount_minor = 425
zone = "port"
"""


async def quoted(rider: HandRider, *, toll_minor: int) -> dict[str, Any]:
    """A quote, once prices have that toll."""

    async def there() -> dict[str, Any] | None:
        quote = await rider.quote()
        tolls = [line["amount"]["amount_minor"] for line in quote["fare"]["lines"] if line["kind"] == "toll"]
        return quote if sum(tolls) == toll_minor else None

    return await until(there, f"a toll of {toll_minor}")


async def city(stack: Stack, *arguments: str) -> str:
    """What `jitney city` says, while people live on."""
    done = await asyncio.to_thread(stack.jitney, "city", *arguments, "--data", str(stack.data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def charged(receipt: dict[str, Any], kind: str) -> int:
    return sum(line["amount"]["amount_minor"] for line in receipt["lines"] if line["kind"] == kind)


async def test_an_operator_puts_a_toll_and_a_wait_and_a_ride_pays_them(
    people: Town, stack: Stack, tmp_path: Path
) -> None:
    rider, driver = await people.rider(), await people.driver()
    assert "san_francisco" in await city(stack, "list")
    shown = await city(stack, "show", "san_francisco")
    changed = shown.replace("waiting_grace_seconds = 180", "waiting_grace_seconds = 0")
    changed = changed.replace("waiting_per_minute_minor = 39", "waiting_per_minute_minor = 6000")
    before, after = tmp_path / "before.toml", tmp_path / "after.toml"
    before.write_text(shown)
    after.write_text(changed + _PORT)
    checked = await city(stack, "check", str(after))
    assert "fees.waiting_grace_seconds: 180 -> 0" in checked
    assert 'tolls.Port road.zone: (nothing) -> "port"' in checked
    assert "is in force from" in await city(stack, "put", str(after), "--note", "the port road")
    try:
        quote = await quoted(rider, toll_minor=425)
        ride_id = await rider.ask(quote)
        await driver.accept(ride_id)
        await driver.step(ride_id, "arrive")
        ride = await rider.ride(ride_id)
        assert ride["fare"]["total"] == quote["fare"]["total"]
        await asyncio.sleep(1.0)  # the rider takes a second to come down, and it is charged
        await driver.step(ride_id, "start", {"pin": ride["start_pin"]})
        await driver.step(ride_id, "complete")
        settled = await rider.settled(ride_id)
        waiting = [line["amount"]["amount_minor"] for line in settled["fare"]["lines"] if line["kind"] == "waiting"]
        assert waiting[0] >= 100
        receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
        assert receipt["total"] == settled["fare"]["total"]
        assert (charged(receipt, "toll"), charged(receipt, "waiting")) == (425, waiting[0])
        page = await people.operator("GET", "/v1/operator/rides", limit="20")
        [mine] = [each for each in page["items"] if each["id"] == ride_id]
        assert (mine["city"], mine["policy_version"]) == ("san_francisco", 2)
    finally:
        await city(stack, "put", str(before))
        await quoted(rider, toll_minor=0)
    versions = (await people.operator("GET", "/v1/operator/cities/san_francisco/policies"))["items"]
    assert [(each["version"], each["note"]) for each in versions] == [
        (3, None),
        (2, "the port road"),
        (1, "from the city's file"),
    ]
    captured, owed = (receipt[name]["amount_minor"] for name in ("captured", "receivable"))
    assert (captured, captured + owed) == (quote["fare"]["total"]["amount_minor"], receipt["total"]["amount_minor"])

    [sums] = (await people.operator("GET", "/v1/operator/ledger/trial-balance"))["currencies"]
    assert sums["sum_minor"] == 0


async def test_an_operator_sees_and_steers_the_surge(people: Town) -> None:
    surge = await people.operator("GET", "/v1/operator/cities/san_francisco/surge")
    assert surge["control"] == {"frozen": False, "cap_permille": None}
    change = {"frozen": True, "cap_permille": 1000, "note": "a storm"}
    laid = await people.operator("PUT", "/v1/operator/cities/san_francisco/surge-control", change)
    assert laid == {"frozen": True, "cap_permille": 1000}
    seen = await people.operator("GET", "/v1/operator/cities/san_francisco/surge")
    assert seen["control"] == laid
    lifted = await people.operator("PUT", "/v1/operator/cities/san_francisco/surge-control", {})
    assert lifted == {"frozen": False, "cap_permille": None}
