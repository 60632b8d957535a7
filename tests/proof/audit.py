"""The books side by side: what a world says, what the ledger says, and what the PSP's own ledger says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.proof.books import ledger_of
from tests.proof.operations import RECONCILED, Names
from tests.proof.records import Records
from tests.proof.world import World

Moved = tuple[str, str, int, int, int]
"""A ride or rider, a hold or what was charged, what was authorized, captured of it, and refunded of that."""


@dataclass
class Books:
    """What was found. `faults` are wrong whatever the world is."""

    ledger: dict[str, int] = field(default_factory=dict[str, int])
    """By currency and account, the postings of these rides added up."""
    at_psp: list[Moved] = field(default_factory=list[Moved])
    faults: list[str] = field(default_factory=list[str])
    counts: Counter[str] = field(default_factory=Counter[str])


DOUBLE_CHARGE, LOST_CAPTURE, DOUBLE_PAYOUT = "double charges", "lost captures", "double payouts"
UNLIKE = "ledgers unlike the PSP's"
AMISS = (DOUBLE_CHARGE, LOST_CAPTURE, DOUBLE_PAYOUT, UNLIKE)
"""What must not be, by the names that it is counted under."""


async def read_books(records: Records, names: Names) -> Books:
    """Read the ledger and the PSP's about all that has these names."""
    books = Books()
    ids = list(names.ids.values())
    postings = await records.rows(
        "SELECT account.kind, account.owner, posting.currency_code, sum(amount_minor)::bigint AS amount_minor "
        "FROM posting JOIN journal_entry ON journal_entry.id = entry_id LEFT JOIN payment ON payment.id = payment_id "
        "JOIN account ON account.id = account_id WHERE journal_entry.kind <> ALL(:reconciled) AND ("
        "payment.rider_id::text = ANY(:ids) OR EXISTS ("
        "SELECT FROM posting AS other JOIN account AS theirs ON theirs.id = other.account_id "
        "WHERE other.entry_id = journal_entry.id AND theirs.owner = ANY(:ids))) GROUP BY 1, 2, 3",
        ids=ids,
        reconciled=list(RECONCILED),
    )
    for row in postings:
        account = names.name_of(f"{row['kind']}:{row['owner']}") if row["owner"] else row["kind"]
        if row["amount_minor"]:
            books.ledger[f"{row['currency_code']} {account}"] = row["amount_minor"]
    books.faults += await _faults_of_the_ledger(records)
    customers = await records.rows("SELECT psp_customer_id FROM rider WHERE id::text = ANY(:ids)", ids=ids)
    operations = await records.rows(
        "SELECT psp_operation.id::text AS id, coalesce(payment.ride_id, payment.rider_id)::text AS about, "
        "payment.purpose FROM psp_operation "
        "JOIN payment ON payment.id = payment_id WHERE payment.rider_id::text = ANY(:ids)",
        ids=ids,
    )
    charges = {row["id"]: (row["about"], row["purpose"]) for row in operations}
    named = {identifier: name for name, identifier in names.ids.items()}
    for line in await records.truth([row["psp_customer_id"] for row in customers if row["psp_customer_id"]]):
        _take_in(books, line, charges, named)
    books.faults += await _faults_of_payouts(records, ids, books.counts)
    books.counts["entries' currencies"] += len(books.ledger)
    return books


def _take_in(books: Books, line: dict[str, Any], charges: dict[str, tuple[str, str]], named: dict[str, str]) -> None:
    if not line["authorizations"]:
        return
    metadata = line["metadata"]
    about, kind = charges.get(metadata["op_id"], ("", ""))
    if "ride_id" in metadata:
        about, kind = metadata["ride_id"], "hold"
    name = named.get(about, f"unknown to the service: {metadata}")
    amounts = (line[f"{what}_minor"] for what in ("authorized", "captured", "refunded"))
    books.at_psp.append((name, kind, *amounts))
    books.counts["holds at the PSP" if kind == "hold" else "charges at the PSP"] += 1
    if line["captures"] > 1:
        books.faults.append(f"{name}: captured {line['captures']} times")
    if (
        line["status"] != "requires_capture"
        and line["captured_minor"] + line["released_minor"] != (line["authorized_minor"])
    ):
        books.faults.append(f"{name}: captured and released do not add up to what was held: {line}")


async def _faults_of_payouts(records: Records, ids: list[str], counts: Counter[str]) -> list[str]:
    """Name payouts that the PSP has sent more than once, or not as they are written down."""
    found = await records.rows(
        "SELECT id::text AS id, amount_minor, status FROM payout WHERE driver_id::text = ANY(:ids)", ids=ids
    )
    if not found:
        return []
    asked = [row["id"] for row in found]
    transfers = await records.sent_out("transfers", asked)
    payouts = await records.sent_out("payouts", asked)
    counts["payouts at the PSP"] += len(payouts)
    faults: list[str] = []
    for row in found:
        of_it = [
            [line for line in lines if line["metadata"]["payout_id"] == row["id"]] for lines in (transfers, payouts)
        ]
        went = [sum(line["moved_minor"] - line["returned_minor"] for line in lines) for lines in of_it]
        whole = row["amount_minor"]
        due = {"paid": ([whole, whole],), "failed": ([0, 0],), "returned": ([0, 0],)}.get(
            row["status"], ([0, 0], [whole, 0], [whole, whole])
        )
        counts[DOUBLE_PAYOUT] += max(map(len, of_it)) > 1
        if max(map(len, of_it)) > 1 or went not in due:
            faults.append(f"payout {row}: transfers and payouts at the PSP {of_it}")
    return faults


async def _faults_of_the_ledger(records: Records) -> list[str]:
    uneven = await records.rows(
        "SELECT currency_code, sum(amount_minor) FROM posting GROUP BY currency_code HAVING sum(amount_minor) <> 0"
    )
    wrong = await records.rows(
        "SELECT account_id, balance_minor, posted FROM account_balance JOIN (SELECT account_id, sum(amount_minor) "
        "AS posted FROM posting GROUP BY account_id) AS posting USING (account_id) WHERE balance_minor <> posted"
    )
    parked = await records.rows("SELECT type, detail FROM psp_event WHERE state = 'parked' AND detail <> 'unmatched'")
    return [
        *(f"an event of the PSP contradicts what is written: {row}" for row in parked),
        *(f"postings do not add up to zero: {row}" for row in uneven),
        *(f"a balance is not the sum of its postings: {row}" for row in wrong),
    ]


def complaints_about(world: World, books: Books) -> list[str]:
    """Name what does not agree with a world; nothing where all does."""
    expected = {f"{currency} {account}": amount for (currency, account), amount in ledger_of(world).items() if amount}
    at_psp = [*_holds_of(world), *_charges_of(world)]
    wrong: list[str] = []
    if expected != books.ledger:
        wrong.append(f"the ledger has {_differences(books.ledger, expected)}")
    if Counter(at_psp) != Counter(books.at_psp):
        found, due = Counter(books.at_psp), Counter(at_psp)
        wrong.append(f"the PSP has too much: {dict(found - due)}; too little: {dict(due - found)}")
    return wrong


def amiss(world: World, books: Books) -> Counter[str]:
    """Count by kind what is wrong with books beside a world; double payouts `read_books` has counted."""
    due, found = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for name, kind, _, captured, _ in (*_holds_of(world), *_charges_of(world)):
        due[name, kind] += captured
    for name, kind, _, captured, _ in books.at_psp:
        found[name, kind] += captured
    counted = Counter[str]()
    for about in due.keys() | found.keys():
        counted[DOUBLE_CHARGE] += found[about] > due[about]
        counted[LOST_CAPTURE] += found[about] < due[about]
    # The ledger beside the PSP, whatever the world: what is to come from there is what was captured and not returned.
    at_psp = sum(captured - refunded for _, _, _, captured, refunded in books.at_psp)
    receivable = sum(amount for account, amount in books.ledger.items() if account.endswith(" psp_receivable"))
    counted[UNLIKE] += receivable != at_psp
    return +counted


def _holds_of(world: World) -> Iterable[Moved]:
    for name, ride in world.rides.items():
        if ride.card and ride.authorized:
            yield name, "hold", ride.authorized, ride.captured, ride.refunded


def _charges_of(world: World) -> Iterable[Moved]:
    for name, ride in world.rides.items():
        if ride.excess == "paid":
            yield name, "excess", ride.receivable, ride.receivable, 0
    for charge in world.charges.values():
        if charge.card and charge.state == "captured":
            yield charge.ride or charge.rider, charge.purpose, charge.amount, charge.amount, 0


def _differences(found: dict[str, int], expected: dict[str, int]) -> str:
    names = sorted(name for name in {*found, *expected} if found.get(name, 0) != expected.get(name, 0))
    return ", ".join(f"{name} {found.get(name, 0)} in place of {expected.get(name, 0)}" for name in names)
