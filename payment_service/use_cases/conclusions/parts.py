"""What the conclusions share."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from payment_service.domain.operation import Operation
from payment_service.domain.payment import Payment
from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.answers import Refusal
from payment_service.use_cases.outcomes import ActionRequired, Declined, Succeeded
from payment_service.use_cases.ports import Work
from shared_kernel.ids import IdSource

_log = logging.getLogger(__name__)

Definite = Succeeded | Declined | ActionRequired
"""Outcomes that end an operation."""


@dataclass(frozen=True, slots=True)
class Concluding:
    """An operation that ends now, in a transaction that holds the locks of its subject and of itself."""

    work: Work
    operation: Operation
    now: datetime
    ids: IdSource


async def payment_of(concluding: Concluding) -> Payment:
    operation = concluding.operation
    if operation.payment_id is None:
        raise ValueError(f"operation {operation.id} belongs to no payment")
    return await concluding.work.payments.lock(operation.payment_id)


async def method_of(work: Work, payment: Payment) -> PaymentMethod | None:
    if payment.payment_method_id is None:
        return None
    return await work.payment_methods.get(payment.payment_method_id)


async def still_held(
    work: Work, payment: Payment, outcome: Definite, reason: str, message: str, *, passes: bool = False
) -> Refusal:
    """Return a payment to held: the PSP refused what was to be done with the hold."""
    _log.error(message, extra={"payment_id": str(payment.id), "psp_reason": reason_of(outcome)})
    await work.payments.save(payment.still_held())
    return Refusal("conflict", reason, message, reason_of(outcome), passes=passes)


def reason_of(outcome: Definite) -> str:
    """Return the PSP's reason for a refusal, empty for a success."""
    match outcome:
        case Succeeded():
            return ""
        case Declined(reason):
            return reason
        case ActionRequired():
            # Nobody is there to act: cards are asked while the rider waits for a car, or is long gone.
            return "authentication_required"
