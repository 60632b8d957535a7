"""Judges the money: the ledger by itself, and beside what the rides cost and what the PSP moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitney.chaos.ground import Ground, Row

_UNEVEN = "SELECT currency_code, sum(amount_minor) FROM posting GROUP BY currency_code HAVING sum(amount_minor) <> 0"
_UNEVEN_ENTRIES = """
    SELECT entry_id::text AS entry, currency_code, sum(amount_minor) FROM posting
    GROUP BY entry_id, currency_code HAVING sum(amount_minor) <> 0
"""
_WRONG_BALANCES = """
    SELECT account_id, balance_minor, posted FROM account_balance JOIN (
        SELECT account_id, sum(amount_minor) AS posted FROM posting GROUP BY account_id
    ) AS posting USING (account_id) WHERE balance_minor <> posted
"""
_OPEN_OPERATIONS = """
    SELECT kind, state, tries, detail, psp_object_id <> '' AS seen, (due_at - now())::text AS due_in,
           (now() - created_at)::text AS age
    FROM psp_operation WHERE finished_at IS NULL
"""
_PAYMENTS = """
    SELECT ride_id::text AS ride, purpose, funding, status, psp_payment_id AS psp, captured_minor AS captured,
           credit_used_minor AS credit, receivable_minor AS receivable, refunded_minor AS refunded
    FROM payment
"""
_ENDED_RIDES = "SELECT id::text AS ride, state, payment_state, fare_total_minor AS fare FROM ride"


async def unfinished_money(ground: Ground) -> list[str]:
    """Name what a quiet payment service must have none of."""
    events = await ground.count("payment", "SELECT count(*) FROM psp_event WHERE state NOT IN ('applied', 'ignored')")
    return [
        *(f"an operation at the PSP is not finished: {row}" for row in await ground.rows("payment", _OPEN_OPERATIONS)),
        *([f"{events} events of the PSP are not applied"] if events else []),
    ]


async def judge_money(ground: Ground) -> list[str]:
    """Name every amount that is not the same on both sides."""
    wrong = [
        *(f"postings do not add up to zero: {row}" for row in await ground.rows("payment", _UNEVEN)),
        *(f"an entry does not add up to zero: {row}" for row in await ground.rows("payment", _UNEVEN_ENTRIES)),
        *(f"a balance is not the sum of its postings: {row}" for row in await ground.rows("payment", _WRONG_BALANCES)),
    ]
    payments = await ground.rows("payment", _PAYMENTS)
    own = {row["ride"]: row for row in payments if row["purpose"] == "ride" and row["ride"]}
    for ride in await ground.rows("matching", _ENDED_RIDES):
        wrong += _wrong_about(ride, own.get(ride["ride"]))
    at_psp = await psp_intents(ground)
    by_psp = {row["psp"]: row for row in payments if row["psp"]}
    for intent in at_psp.values():
        wrong += _wrong_at_psp(intent, by_psp.get(intent["payment_intent"]))
    for psp_id, row in by_psp.items():
        if psp_id not in at_psp:
            wrong.append(f"the PSP knows nothing of {row}")
    return wrong


def _wrong_about(ride: Row, payment: Row | None) -> list[str]:
    name, paid = f"ride {ride['ride']} {ride['state']}/{ride['payment_state']}", ride["payment_state"]
    if payment is None:
        # Who may not pay so never had a payment; of a ride that was over before, none was asked for.
        return [f"{name}: there is no payment"] if paid == "captured" else []
    if (paid == "captured") != (payment["status"] == "captured"):
        return [f"{name}: its payment is {payment['status']}"]
    charged = payment["captured"] + payment["credit"] + payment["receivable"]
    if ride["state"] == "completed" and charged != ride["fare"]:
        return [f"{name}: charged {charged} for a fare of {ride['fare']}"]
    return []


def _wrong_at_psp(intent: Mapping[str, Any], payment: Row | None) -> list[str]:
    if not intent["authorizations"]:
        return []
    name = f"{intent['payment_intent']} {intent['metadata']}"
    wrong: list[str] = []
    if intent["authorizations"] > 1 or intent["captures"] > 1:
        wrong.append(f"{name}: moved more than once: {dict(intent)}")
    if intent["status"] == "requires_capture":
        wrong.append(f"{name}: the PSP still holds {intent['authorized_minor']}")
    elif intent["captured_minor"] + intent["released_minor"] != intent["authorized_minor"]:
        wrong.append(f"{name}: captured and released do not add up to what was held: {dict(intent)}")
    if payment is None:
        return [*wrong, f"{name}: captured for nobody"] if intent["captured_minor"] else wrong
    return wrong + [
        f"{name}: the PSP {what} {intent[f'{what}_minor']}, we wrote down {payment[what]}"
        for what in ("captured", "refunded")
        if intent[f"{what}_minor"] != payment[what]
    ]


async def psp_intents(ground: Ground) -> dict[str, Mapping[str, Any]]:
    """Return what the PSP itself says of every charge, by its id."""
    found: dict[str, Mapping[str, Any]] = {}
    after: int | None = 0
    while after is not None:
        page = await ground.sandbox("GET", "/_sim/ledger", after=after, limit=1000)
        found |= {intent["payment_intent"]: intent for intent in page["payment_intents"]}
        after = page["next_after"]
    return found
