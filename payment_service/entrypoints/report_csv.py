"""The reconciliation report as comma separated values: sections with a title and a header each, amounts in major units.

Signs: what comes into an account is above zero, what leaves it below.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from payment_service.domain.report import ClearingDay, CollectedDay, Report, total_of
from payment_service.entrypoints.decimals import decimal_text

_Row = Sequence[object]
_Line = TypeVar("_Line", CollectedDay, ClearingDay)


def report_as_csv(report: Report) -> bytes:
    """Write the report (RFC 4180, UTF-8)."""
    out = io.StringIO()
    writer = csv.writer(out)
    for title, header, rows in _sections(report):
        writer.writerow([title])
        writer.writerow(header)
        writer.writerows(rows)
        writer.writerow([])
    return out.getvalue().encode()


def _sections(report: Report) -> Iterable[tuple[str, _Row, list[_Row]]]:
    yield "Reconciliation report", ("field", "value"), list(_head(report))
    yield (
        "1. Rides charged, by what paid them",
        ("currency", "day", "rides", "card", "wallet", "cash", "granted credit", "owed by rider", "total"),
        [
            (
                day.currency_code,
                label,
                day.ride_count,
                *_amounts(
                    day.currency_code,
                    day.card_minor,
                    day.wallet_minor,
                    day.cash_minor,
                    day.credit_minor,
                    day.on_account_minor,
                    day.total_minor,
                ),
            )
            for label, day in _with_totals(report.collected)
        ],
    )
    yield (
        "2. Account psp_receivable, day by day: opening and all movements make the closing balance",
        (
            "currency",
            "day",
            "opening",
            "rides captured",
            "charged at once",
            "refunded",
            "disputed",
            "paid to drivers",
            "fees",
            "settled to bank",
            "corrections",
            "closing",
        ),
        [
            (
                day.currency_code,
                label,
                *_amounts(
                    day.currency_code,
                    day.opening_minor,
                    day.captured_minor,
                    day.charged_minor,
                    day.refunded_minor,
                    day.disputed_minor,
                    day.paid_to_drivers_minor,
                    day.fees_minor,
                    day.settled_minor,
                    day.corrected_minor,
                    day.closing_minor,
                ),
            )
            for label, day in _with_totals(report.clearing_days)
        ],
    )
    yield (
        "3. The PSP's own list, by the PSP's dates",
        ("currency", "kind", "transactions", "amount", "fees", "net", "not matched", "not matched, net"),
        [
            (
                one.currency_code,
                one.kind,
                one.count,
                *_amounts(one.currency_code, one.amount_minor, one.fee_minor, one.net_minor),
                one.unmatched_count,
                decimal_text(one.currency_code, one.unmatched_minor),
            )
            for one in report.listed
        ],
    )
    yield (
        "4. Clearing accounts now, by age of what they hold",
        ("currency", "account", "balance", "up to 1 day", "1 to 7 days", "7 to 30 days", "older"),
        [
            (
                age.currency_code,
                age.account_kind,
                *_amounts(
                    age.currency_code,
                    age.balance_minor,
                    age.to_1_day_minor,
                    age.to_7_days_minor,
                    age.to_30_days_minor,
                    age.older_minor,
                ),
            )
            for age in report.clearing
        ],
    )
    yield (
        "5. Open items" + (" (the oldest 1,000)" if report.items_are_cut else ""),
        ("opened (UTC)", "kind", "status", "currency", "PSP less ledger", "what", "PSP transaction", "item"),
        [
            (
                _time(item.opened_at),
                item.kind,
                item.status,
                item.amount.currency_code,
                decimal_text(item.amount.currency_code, item.amount.amount_minor),
                item.detail,
                item.psp_transaction_id or "",
                item.id,
            )
            for item in report.items
        ],
    )
    yield (
        "6. Trial balance now: debits above zero, credits below",
        ("currency", "account", "balance"),
        list(_trial_balance(report)),
    )


def _with_totals(days: Sequence[_Line]) -> Iterable[tuple[object, _Line]]:
    """Put a total behind the days of each currency that has several."""
    for _, of_currency in groupby(days, key=lambda day: day.currency_code):
        lines = list(of_currency)
        yield from ((line.day, line) for line in lines)
        if len(lines) > 1:
            yield "total", total_of(lines)


def _head(report: Report) -> Iterable[_Row]:
    yield "first day", report.first_day
    yield "last day", report.last_day
    yield "days are", "UTC"
    yield "read at", _time(report.read_at)
    run = report.last_run
    yield "last reconciliation", "never" if run is None or run.finished_at is None else _time(run.finished_at)
    yield "open items", f"more than {len(report.items)}" if report.items_are_cut else len(report.items)


def _trial_balance(report: Report) -> Iterable[_Row]:
    for currency in report.trial_balance.currencies:
        code = currency.currency_code
        for account in report.trial_balance.accounts:
            if account.currency_code == code:
                yield code, account.account_kind, decimal_text(code, account.balance_minor)
        yield code, "sum of all", decimal_text(code, currency.sum_minor)


def _amounts(code: str, *amounts_minor: int) -> tuple[str, ...]:
    return tuple(decimal_text(code, amount_minor) for amount_minor in amounts_minor)


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
