"""What happened to payments, told to the other services. An event's aggregate is the payment, its version the row's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.payment import Payment
from payment_service.domain.receipt import Receipt


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


@dataclass(frozen=True, slots=True)
class ChargeDeclined(_OfPayment):
    """Money could not be collected; what was to be paid with it is still owed, or was not done."""


PaymentEvent = (
    HoldPlaced
    | HoldIncremented
    | HoldDeclined
    | HoldExpired
    | PaymentCaptured
    | HoldVoided
    | ChargeCollected
    | ChargeDeclined
)
