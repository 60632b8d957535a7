"""What the PSP in memory knows of refunds and disputes, and what tests let happen to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from payment_service.domain.dispute import DisputeStatus, SeenDispute
from payment_service.domain.refund import RefundStatus, SeenRefund
from payment_service.use_cases.outcomes import NotSent, Unknown
from payment_service.use_cases.psp_objects import SeenDisputes, SeenPayment, SeenPaymentState
from shared_kernel.money import Money

DISPUTE_FEE_MINOR = 1500


@dataclass
class Intent:
    """A payment at the PSP; the counters show whether anything happened twice."""

    id: str
    operation_id: UUID
    ride_id: UUID | None
    amount_minor: int
    authorizations: int = 1
    captures: int = 0
    captured_minor: int = 0
    voided: bool = False


@dataclass
class FakeObjects:
    """See `psp_objects.PspObjects`."""

    prefix: str = "fake"
    """Begins all names it gives, so that the names of two differ."""
    intents: dict[str, Intent] = field(default_factory=dict[str, Intent])
    refunds: dict[str, SeenRefund] = field(default_factory=dict[str, SeenRefund])
    refund_operations: dict[UUID, str] = field(default_factory=dict[UUID, str])
    disputes: dict[str, SeenDispute] = field(default_factory=dict[str, SeenDispute])
    dispute_operations: dict[UUID, str] = field(default_factory=dict[UUID, str])
    refunds_begin: RefundStatus = RefundStatus.PAID
    silent: bool = False
    """While set, nothing that is only read is answered."""
    looks: list[str] = field(default_factory=list[str])
    """What was asked for, by name."""

    def refund_ends(self, psp_refund_id: str, status: RefundStatus, reason: str = "") -> None:
        """Let a refund become paid, or fail."""
        self.refunds[psp_refund_id] = replace(self.refunds[psp_refund_id], status=status, failure_reason=reason)

    def dispute_opens(self, psp_payment_id: str, status: DisputeStatus = DisputeStatus.NEEDS_RESPONSE) -> str:
        """Let the cardholder of a captured payment dispute it; returns the dispute's name."""
        intent = self.intents[psp_payment_id]
        name = f"du_{self.prefix}_{len(self.disputes) + 1}"
        left = intent.captured_minor - self.refunded_minor(psp_payment_id)
        self.disputes[name] = SeenDispute(
            psp_dispute_id=name,
            psp_payment_id=psp_payment_id,
            currency_code="USD",
            amount_minor=left,
            withdrawn_minor=0,
            reinstated_minor=0,
            fee_minor=0,
            reason="fraudulent",
            status=status,
            evidence_due_at=datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=9),
        )
        if status is not DisputeStatus.INQUIRY:
            self.dispute_withdraws(name)
        return name

    def dispute_withdraws(self, name: str) -> None:
        """Let the PSP take the money of a dispute, and its fee."""
        dispute = self.disputes[name]
        status = DisputeStatus.NEEDS_RESPONSE if dispute.status is DisputeStatus.INQUIRY else dispute.status
        self.disputes[name] = replace(
            dispute, withdrawn_minor=dispute.amount_minor, fee_minor=DISPUTE_FEE_MINOR, status=status
        )

    def dispute_ends(self, name: str, status: DisputeStatus) -> None:
        """Let the bank decide; what is won comes back."""
        dispute = self.disputes[name]
        reinstated = dispute.withdrawn_minor if status is DisputeStatus.WON else 0
        self.disputes[name] = replace(dispute, status=status, reinstated_minor=reinstated)

    def refunded_minor(self, psp_payment_id: str) -> int:
        """Return what went back of a payment, or is on its way."""
        return sum(
            refund.amount.amount_minor
            for refund in self.refunds.values()
            if refund.psp_payment_id == psp_payment_id and refund.status is not RefundStatus.FAILED
        )

    def make_refund(self, operation_id: UUID, refund_id: UUID, psp_payment_id: str, amount: Money) -> SeenRefund:
        name = f"re_{self.prefix}_{len(self.refunds) + 1}"
        made = SeenRefund(name, psp_payment_id, refund_id, amount, self.refunds_begin)
        self.refunds[name] = made
        self.refund_operations[operation_id] = name
        return made

    async def see_payment(self, psp_payment_id: str) -> SeenPayment | NotSent | Unknown | None:
        self.looks.append(psp_payment_id)
        if self.silent:
            return Unknown("ReadTimeout")
        intent = self.intents.get(psp_payment_id)
        if intent is None:
            return None
        state = SeenPaymentState.CAPTURED if intent.captures else SeenPaymentState.HELD
        return SeenPayment(psp_payment_id, SeenPaymentState.RELEASED if intent.voided else state)

    async def see_refund(self, psp_refund_id: str) -> SeenRefund | NotSent | Unknown | None:
        self.looks.append(psp_refund_id)
        return Unknown("ReadTimeout") if self.silent else self.refunds.get(psp_refund_id)

    async def see_refunds_of(self, psp_payment_id: str) -> Sequence[SeenRefund] | NotSent | Unknown:
        self.looks.append(psp_payment_id)
        if self.silent:
            return Unknown("ReadTimeout")
        return [refund for refund in self.refunds.values() if refund.psp_payment_id == psp_payment_id][::-1]

    async def see_dispute(self, psp_dispute_id: str) -> SeenDispute | NotSent | Unknown | None:
        self.looks.append(psp_dispute_id)
        return Unknown("ReadTimeout") if self.silent else self.disputes.get(psp_dispute_id)

    async def see_disputes_since(self, since: datetime, after: str) -> SeenDisputes | NotSent | Unknown:
        if self.silent:
            return Unknown("ReadTimeout")
        return SeenDisputes(list(self.disputes.values())[::-1], "")
