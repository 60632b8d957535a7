"""Complaints: what a rider says was wrong with a ride, and what became of it. (A dispute is a card's bank's.)

OPEN ── operator gives money back ──▶ REFUND_PENDING ── payment has the refund ──▶ REFUNDED
  │  ▲                                      │
  │  └────────── payment refused it ────────┘
  └──── operator says no, and why ──▶ REJECTED
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from matching_service.domain.ride import Ride
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.money import Money

COMPLAIN_WITHIN = timedelta(days=30)
MAX_COMPLAINTS = 5
"""Of a ride: who was told no may have something else to say, but not for ever."""
MAX_WORDS_LENGTH = 1000
MAX_ANSWER_LENGTH = 500


class ComplaintReason(StrEnum):
    """What was wrong; the names are those of the contract's ComplaintReason."""

    OVERCHARGED = "overcharged"
    WRONG_ROUTE = "wrong_route"
    NOT_MY_RIDE = "not_my_ride"
    ASKED_FOR_CASH = "asked_for_cash"
    OTHER = "other"


class ComplaintState(StrEnum):
    """Where a complaint stands; the names are those of the contract's ComplaintState."""

    OPEN = "open"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    REJECTED = "rejected"


UNDECIDED_STATES: Final = frozenset({ComplaintState.OPEN, ComplaintState.REFUND_PENDING})
"""Of these a ride has one complaint at most."""


class RefundBorneBy(StrEnum):
    """Who bears a refund; the names are those of payment_service's RefundBorneBy."""

    PROPORTIONAL = "proportional"
    """All who had a share of the charge, the driver among them."""
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class RefundDecision:
    """What an operator gives back: an amount, or all that is left of what the ride's own payment brought."""

    amount: Money | None
    borne_by: RefundBorneBy


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint. `number` counts those of the ride; `answer` is what the operator tells the rider."""

    id: UUID
    ride_id: UUID
    rider_id: UUID
    number: int
    reason: ComplaintReason
    words: str
    raised_at: datetime
    state: ComplaintState = ComplaintState.OPEN
    version: int = 1
    answer: str = ""
    decided_by: UUID | None = None
    refund: RefundDecision | None = None
    refund_id: UUID | None = None
    refusal: str = ""
    """Why payment_service refused the last refund that was tried."""
    closed_at: datetime | None = None

    @property
    def refund_key(self) -> str:
        """The key under which payment_service is asked: another one for each decision, the same for each try of it."""
        return f"{self.id}:refund:{self.version}"

    def refunding(self, operator_id: UUID, refund: RefundDecision, answer: str) -> Self:
        """Decide to give money back. Raises Conflict `complaint_decided`."""
        decided = self._decided(ComplaintState.REFUND_PENDING, operator_id, answer)
        return replace(decided, refund=refund, refusal="")

    def rejected(self, operator_id: UUID, answer: str, now: datetime) -> Self:
        """Decide that nothing is given back. Raises Conflict `complaint_decided`."""
        return replace(self._decided(ComplaintState.REJECTED, operator_id, answer), closed_at=now)

    def refunded(self, refund_id: UUID, now: datetime) -> Self:
        """payment_service has the refund; where it stands is told by that."""
        return replace(
            self, state=ComplaintState.REFUNDED, refund_id=refund_id, closed_at=now, version=self.version + 1
        )

    def refund_refused(self, refusal: str) -> Self:
        """payment_service refused it: the complaint is open again."""
        return replace(
            self,
            state=ComplaintState.OPEN,
            refusal=refusal,
            refund=None,
            decided_by=None,
            answer="",
            version=self.version + 1,
        )

    def _decided(self, state: ComplaintState, operator_id: UUID, answer: str) -> Self:
        if self.state is not ComplaintState.OPEN:
            raise complaint_decided(self)
        return replace(self, state=state, decided_by=operator_id, answer=answer, version=self.version + 1)


def complain(
    complaint_id: UUID, ride: Ride, number: int, reason: ComplaintReason, words: str, now: datetime
) -> Complaint:
    """Complain of a ride that is over.

    Raises:
        Conflict: `ride_not_over`, `complaint_window_over`, `too_many_complaints`.
    """
    if ride.ended_at is None:
        raise Conflict("ride_not_over", "the ride is not over yet")
    if now - ride.ended_at > COMPLAIN_WITHIN:
        raise Conflict("complaint_window_over", f"a ride is complained of within {COMPLAIN_WITHIN.days} days")
    if number > MAX_COMPLAINTS:
        raise Conflict("too_many_complaints", f"a ride is complained of {MAX_COMPLAINTS} times at most")
    return Complaint(complaint_id, ride.id, ride.rider_id, number, reason, words, now)


def complaint_decided(complaint: Complaint) -> Conflict:
    """Make the refusal for a complaint that was decided."""
    return Conflict(
        "complaint_decided", f"the complaint is {complaint.state}", metadata={"complaint_state": complaint.state.value}
    )


def complaint_not_found() -> NotFound:
    """Make the refusal for a complaint that does not exist or is somebody else's."""
    return NotFound("complaint_not_found", "there is no such complaint")
