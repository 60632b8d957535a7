"""The audit: each ride's end, its money at the payment provider, in the ledger and on the receipt, side by side."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from jitney.chaos.check_messages import CONSUMERS, PUBLISHERS
from jitney.simulator.api import ApiError, SignedIn
from jitney.simulator.invariants import LEGAL_ENDS
from shared_kernel.ids import from_public_id
from tests.system.people import Town

_AT_ONCE = 6

Intents = Mapping[str, Sequence[dict[str, Any]]]


async def psp_intents(town: Town) -> dict[str, list[dict[str, Any]]]:
    """Return what the provider's own ledger says of each ride, by the ride's UUID."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    after = 0
    while after is not None:
        page = await town.sandbox.call("GET", "/_sim/ledger", params={"after": after, "limit": 1000})
        for intent in page["payment_intents"]:
            # What is collected above a hold names its collection, not the ride.
            found[intent["metadata"].get("ride_id", "")].append(intent)
        after = page["next_after"]
    return dict(found)


async def complaints_about(
    town: Town, people: Mapping[str, SignedIn], rides: Sequence[dict[str, Any]], intents: Intents
) -> list[str]:
    """Name whatever is not in order about rides that should be over; an empty list is what is wished for."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def audit(ride: dict[str, Any]) -> list[str]:
        async with gate:
            mine = intents.get(str(from_public_id("ride", ride["id"])), [])
            journal = await _journal(town, ride["id"])
            receipt = await _receipt(people[ride["rider_id"]], ride["id"])
            story = f"{ride['id']} {ride['state']}/{ride['payment_state']}"
            return [f"{story}: {wrong}" for wrong in _wrong(ride, mine, journal, receipt)]

    return [complaint for complaints in await asyncio.gather(*map(audit, rides)) for complaint in complaints]


def _wrong(
    ride: dict[str, Any],
    intents: Sequence[dict[str, Any]],
    journal: Sequence[dict[str, Any]],
    receipt: dict[str, Any] | None,
) -> list[str]:
    wrong: list[str] = []
    if ride["payment_state"] not in LEGAL_ENDS.get(ride["state"], frozenset()):
        wrong.append("no legal end")
    movements = Counter[str]()
    for intent in intents:
        movements.update({name: intent[name] for name in ("authorizations", "captures", "refunds")})
        movements.update({name: intent[f"{name}_minor"] for name in ("authorized", "captured", "released")})
    if movements["authorizations"] > 1 or movements["captures"] > 1 or movements["refunds"]:
        wrong.append(f"moved more than once at the provider: {dict(movements)}")
    if any(intent["status"] == "requires_capture" for intent in intents):
        wrong.append("still holds money")
    if movements["captured"] + movements["released"] != movements["authorized"]:
        wrong.append(f"captured and released do not add up to what was held: {dict(movements)}")
    postings = [posting for entry in journal for posting in entry["postings"]]
    if sum(leg["amount"]["amount_minor"] for leg in postings):
        wrong.append("postings do not add up to zero")
    told = receipt["total"]["amount_minor"] if receipt else 0
    if ride["funding"] == "card":
        received = booked(postings, "psp_receivable")
        if not movements["captured"] == received == told:
            captured = movements["captured"]
            wrong.append(f"the provider captured {captured}, the ledger {received}, the receipt tells {told}")
    else:
        wrong += _wrong_without_card(ride, intents, postings, receipt)
    if (ride["payment_state"] == "captured") != (len(journal) == 1 and told > 0):
        wrong.append(f"{len(journal)} journal entries over {told}")
    if ride["state"] == "completed" and told != ride["fare"]["total"]["amount_minor"]:
        wrong.append(f"charged {told} for a fare of {ride['fare']['total']['amount_minor']}")
    return wrong


def _wrong_without_card(
    ride: dict[str, Any],
    intents: Sequence[dict[str, Any]],
    postings: Sequence[dict[str, Any]],
    receipt: dict[str, Any] | None,
) -> list[str]:
    """Name what is not in order about a ride that the provider has nothing to do with."""
    wrong: list[str] = []
    if intents or booked(postings, "psp_receivable"):
        wrong.append(f"paid by {ride['funding']}, and known at the provider")
    if receipt is None:
        return wrong
    captured, owed = (receipt[name]["amount_minor"] for name in ("captured", "receivable"))
    if captured + receipt["credit_used"]["amount_minor"] + owed != receipt["total"]["amount_minor"]:
        wrong.append(f"the parts of the receipt are not its total: {receipt}")
    if booked(postings, "rider_receivable") != owed:
        wrong.append(f"the rider owes {booked(postings, 'rider_receivable')}, the receipt tells {owed}")
    if ride["state"] != "completed" and ride["funding"] == "cash" and captured:
        wrong.append(f"{captured} in cash from a rider who was not there")
    if ride["funding"] == "cash" and captured == receipt["total"]["amount_minor"]:
        # The whole fare is in the driver's hand: what is not theirs of it they owe, less what a promotion took off.
        others = -sum(booked(postings, kind) for kind in ("commission", "booking_fee", "tax"))
        if not booked(postings, "driver") + booked(postings, "promo") == others > 0:
            wrong.append(f"the driver owes {booked(postings, 'driver')}, commission, fee and tax are {others}")
    if ride["funding"] == "wallet" and booked(postings, "rider_wallet") != captured:
        wrong.append(f"the wallet paid {booked(postings, 'rider_wallet')}, the receipt tells {captured}")
    return wrong


def booked(postings: Sequence[dict[str, Any]], kind: str) -> int:
    """Sum the legs of all accounts of a kind: debits above zero, credits below."""
    return sum(leg["amount"]["amount_minor"] for leg in postings if leg["account"].partition(":")[0] == kind)


async def _journal(town: Town, ride_id: str) -> list[dict[str, Any]]:
    try:
        return (await town.operator("GET", f"/v1/operator/rides/{ride_id}/journal"))["items"]
    except ApiError as error:
        # A ride whose rider may not pay so (they owe money already) never had a payment.
        if error.code != "payment_not_found":
            raise
        return []


async def _receipt(person: SignedIn, ride_id: str) -> dict[str, Any] | None:
    try:
        return await person.get(f"/v1/rides/{ride_id}/receipt")
    except ApiError as error:
        if error.code not in {"not_captured", "payment_not_found"}:
            raise
        return None


async def told(people: Mapping[str, SignedIn], topic: str) -> Counter[str]:
    """Count the messages on a topic in all inboxes, by ride."""

    async def inbox(person: SignedIn) -> Counter[str]:
        found, path = Counter[str](), "/v1/me/notifications?limit=100"
        page = await person.get(path)
        while True:
            found.update(item["ride_id"] for item in page["items"] if item["topic"] == topic)
            if page["next_cursor"] is None:
                return found
            page = await person.get(f"{path}&cursor={page['next_cursor']}")

    return sum(await asyncio.gather(*map(inbox, people.values())), Counter[str]())


async def unfinished_work(town: Town) -> dict[str, int]:
    """Count what a quiet stack must have none of, by what it is; only what there is."""
    counted = {
        f"unpublished events of {service}": await _count(
            town, service, "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        )
        for service in PUBLISHERS
    }
    counted |= {
        f"dead letters of {service}": len((await town.operator("GET", f"/v1/operator/dead-letters/{service}"))["items"])
        for service in CONSUMERS
    }
    counted["unfinished operations at the provider"] = await _count(
        town, "payment", "SELECT count(*) FROM psp_operation WHERE state IN ('sending', 'unknown')"
    )
    counted["open offers"] = await _count(town, "matching", "SELECT count(*) FROM offer WHERE state = 'open'")
    counted["bound drivers"] = await _count(
        town, "matching", "SELECT count(*) FROM assignment WHERE released_at IS NULL"
    )
    return {what: count for what, count in counted.items() if count}


async def _count(town: Town, service: str, query: str) -> int:
    [row] = await town.stack.rows(service, query)
    return int(row["count"])
