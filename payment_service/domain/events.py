"""What happened, told to the other services.

An event's aggregate is the payment, the refund, the dispute, the payout or the driver that it tells of, its version
the row's.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.dispute import Dispute
from payment_service.domain.payment import Payment, Purpose
from payment_service.domain.payout import Payout
from payment_service.domain.receipt import Receipt
from payment_service.domain.refund import Refund
from payment_service.domain.standing import DriverStandingChanged


@dataclass(frozen=True, slots=True)
class _OfPayment:
    payment: Payment

    @property
    def aggregate_id(self) -> UUID:
        return self.payment.id

    @property
    def aggregate_version(self) -> int:
        return self.payment.version


@dataclass(frozen=True, slots=True)
class HoldPlaced(_OfPayment):
    """An amount is held for a ride."""


@dataclass(frozen=True, slots=True)
class HoldIncremented(_OfPayment):
    """More is held for a ride than before."""


@dataclass(frozen=True, slots=True)
class HoldDeclined(_OfPayment):
    """The hold was refused."""


@dataclass(frozen=True, slots=True)
class HoldExpired(_OfPayment):
    """The PSP let go of the hold by itself."""


@dataclass(frozen=True, slots=True)
class PaymentCaptured(_OfPayment):
    """Money was collected for a ride and the ledger written."""

    receipt: Receipt
    driver_id: UUID


@dataclass(frozen=True, slots=True)
class HoldVoided(_OfPayment):
    """The hold was released."""


@dataclass(frozen=True, slots=True)
class ChargeCollected(_OfPayment):
    """Money was collected at once: above a hold, a tip, debts or wallet money."""

    @property
    def tipped_driver_id(self) -> UUID | None:
        """Who has a tip; None for all else."""
        return self.payment.driver_id if self.payment.purpose is Purpose.TIP else None


@dataclass(frozen=True, slots=True)
class ChargeDeclined(_OfPayment):
    """Money could not be collected; what was to be paid with it is still owed, or was not done."""


@dataclass(frozen=True, slots=True)
class _OfRefund:
    refund: Refund

    @property
    def aggregate_id(self) -> UUID:
        return self.refund.id

    @property
    def aggregate_version(self) -> int:
        return self.refund.version


@dataclass(frozen=True, slots=True)
class RefundPaid(_OfRefund):
    """Money went back to a rider."""


@dataclass(frozen=True, slots=True)
class RefundFailed(_OfRefund):
    """A refund did not reach its rider, and whoever bore it has the money again."""


@dataclass(frozen=True, slots=True)
class _OfDispute:
    dispute: Dispute

    @property
    def aggregate_id(self) -> UUID:
        return self.dispute.id

    @property
    def aggregate_version(self) -> int:
        return self.dispute.version


@dataclass(frozen=True, slots=True)
class DisputeOpened(_OfDispute):
    """A cardholder wants the money of a charge back."""


@dataclass(frozen=True, slots=True)
class DisputeClosed(_OfDispute):
    """A dispute was won or lost, or came to nothing."""


@dataclass(frozen=True, slots=True)
class _OfPayout:
    payout: Payout

    @property
    def aggregate_id(self) -> UUID:
        return self.payout.id

    @property
    def aggregate_version(self) -> int:
        return self.payout.version


@dataclass(frozen=True, slots=True)
class PayoutPaid(_OfPayout):
    """A payout is in the driver's bank, as far as the PSP knows."""


@dataclass(frozen=True, slots=True)
class PayoutFailed(_OfPayout):
    """A payout was refused or returned, and the driver's balance has the money again."""


PaymentEvent = (
    HoldPlaced
    | HoldIncremented
    | HoldDeclined
    | HoldExpired
    | PaymentCaptured
    | HoldVoided
    | ChargeCollected
    | ChargeDeclined
    | RefundPaid
    | RefundFailed
    | DisputeOpened
    | DisputeClosed
    | PayoutPaid
    | PayoutFailed
    | DriverStandingChanged
)
