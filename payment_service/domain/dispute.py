"""Disputes: a cardholder wants a charge's money back, and the card's bank decides.

new ─> inquiry ─┬─> closed                (nothing was withdrawn)
                └─> needs_response
new ─> needs_response ─> under_review ─> won | lost
It is often first seen late: every status may be the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_kernel.errors import Conflict


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    INQUIRY = "inquiry"
    """The bank asks first; no money has moved."""
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"
    """An inquiry that came to nothing."""

    @property
    def is_over(self) -> bool:
        return self in (DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.CLOSED)

    @property
    def bars_refunds(self) -> bool:
        """Whether the bank has taken the money already, or may: a refund would pay the rider twice."""
        return self in (DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW, DisputeStatus.LOST)


_NEXT: dict[str, tuple[DisputeStatus, ...]] = {
    "new": tuple(DisputeStatus),
    DisputeStatus.INQUIRY: (
        DisputeStatus.NEEDS_RESPONSE,
        DisputeStatus.UNDER_REVIEW,
        DisputeStatus.WON,
        DisputeStatus.LOST,
        DisputeStatus.CLOSED,
    ),
    DisputeStatus.NEEDS_RESPONSE: (DisputeStatus.UNDER_REVIEW, DisputeStatus.WON, DisputeStatus.LOST),
    DisputeStatus.UNDER_REVIEW: (DisputeStatus.WON, DisputeStatus.LOST),
}
TRANSITIONS: frozenset[tuple[str, DisputeStatus]] = frozenset(
    (previous, status) for previous, following in _NEXT.items() for status in following
)
"""All legal moves. The database holds the same table (`dispute_transition`) and refuses every other move."""


class LossBorneBy(StrEnum):
    """Whose loss a lost dispute is."""

    PLATFORM = "platform"
    DRIVER = "driver"


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A dispute as the PSP shows it; amounts are minor units of `currency_code`.

    `withdrawn` was taken from our balance for it and `reinstated` came back; `fee` is what it cost, fees that came
    back taken off.
    """

    psp_dispute_id: str
    psp_payment_id: str
    currency_code: str
    amount_minor: int
    withdrawn_minor: int
    reinstated_minor: int
    fee_minor: int
    reason: str
    status: DisputeStatus
    evidence_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute. Amounts are minor units of `currency_code`, as booked so far: see SeenDispute."""

    id: UUID
    psp_dispute_id: str
    payment_id: UUID
    ride_id: UUID | None
    currency_code: str
    amount_minor: int
    withdrawn_minor: int
    reinstated_minor: int
    fee_minor: int
    reason: str
    status: DisputeStatus
    borne_by: LossBorneBy
    evidence_due_at: datetime | None
    look_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    version: int

    @classmethod
    def opened(
        cls,
        dispute_id: UUID,
        payment_id: UUID,
        ride_id: UUID | None,
        seen: SeenDispute,
        borne_by: LossBorneBy,
        at: datetime,
    ) -> Dispute:
        """Write down a dispute that is seen for the first time; no money of it is booked yet."""
        return cls(
            id=dispute_id,
            psp_dispute_id=seen.psp_dispute_id,
            payment_id=payment_id,
            ride_id=ride_id,
            currency_code=seen.currency_code,
            amount_minor=seen.amount_minor,
            withdrawn_minor=0,
            reinstated_minor=0,
            fee_minor=0,
            reason=seen.reason,
            status=seen.status,
            borne_by=borne_by,
            evidence_due_at=seen.evidence_due_at,
            look_at=_next_look(seen, at),
            created_at=at,
            closed_at=at if seen.status.is_over else None,
            version=1,
        )

    def as_seen(self, seen: SeenDispute, at: datetime) -> Dispute:
        """Return the dispute as the PSP shows it, money and all.

        Raises:
            Conflict: `invalid_transition`, or `dispute_contradiction` where money that is booked would be gone or the
                dispute would be another one.
        """
        if seen.status is not self.status and (self.status, seen.status) not in TRANSITIONS:
            raise Conflict(
                "invalid_transition",
                f"a dispute that is {self.status} cannot become {seen.status}",
                metadata={"status": self.status},
            )
        booked = self.withdrawn_minor, self.reinstated_minor
        shown = seen.withdrawn_minor, seen.reinstated_minor
        changed_late = any(was and was != now for was, now in zip(booked, shown, strict=True))
        if changed_late or seen.reinstated_minor not in (0, seen.withdrawn_minor):
            raise Conflict("dispute_contradiction", "the PSP shows other money than is booked")
        if seen.currency_code != self.currency_code:
            raise Conflict("dispute_contradiction", "the PSP shows another currency")
        return replace(
            self,
            amount_minor=seen.amount_minor,
            withdrawn_minor=seen.withdrawn_minor,
            reinstated_minor=seen.reinstated_minor,
            fee_minor=seen.fee_minor,
            reason=seen.reason,
            status=seen.status,
            evidence_due_at=seen.evidence_due_at,
            look_at=_next_look(seen, at),
            closed_at=self.closed_at or (at if seen.status.is_over else None),
            version=self.version + 1,
        )

    def looked(self, at: datetime) -> Dispute:
        """Count a look that found nothing new."""
        return replace(self, look_at=_next_look(self, at), version=self.version + 1)

    def borne(self, borne_by: LossBorneBy) -> Dispute:
        """Decide whose loss it will be, while it is open: Conflict `dispute_closed` after that."""
        if self.status.is_over:
            raise Conflict("dispute_closed", f"the dispute is {self.status}")
        return replace(self, borne_by=borne_by, version=self.version + 1)


_LOOK_EVERY = timedelta(hours=1)


def _next_look(shown: SeenDispute | Dispute, at: datetime) -> datetime | None:
    owed = shown.status is DisputeStatus.WON and shown.reinstated_minor != shown.withdrawn_minor
    return at + _LOOK_EVERY if owed or not shown.status.is_over else None
