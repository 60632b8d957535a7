"""What happened to payments, told to the other services. The version of an event is the payment's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.charge import Receipt
from payment_service.domain.payment import Payment


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """An amount is held for a ride."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class HoldDeclined:
    """The PSP refused the hold."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    """Money was collected and the ledger written."""

    payment: Payment
    receipt: Receipt
    driver_id: UUID


@dataclass(frozen=True, slots=True)
class HoldVoided:
    """The hold was released."""

    payment: Payment


PaymentEvent = HoldPlaced | HoldDeclined | PaymentCaptured | HoldVoided
