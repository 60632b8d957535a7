"""The reconciliation report as documents: every amount with all its digits, every total the sum of its days."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from uuid import uuid4

from payment_service.domain.ledger import CurrencySum, KindBalance, TrialBalance
from payment_service.domain.reconciliation import Item, ItemKind
from payment_service.domain.report import ClearingAge, ClearingDay, CollectedDay, ListedSum, Report
from payment_service.entrypoints.report_csv import report_as_csv
from payment_service.entrypoints.report_json import report_as_json
from shared_kernel.money import Money

AT = datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
REPORT = Report(
    first_day=FIRST,
    last_day=SECOND,
    read_at=AT,
    last_run=None,
    collected=(
        CollectedDay(FIRST, "JPY", 1, 500, 0, 0, 0, 0),
        CollectedDay(FIRST, "USD", 2, 3000, 1000, 500, 100, 0),
        CollectedDay(SECOND, "USD", 1, 2005, 0, 0, 0, 95),
    ),
    clearing_days=(
        ClearingDay(FIRST, "USD", 100, 3000, 300, -500, 0, 0, -90, -2810, 0),
        ClearingDay(SECOND, "USD", 0, 2005, 0, 0, -3500, -100, -60, 0, 1),
    ),
    listed=(ListedSum("USD", "charge", 3, 5305, 150, 1, 2005),),
    clearing=(ClearingAge("psp_receivable", "USD", -1654, 0, -1654, 0, 0),),
    items=(
        Item(
            uuid4(),
            ItemKind.UNKNOWN_TRANSACTION,
            "txn_1",
            Money("USD", -7),
            'a line with "quotes", commas\nand two lines',
            AT,
            psp_transaction_id="txn_1",
        ),
    ),
    items_are_cut=False,
    trial_balance=TrialBalance(
        (CurrencySum("USD", 0, 9),), (KindBalance("bank", "USD", 1654), KindBalance("psp_receivable", "USD", -1654)), AT
    ),
)


def rows() -> list[list[str]]:
    return list(csv.reader(io.StringIO(report_as_csv(REPORT).decode())))


def test_each_currency_with_several_days_has_a_total() -> None:
    days = [row for row in rows() if row[:1] in (["USD"], ["JPY"]) and row[1:2] in (["total"], ["2026-03-01"])]

    assert ["JPY", "2026-03-01", "1", "500", "0", "0", "0", "0", "500"] in days
    assert ["USD", "total", "3", "50.05", "10.00", "5.00", "1.00", "0.95", "67.00"] in days
    # From the first opening, over all movements, to the last closing.
    total = next(row for row in days if row[1] == "total" and len(row) == 12)
    assert total[2:] == ["1.00", "50.05", "3.00", "-5.00", "-35.00", "-1.00", "-1.50", "-28.10", "0.01", "-16.54"]
    assert REPORT.clearing_days[-1].closing_minor == -1654


def test_text_of_an_item_stays_in_its_cell() -> None:
    [item] = [row for row in rows() if "unknown_transaction" in row]

    assert item[4:7] == ["-0.07", 'a line with "quotes", commas\nand two lines', "txn_1"]


def test_json_tells_the_same_in_minor_units_and_in_text() -> None:
    told = json.loads(report_as_json(REPORT))

    assert told["rides_charged"][1]["total"] == {"minor": 4600, "text": "46.00"}
    assert told["psp_receivable_by_day"][1]["closing"] == {"minor": -1654, "text": "-16.54"}
    assert told["psp_list"][0]["net"] == {"minor": 5155, "text": "51.55"}
    assert told["trial_balance"][0]["sum"] == {"minor": 0, "text": "0.00"}
    assert told["last_reconciliation_at"] is None
