"""The reconciliation report as JSON: amounts as `{"minor": 1250, "text": "12.50"}`, dates and times as ISO 8601."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from payment_service.domain.report import Report
from payment_service.entrypoints.decimals import decimal_text

_MINOR = "_minor"


def report_as_json(report: Report) -> bytes:
    """Write the report (UTF-8)."""
    run = report.last_run
    document = {
        "report": "reconciliation",
        "first_day": report.first_day.isoformat(),
        "last_day": report.last_day.isoformat(),
        "time_zone": "UTC",
        "read_at": report.read_at.isoformat(),
        "last_reconciliation_at": None if run is None or run.finished_at is None else run.finished_at.isoformat(),
        "rides_charged": _lines(report.collected),
        "psp_receivable_by_day": _lines(report.clearing_days),
        "psp_list": _lines(report.listed),
        "clearing_accounts": _lines(report.clearing),
        "open_items": [
            {
                "item_id": str(item.id),
                "kind": item.kind.value,
                "status": item.status.value,
                "currency_code": item.amount.currency_code,
                "difference": _amount(item.amount.currency_code, item.amount.amount_minor),
                "detail": item.detail,
                "psp_transaction_id": item.psp_transaction_id,
                "opened_at": item.opened_at.isoformat(),
            }
            for item in report.items
        ],
        "open_items_are_cut": report.items_are_cut,
        "trial_balance": [
            {
                "currency_code": currency.currency_code,
                "sum": _amount(currency.currency_code, currency.sum_minor),
                "accounts": {
                    account.account_kind: _amount(account.currency_code, account.balance_minor)
                    for account in report.trial_balance.accounts
                    if account.currency_code == currency.currency_code
                },
            }
            for currency in report.trial_balance.currencies
        ],
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def _lines(lines: Iterable[Any]) -> list[dict[str, Any]]:
    """Write flat lines of the report: each field, amounts in both forms, and the sums that the line knows."""
    return [{name.removesuffix(_MINOR): _value(line, name) for name in [*_names(line), *_sums(line)]} for line in lines]


def _names(line: Any) -> list[str]:
    return [field.name for field in fields(line)]


def _sums(line: Any) -> list[str]:
    return [name for name in ("total_minor", "closing_minor", "net_minor") if hasattr(line, name)]


def _value(line: Any, name: str) -> Any:
    value = getattr(line, name)
    if name.endswith(_MINOR):
        return _amount(line.currency_code, value)
    return value if isinstance(value, int | str) else value.isoformat()


def _amount(code: str, amount_minor: int) -> dict[str, Any]:
    return {"minor": amount_minor, "text": decimal_text(code, amount_minor)}
