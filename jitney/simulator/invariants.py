"""What must hold once a city has come to rest, judged by what the operator's interface says and by nothing else.

Whoever ran people against a stack asks here at the end: the money adds up and is what the rides cost, nobody was bound
twice, everybody was told, all rides are at an end that is one. Each finding names what it is about.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from jitney_client import Client
from jitney_client.models import DeliverySummary

LEGAL_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "completed": frozenset({"captured"}),
    "payment_failed": frozenset({"hold_declined"}),
    "no_driver_available": frozenset({"voided"}),
    # A fee may be due; and the hold may be declined after the cancel.
    "canceled_by_rider": frozenset({"voided", "captured", "hold_declined"}),
    "canceled_by_platform": frozenset({"voided", "hold_declined"}),
    # No fee is due where the driver came late.
    "no_show": frozenset({"captured", "voided"}),
    "returned": frozenset({"captured"}),
}
"""What may have become of the payment, by how the ride ended. No other state is an end."""
_UNDELIVERED = frozenset({"pending"})
_NOTHING_HELD = frozenset({"captured", "voided", "declined", "expired"})
_DELIVERY_TRIES = 40
_DELIVERY_WALL_SECONDS = 0.5
_MOST_NAMED = 20
_MOST_PAYMENTS = 100_000
_MOST_AUDIT_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One invariant: how many things it was asked of, and those that break it (the first 20 are named)."""

    name: str
    checked: int
    broken_count: int
    broken: list[str]

    @property
    def holds(self) -> bool:
        """True if nothing breaks it."""
        return self.broken_count == 0


def verdict(name: str, checked: int, broken: Sequence[str]) -> Verdict:
    """Sum up what was found."""
    return Verdict(name, checked, len(broken), list(broken[:_MOST_NAMED]))


async def check_invariants(operator: Client, since: datetime) -> list[Verdict]:
    """Judge all that was asked for since a moment; the ledger as a whole.

    Ask when everything has settled: what is still under way counts as broken. Raises ApiError or Unreachable.
    """
    rides = [ride async for ride in rides_since(operator, since)]
    payments = await _payments_of(operator, {str(ride["id"]) for ride in rides})
    moment = since.isoformat().replace("+00:00", "Z")
    summary = await operator.summarize_rides(since=moment)
    told = await _deliveries(operator, moment)
    twice = summary["double_assignment_count"]
    balance = await operator.read_trial_balance()
    sums = {item["currency_code"]: item["sum_minor"] for item in balance["currencies"]}
    return [
        verdict("all rides are at a legal end", len(rides), wrong_ends(rides)),
        verdict("no two live assignments of a driver", len(rides), [f"{twice} double assignments"] if twice else []),
        verdict("what was captured is what the ride cost", len(rides), wrong_captures(rides, payments)),
        verdict("no hold without a live ride", len(payments), holds_left(payments)),
        verdict("postings add up to zero", len(sums), [f"{code}: {total}" for code, total in sums.items() if total]),
        await _audit(operator),
        verdict(
            "what people are owed was delivered or given up",
            sum(item["count"] for item in told["deliveries"]),
            [
                f"{item['count']} deliveries by {item['channel']} are {item['state']}"
                for item in told["deliveries"]
                if item["state"] in _UNDELIVERED
            ],
        ),
    ]


def wrong_ends(rides: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the rides that are at no end, or whose payment does not fit it."""
    return [
        f"{ride['id']} is {ride['state']}, its payment {ride['payment_state']}"
        for ride in rides
        if ride["payment_state"] not in LEGAL_ENDS.get(str(ride["state"]), frozenset())
    ]


def wrong_captures(rides: Sequence[Mapping[str, Any]], payments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name the rides whose payment is another than the ride says, or whose amount is not the fare."""
    wrong: list[str] = []
    for ride in rides:
        name, payment = f"{ride['id']} ({ride['state']})", payments.get(str(ride["id"]))
        captured = ride["payment_state"] == "captured"
        if payment is None:
            wrong += [f"{name}: captured, yet there is no payment"] if captured else []
        elif captured != (payment["status"] == "captured"):
            wrong.append(f"{name}: {ride['payment_state']}, yet its payment is {payment['status']}")
        elif ride["state"] == "completed":
            charged = sum(payment[part]["amount_minor"] for part in ("captured", "credit_used", "receivable"))
            fare = ride["fare"]["total"]["amount_minor"]
            wrong += [f"{name}: {charged} charged for a fare of {fare}"] if charged != fare else []
    return wrong


def holds_left(payments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name the payments that still hold money, or of which the PSP has not said how they ended."""
    return [
        f"{ride_id}: its payment is {payment['status']}{', outcome unknown' if payment['outcome_unknown'] else ''}"
        for ride_id, payment in payments.items()
        if payment["status"] not in _NOTHING_HELD or payment["outcome_unknown"]
    ]


def as_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Return verdicts for programs."""
    return [{**asdict(item), "holds": item.holds} for item in verdicts]


async def rides_since(operator: Client, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the rides that were asked for since a moment, the newest first. Raises ApiError or Unreachable."""
    async for ride in operator.iterate_search_rides(limit=100):
        if datetime.fromisoformat(ride["requested_at"]) < since:
            break
        yield ride


async def _deliveries(operator: Client, moment: str) -> DeliverySummary:
    """Return what became of messages, once none is under way or the patience is over."""
    for _ in range(_DELIVERY_TRIES):
        told = await operator.summarize_deliveries(since=moment)
        if not any(item["state"] in _UNDELIVERED for item in told["deliveries"]):
            return told
        await asyncio.sleep(_DELIVERY_WALL_SECONDS)
    return await operator.summarize_deliveries(since=moment)


async def _payments_of(operator: Client, ride_ids: set[str]) -> dict[str, Mapping[str, Any]]:
    """Return the payment of each ride for the ride itself; the newest come first, so all have been seen soon."""
    found: dict[str, Mapping[str, Any]] = {}
    if not ride_ids:
        return found
    looked_at = 0
    async for payment in operator.iterate_search_payments(limit=100):
        looked_at += 1
        if payment["ride_id"] in ride_ids and payment["purpose"] == "ride":
            found[str(payment["ride_id"])] = payment
        if len(found) == len(ride_ids) or looked_at >= _MOST_PAYMENTS:
            break
    return found


async def _audit(operator: Client) -> Verdict:
    """Let the service add the whole ledger up again, part by part."""
    broken: list[str] = []
    accounts, cursor = 0, None
    for _ in range(_MOST_AUDIT_PAGES):
        part = await operator.audit_ledger(cursor=cursor)
        accounts += part["account_count"]
        broken += [str(dict(difference)) for difference in part["differences"]]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    return verdict("the balances are the sums of their postings", accounts, broken)
