"""The payment of a ride: what was asked for, held, captured and released, and the moves between those."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.money import Money


class PaymentStatus(StrEnum):
    """Where a payment stands. A `…_pending` status means that an operation at the PSP is under way."""

    HOLD_PENDING = "hold_pending"
    HELD = "held"
    DECLINED = "declined"
    CAPTURE_PENDING = "capture_pending"
    CAPTURED = "captured"
    VOID_PENDING = "void_pending"
    VOIDED = "voided"

    @property
    def is_pending(self) -> bool:
        return self in (PaymentStatus.HOLD_PENDING, PaymentStatus.CAPTURE_PENDING, PaymentStatus.VOID_PENDING)


NEW = "new"
"""What comes before the first status."""

TRANSITIONS: frozenset[tuple[str, PaymentStatus]] = frozenset(
    {
        (NEW, PaymentStatus.HOLD_PENDING),
        (NEW, PaymentStatus.VOIDED),  # a ride closed before any hold: its payment is only a tombstone
        (PaymentStatus.HOLD_PENDING, PaymentStatus.HELD),
        (PaymentStatus.HOLD_PENDING, PaymentStatus.DECLINED),
        (PaymentStatus.HELD, PaymentStatus.CAPTURE_PENDING),
        (PaymentStatus.HELD, PaymentStatus.VOID_PENDING),
        (PaymentStatus.CAPTURE_PENDING, PaymentStatus.CAPTURED),
        (PaymentStatus.CAPTURE_PENDING, PaymentStatus.HELD),  # refused by the PSP
        (PaymentStatus.VOID_PENDING, PaymentStatus.VOIDED),
        (PaymentStatus.VOID_PENDING, PaymentStatus.HELD),  # refused by the PSP
    }
)
"""All legal moves. The database holds the same table (`payment_transition`) and refuses every other move."""


@dataclass(frozen=True, slots=True)
class Payment:
    """The money side of one ride. Amounts are minor units of `currency_code`.

    A tombstone (the record that no payment may follow for a ride) has no rider, no card and no currency.
    """

    id: UUID
    ride_id: UUID
    rider_id: UUID | None
    payment_method_id: UUID | None
    currency_code: str
    requested_minor: int
    authorized_minor: int
    captured_minor: int
    status: PaymentStatus
    decline_reason: str
    psp_payment_id: str
    driver_id: UUID | None
    captured_at: datetime | None
    version: int

    @classmethod
    def begin(cls, payment_id: UUID, ride_id: UUID, rider_id: UUID, payment_method_id: UUID, amount: Money) -> Payment:
        """Begin a payment whose hold is about to be asked for; the amount must be above zero (`invalid_amount`)."""
        if amount.amount_minor <= 0:
            raise InvalidInput(
                "invalid_amount",
                "the amount to hold must be above zero",
                violations=[FieldViolation("amount.amount_minor", "must be above zero")],
            )
        return cls(
            id=payment_id,
            ride_id=ride_id,
            rider_id=rider_id,
            payment_method_id=payment_method_id,
            currency_code=amount.currency_code,
            requested_minor=amount.amount_minor,
            authorized_minor=0,
            captured_minor=0,
            status=PaymentStatus.HOLD_PENDING,
            decline_reason="",
            psp_payment_id="",
            driver_id=None,
            captured_at=None,
            version=1,
        )

    @classmethod
    def tombstone(cls, payment_id: UUID, ride_id: UUID) -> Payment:
        """Record that a ride was closed before any hold, so that none may follow."""
        return cls(
            id=payment_id,
            ride_id=ride_id,
            rider_id=None,
            payment_method_id=None,
            currency_code="",
            requested_minor=0,
            authorized_minor=0,
            captured_minor=0,
            status=PaymentStatus.VOIDED,
            decline_reason="",
            psp_payment_id="",
            driver_id=None,
            captured_at=None,
            version=1,
        )

    @property
    def is_tombstone(self) -> bool:
        return self.rider_id is None

    def same_hold(self, rider_id: UUID, payment_method_id: UUID, amount: Money) -> bool:
        """Tell whether a hold asked for is the one this payment is about."""
        mine = (self.rider_id, self.payment_method_id, self.currency_code, self.requested_minor)
        return mine == (rider_id, payment_method_id, amount.currency_code, amount.amount_minor)

    def hold_placed(self, psp_payment_id: str) -> Payment:
        return self._moved(PaymentStatus.HELD, psp_payment_id=psp_payment_id, authorized_minor=self.requested_minor)

    def hold_declined(self, reason: str) -> Payment:
        return self._moved(PaymentStatus.DECLINED, decline_reason=reason)

    def capture_begun(self, total: Money) -> Payment:
        """Begin to collect a total.

        Raises:
            Conflict: `invalid_transition`, or `exceeds_authorized` where the total is above what is held.
            InvalidInput: `currency_mismatch`, or `invalid_amount` where there is nothing to collect.
        """
        moved = self._moved(PaymentStatus.CAPTURE_PENDING)
        if total.currency_code != self.currency_code:
            violation = FieldViolation("lines", f"must be in {self.currency_code}, as the hold is")
            raise InvalidInput("currency_mismatch", f"the hold is in {self.currency_code}", violations=[violation])
        if total.amount_minor <= 0:
            violation = FieldViolation("lines", "must sum to an amount above zero")
            raise InvalidInput("invalid_amount", "the sum of the lines must be above zero", violations=[violation])
        if total.amount_minor > self.authorized_minor:
            raise Conflict("exceeds_authorized", "the sum of the lines is above the amount held")
        return moved

    def captured(self, total: Money, driver_id: UUID, at: datetime) -> Payment:
        return self._moved(
            PaymentStatus.CAPTURED, captured_minor=total.amount_minor, driver_id=driver_id, captured_at=at
        )

    def void_begun(self) -> Payment:
        """Begin to release the hold; `invalid_transition` where there is none to release."""
        return self._moved(PaymentStatus.VOID_PENDING)

    def voided(self) -> Payment:
        return self._moved(PaymentStatus.VOIDED)

    def still_held(self) -> Payment:
        """Return to held: the PSP refused to capture or to release."""
        return self._moved(PaymentStatus.HELD)

    def _moved(self, status: PaymentStatus, **changes: Any) -> Payment:
        if (self.status, status) not in TRANSITIONS:
            raise Conflict(
                "invalid_transition",
                f"a payment that is {self.status} cannot become {status}",
                metadata={"status": self.status.value},
            )
        return replace(self, status=status, version=self.version + 1, **changes)
