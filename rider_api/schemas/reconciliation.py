"""Reconciliation with the PSP's own list, and the ledger's audit of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from rider_api.schemas.common import (
    MAX_AMOUNT_MINOR,
    Answer,
    Money,
    OpenEnum,
    PageQuery,
    Parameters,
    ReconciliationItemId,
    ReconciliationRunId,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
    timestamp_or_none,
)
from ridesharing.common.v1 import money_pb2
from ridesharing.payment.v1 import reconciliation_service_pb2

RUN_STATUSES = OpenEnum(reconciliation_service_pb2.ReconciliationRunStatus.items(), "RECONCILIATION_RUN_STATUS")
ITEM_STATUSES = OpenEnum(reconciliation_service_pb2.ReconciliationItemStatus.items(), "RECONCILIATION_ITEM_STATUS")
RESOLUTIONS = OpenEnum(reconciliation_service_pb2.ItemResolution.items(), "ITEM_RESOLUTION")


class ReconciliationRunPath(Parameters):
    """Names a run."""

    run_id: ReconciliationRunId


class ReconciliationRun(Answer):
    """One comparison of the ledger with the PSP's own list."""

    id: str = Field(examples=["recon_01h4556qpqexqvskwzpczs00jq"])
    status: str = Field(examples=["completed"])
    phase: str = Field(examples=["done"])
    since: Timestamp | None = Field(description="From where on the PSP's list was read; null from its beginning.")
    imported_count: int
    matched_count: int
    opened_count: int
    closed_count: int
    detail: str | None = Field(description="Why it rests or failed.")
    started_at: Timestamp
    ended_at: Timestamp | None


def reconciliation_run(message: reconciliation_service_pb2.ReconciliationRun) -> ReconciliationRun:
    """Convert a run."""
    return ReconciliationRun(
        id=public_id("recon", message.run_id),
        status=RUN_STATUSES.text(message.status),
        phase=message.phase,
        since=timestamp_or_none(message, "since_time"),
        imported_count=message.imported_count,
        matched_count=message.matched_count,
        opened_count=message.opened_count,
        closed_count=message.closed_count,
        detail=message.detail or None,
        started_at=timestamp(message.start_time),
        ended_at=timestamp_or_none(message, "end_time"),
    )


class ReconciliationRuns(Answer):
    """A page of runs, newest first."""

    items: list[ReconciliationRun]
    next_cursor: str | None


class ReconciliationItemsQuery(PageQuery):
    """Which items."""

    include_closed: Literal["true", "false"] = "false"


class ReconciliationItemPath(Parameters):
    """Names an item."""

    item_id: ReconciliationItemId


class ReconciliationItem(Answer):
    """Something that does not agree."""

    id: str = Field(examples=["item_01h4556qpqexqvskwzpczs00jq"])
    kind: str = Field(examples=["amount_differs"])
    reference: str
    amount: Money = Field(description="What the PSP says less what the ledger says.")
    detail: str
    psp_transaction_id: str | None
    payment_id: str | None
    status: str = Field(examples=["open"])
    resolution: str | None
    note: str | None
    resolved_by: str | None
    opened_at: Timestamp
    closed_at: Timestamp | None


def reconciliation_item(message: reconciliation_service_pb2.ReconciliationItem) -> ReconciliationItem:
    """Convert an item."""
    return ReconciliationItem(
        id=public_id("item", message.item_id),
        kind=message.kind,
        reference=message.reference,
        amount=money(message.amount),
        detail=message.detail,
        psp_transaction_id=message.psp_transaction_id or None,
        payment_id=public_id_or_none("pay", message.payment_id),
        status=ITEM_STATUSES.text(message.status),
        resolution=message.resolution or None,
        note=message.note or None,
        resolved_by=message.resolved_by or None,
        opened_at=timestamp(message.open_time),
        closed_at=timestamp_or_none(message, "close_time"),
    )


class ReconciliationItems(Answer):
    """A page of items, oldest first."""

    items: list[ReconciliationItem]
    next_cursor: str | None


class SeenAmount(Request):
    """A difference as it was told, in the currency's minor unit (cents for USD); it may be below zero."""

    currency_code: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])
    amount_minor: int = Field(ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR, examples=[-30])

    def message(self) -> money_pb2.Money:
        """Write it for the contracts."""
        return money_pb2.Money(currency_code=self.currency_code, amount_minor=self.amount_minor)


class ItemResolution(Request):
    """Resolves an item."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "resolution": "booked",
                    "account_kind": "psp_fee",
                    "note": "a fee that came without notice",
                    "seen_amount": {"currency_code": "USD", "amount_minor": -30},
                }
            ]
        }
    )
    resolution: Literal["explained", "suspense", "booked"]
    account_kind: str = Field(default="", max_length=40, description="Where to book it: with `booked` only.")
    note: str = Field(min_length=1, max_length=500, description="Why, for whoever audits this.")
    seen_amount: SeenAmount | None = Field(
        default=None,
        description="The item's `amount` that this was decided on: where it is another one by now, nothing is done "
        "(409 `item_changed`). Without it whatever the item stands at is resolved.",
    )

    @model_validator(mode="after")
    def _books_to_an_account(self) -> ItemResolution:
        if (self.resolution == "booked") != bool(self.account_kind):
            raise ValueError("account_kind says where a difference is booked to, and is empty otherwise")
        return self


class LedgerDifference(Answer):
    """A contradiction of the ledger with itself: a defect."""

    kind: str = Field(examples=["balance"])
    reference: str
    kept: Money
    expected: Money
    detail: str


class LedgerAudit(Answer):
    """The result of a part of the ledger's audit; ask with `next_cursor` for the next one."""

    differences: list[LedgerDifference]
    account_count: int
    entry_count: int
    next_cursor: str | None


def ledger_audit(message: reconciliation_service_pb2.VerifyLedgerResponse, next_cursor: str | None) -> LedgerAudit:
    """Convert a part of an audit."""
    return LedgerAudit(
        differences=[
            LedgerDifference(
                kind=item.kind,
                reference=item.reference,
                kept=money(item.kept),
                expected=money(item.expected),
                detail=item.detail,
            )
            for item in message.differences
        ],
        account_count=message.account_count,
        entry_count=message.entry_count,
        next_cursor=next_cursor,
    )


class AuditQuery(Parameters):
    """Which part of the audit."""

    cursor: str = Field(default="", max_length=512, description="The `next_cursor` of the part before.")
