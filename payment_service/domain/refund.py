"""Refunds: captured money that goes back to its rider, and who bears it.

new ─> pending ─┬─> paid ─> failed   (the card's bank may return it days later)
                └─> failed
Into the rider's wallet it is paid at once: new ─> paid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from payment_service.domain.ledger import Posting
from shared_kernel.errors import Conflict
from shared_kernel.money import Money


class RefundStatus(StrEnum):
    """Where a refund stands."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


TRANSITIONS: frozenset[tuple[str, RefundStatus]] = frozenset(
    {
        ("new", RefundStatus.PENDING),
        ("new", RefundStatus.PAID),
        (RefundStatus.PENDING, RefundStatus.PAID),
        (RefundStatus.PENDING, RefundStatus.FAILED),
        (RefundStatus.PAID, RefundStatus.FAILED),
    }
)
"""All legal moves. The database holds the same table (`refund_transition`) and refuses every other move."""


class BorneBy(StrEnum):
    """Whose money a refund is."""

    PROPORTIONAL = "proportional"
    """Of all who had a share of the charge, in their shares."""
    PLATFORM = "platform"
    """The platform's alone: goodwill."""


class Destination(StrEnum):
    """Where a refund goes."""

    CARD = "card"
    WALLET = "wallet"


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as the PSP shows it; `refund_id` is ours, where it was asked by us."""

    psp_refund_id: str
    psp_payment_id: str
    refund_id: UUID | None
    amount: Money
    status: RefundStatus
    failure_reason: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund. `shares` are debits of those who bear it, and add up to `amount`.

    `looks` counts how often the PSP was asked what became of it, `look_at` is when it is asked next: a webhook may
    never come.
    """

    id: UUID
    payment_id: UUID
    ride_id: UUID | None
    rider_id: UUID
    amount: Money
    reason: str
    borne_by: BorneBy
    destination: Destination
    shares: tuple[Posting, ...]
    status: RefundStatus
    psp_refund_id: str
    failure_reason: str
    looks: int
    look_at: datetime | None
    created_at: datetime
    paid_at: datetime | None
    failed_at: datetime | None
    version: int

    @classmethod
    def begin(
        cls,
        refund_id: UUID,
        payment_id: UUID,
        ride_id: UUID | None,
        rider_id: UUID,
        amount: Money,
        reason: str,
        borne_by: BorneBy,
        shares: tuple[Posting, ...],
        at: datetime,
        *,
        to_card: bool,
    ) -> Refund:
        """Begin a refund: pending at the PSP, or paid into the wallet."""
        return cls(
            id=refund_id,
            payment_id=payment_id,
            ride_id=ride_id,
            rider_id=rider_id,
            amount=amount,
            reason=reason,
            borne_by=borne_by,
            destination=Destination.CARD if to_card else Destination.WALLET,
            shares=shares,
            status=RefundStatus.PENDING if to_card else RefundStatus.PAID,
            psp_refund_id="",
            failure_reason="",
            looks=0,
            look_at=None,
            created_at=at,
            paid_at=None if to_card else at,
            failed_at=None,
            version=1,
        )

    def accepted(self, psp_refund_id: str, at: datetime) -> Refund:
        """Know the refund's name at the PSP, which will tell how it ends."""
        return self._changed(psp_refund_id=psp_refund_id, looks=0, look_at=next_look(self.status, 0, at))

    def paid(self, psp_refund_id: str, at: datetime) -> Refund:
        return self._moved(
            RefundStatus.PAID,
            psp_refund_id=psp_refund_id,
            paid_at=at,
            looks=0,
            look_at=next_look(RefundStatus.PAID, 0, at),
        )

    def failed(self, reason: str, at: datetime, psp_refund_id: str = "") -> Refund:
        return self._moved(
            RefundStatus.FAILED,
            psp_refund_id=psp_refund_id or self.psp_refund_id,
            failure_reason=reason or "failed",
            failed_at=at,
            look_at=None,
        )

    def looked(self, at: datetime) -> Refund:
        """Count a look that found nothing new."""
        looks = self.looks + 1
        return self._changed(looks=looks, look_at=next_look(self.status, looks, at))

    def _moved(self, status: RefundStatus, **changes: Any) -> Refund:
        if (self.status, status) not in TRANSITIONS:
            raise Conflict(
                "invalid_transition",
                f"a refund that is {self.status} cannot become {status}",
                metadata={"status": self.status},
            )
        return self._changed(status=status, **changes)

    def _changed(self, **changes: Any) -> Refund:
        return replace(self, version=self.version + 1, **changes)


_PENDING_LOOKS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600))
_LATE_LOOK = timedelta(hours=6)
_PAID_LOOKS = tuple(timedelta(days=days) for days in (1, 3, 10, 16))
"""Stripe: a refund may fail up to thirty days after it was made."""


def next_look(status: RefundStatus, looks: int, at: datetime) -> datetime | None:
    """Return when the PSP is asked about a refund unasked: a pending one for ever, a paid one for thirty days."""
    if status is RefundStatus.PENDING:
        return at + (_PENDING_LOOKS[looks] if looks < len(_PENDING_LOOKS) else _LATE_LOOK)
    if status is RefundStatus.PAID and looks < len(_PAID_LOOKS):
        return at + _PAID_LOOKS[looks]
    return None
