"""A payment: money asked of a rider, by card, wallet or cash, and the moves between asked, held and collected.

The ride's own payment is held first and captured at the end. What it does not cover (`excess`), a tip, a rider's debts
(`arrears`) and wallet money (`top_up`) are payments of their own, collected at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from payment_service.domain.amounts import refuse_nothing
from payment_service.domain.charge import ChargeLine
from payment_service.domain.payment_moves import PaymentStatus, refuse_move
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.money import Money


class Purpose(StrEnum):
    """What money is asked for."""

    RIDE = "ride"
    EXCESS = "excess"
    """What a ride cost above its hold."""
    TIP = "tip"
    ARREARS = "arrears"
    """A rider's debts from earlier rides."""
    TOP_UP = "top_up"
    """Money for the rider's wallet."""


class Funding(StrEnum):
    """Where the money comes from."""

    CARD = "card"
    WALLET = "wallet"
    CASH = "cash"
    """Paid into the driver's hand."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment. Amounts are minor units of `currency_code`.

    `requested` is what was asked for; of it `credit_held` is covered by the rider's granted credit, `authorized` is
    what the card or wallet holds (or cash brought). At the capture `captured` and `credit_used` are taken from these;
    `receivable` is what neither covered, and the rider owes it. `refunded` is the part of `captured` that went back or
    is on its way.

    A tombstone (the record that no payment may follow for a ride) has no rider, no card and no currency.
    """

    id: UUID
    purpose: Purpose
    funding: Funding
    ride_id: UUID | None
    rider_id: UUID | None
    payment_method_id: UUID | None
    currency_code: str
    requested_minor: int
    credit_held_minor: int
    authorized_minor: int
    captured_minor: int
    credit_used_minor: int
    receivable_minor: int
    refunded_minor: int
    status: PaymentStatus
    decline_reason: str
    psp_payment_id: str
    capture_before: datetime | None
    driver_id: UUID | None
    captured_at: datetime | None
    lines: tuple[ChargeLine, ...] | None
    created_at: datetime
    version: int

    @classmethod
    def begin(
        cls,
        payment_id: UUID,
        purpose: Purpose,
        funding: Funding,
        rider_id: UUID,
        amount: Money,
        at: datetime,
        *,
        ride_id: UUID | None = None,
        payment_method_id: UUID | None = None,
        driver_id: UUID | None = None,
        credit_held_minor: int = 0,
    ) -> Payment:
        """Begin a payment of an amount above zero (InvalidInput `invalid_amount`).

        A ride's payment begins with its hold, every other with its charge. The next move is decided by whoever gives
        the money: `held`, `charged` or `declined`.
        """
        refuse_nothing(amount)
        return cls(
            id=payment_id,
            purpose=purpose,
            funding=funding,
            ride_id=ride_id,
            rider_id=rider_id,
            payment_method_id=payment_method_id,
            currency_code=amount.currency_code,
            requested_minor=amount.amount_minor,
            credit_held_minor=credit_held_minor,
            authorized_minor=0,
            captured_minor=0,
            credit_used_minor=0,
            receivable_minor=0,
            refunded_minor=0,
            status=PaymentStatus.HOLD_PENDING if purpose is Purpose.RIDE else PaymentStatus.CHARGE_PENDING,
            decline_reason="",
            psp_payment_id="",
            capture_before=None,
            driver_id=driver_id,
            captured_at=None,
            lines=None,
            created_at=at,
            version=1,
        )

    @classmethod
    def tombstone(cls, payment_id: UUID, ride_id: UUID, at: datetime) -> Payment:
        """Record that a ride was closed before any hold, so that none may follow."""
        return cls(
            id=payment_id,
            purpose=Purpose.RIDE,
            funding=Funding.CARD,
            ride_id=ride_id,
            rider_id=None,
            payment_method_id=None,
            currency_code="",
            requested_minor=0,
            credit_held_minor=0,
            authorized_minor=0,
            captured_minor=0,
            credit_used_minor=0,
            receivable_minor=0,
            refunded_minor=0,
            status=PaymentStatus.VOIDED,
            decline_reason="",
            psp_payment_id="",
            capture_before=None,
            driver_id=None,
            captured_at=None,
            lines=None,
            created_at=at,
            version=1,
        )

    @property
    def is_tombstone(self) -> bool:
        return self.rider_id is None

    @property
    def to_hold(self) -> Money:
        """What the funding has to hold: the rest after the credit."""
        return self.after_credit(Money(self.currency_code, self.requested_minor))

    def after_credit(self, whole: Money) -> Money:
        """Return what is left of an amount for the funding to hold, once the credit that is held covers its part."""
        return Money(whole.currency_code, whole.amount_minor - self.credit_held_minor)

    @property
    def refundable(self) -> Money:
        """What could still be refunded."""
        return Money(self.currency_code, self.captured_minor - self.refunded_minor)

    def same_hold(self, rider_id: UUID, funding: Funding, payment_method_id: UUID | None, amount: Money) -> bool:
        """Tell whether a hold asked for is the one this payment is about."""
        mine = (self.rider_id, self.funding, self.payment_method_id, self.currency_code, self.requested_minor)
        return mine == (rider_id, funding, payment_method_id, amount.currency_code, amount.amount_minor)

    def held_at_once(self) -> Payment:
        """Begin as held: nobody has to be asked."""
        refuse_move("new", PaymentStatus.HELD)
        return replace(self, status=PaymentStatus.HELD, authorized_minor=self.to_hold.amount_minor)

    def declined_at_once(self, reason: str) -> Payment:
        """Begin as declined: the rider's wallet does not hold the amount. The credit is not used for it either."""
        refuse_move("new", PaymentStatus.DECLINED)
        return replace(self, status=PaymentStatus.DECLINED, decline_reason=reason, credit_held_minor=0)

    def charged_at_once(self, at: datetime) -> Payment:
        """Begin as collected: from the rider's wallet."""
        refuse_move("new", PaymentStatus.CAPTURED)
        whole = self.requested_minor
        return replace(
            self, status=PaymentStatus.CAPTURED, authorized_minor=whole, captured_minor=whole, captured_at=at
        )

    def hold_placed(self, psp_payment_id: str, capture_before: datetime | None) -> Payment:
        """Move to held by card until a time, if the PSP told one."""
        return self._moved(
            PaymentStatus.HELD,
            psp_payment_id=psp_payment_id,
            capture_before=capture_before,
            authorized_minor=self.to_hold.amount_minor,
        )

    def declined(self, reason: str) -> Payment:
        return self._moved(PaymentStatus.DECLINED, decline_reason=reason)

    def charged(self, psp_payment_id: str, at: datetime) -> Payment:
        """Move to collected: the PSP charged the card at once."""
        whole = self.requested_minor
        return self._moved(
            PaymentStatus.CAPTURED,
            psp_payment_id=psp_payment_id,
            authorized_minor=whole,
            captured_minor=whole,
            captured_at=at,
        )

    def increment_begun(self, to: Money) -> Payment:
        """Begin to raise what credit and funding hold together to an amount.

        Raises:
            Conflict: `invalid_transition`.
            InvalidInput: `currency_mismatch`, or `invalid_amount` where it would not rise.
        """
        moved = self._moved(PaymentStatus.INCREMENT_PENDING)
        self._refuse_currency(to, "amount")
        held_minor = self.credit_held_minor + self.authorized_minor
        if to.amount_minor <= held_minor:
            violation = FieldViolation("amount.amount_minor", f"must be above {held_minor}, as held now")
            raise InvalidInput("invalid_amount", "a hold can only be raised", violations=[violation])
        return moved

    def incremented(self, authorized: Money) -> Payment:
        """Move to held by card with so much, the credit left out."""
        return self._moved(PaymentStatus.HELD, authorized_minor=authorized.amount_minor)

    def raised_at_once(self, to: Money) -> Payment:
        """Raise a hold that is ours to raise: by wallet or in cash. `to` is what `increment_begun` takes."""
        self.increment_begun(to)
        return replace(self, authorized_minor=self.after_credit(to).amount_minor, version=self.version + 1)

    def capture_begun(self, total: Money) -> Payment:
        """Begin to collect from a hold by card; the errors are those of `refuse_total` and `invalid_transition`."""
        moved = self._moved(PaymentStatus.CAPTURE_PENDING)
        self.refuse_total(total)
        return moved

    def captured(
        self,
        captured: Money,
        *,
        credit_used: Money,
        receivable: Money,
        lines: tuple[ChargeLine, ...],
        driver_id: UUID,
        at: datetime,
    ) -> Payment:
        """Move to collected. A card brings no more than it holds; cash and a wallet may bring what is needed."""
        authorized_minor = self.authorized_minor
        if self.funding is not Funding.CARD:
            authorized_minor = max(authorized_minor, captured.amount_minor)
        return self._moved(
            PaymentStatus.CAPTURED,
            authorized_minor=authorized_minor,
            captured_minor=captured.amount_minor,
            credit_used_minor=credit_used.amount_minor,
            receivable_minor=receivable.amount_minor,
            lines=lines,
            driver_id=driver_id,
            captured_at=at,
        )

    def void_begun(self) -> Payment:
        """Begin to release the hold; `invalid_transition` where there is none to release."""
        return self._moved(PaymentStatus.VOID_PENDING)

    def voided(self) -> Payment:
        return self._moved(PaymentStatus.VOIDED)

    def expired(self) -> Payment:
        """Move to expired: the PSP let go of the hold by itself."""
        return self._moved(PaymentStatus.EXPIRED)

    def still_held(self) -> Payment:
        """Return to held: the PSP refused to capture, to release or to raise it."""
        return self._moved(PaymentStatus.HELD)

    def all_that_is_left(self) -> Money:
        """Tell how much a refund of the whole gives back.

        Raises:
            Conflict: `not_captured`, or `exceeds_captured` where all is refunded already.
        """
        self._refuse_uncaptured()
        if not self.refundable.amount_minor:
            raise Conflict("exceeds_captured", "all that was captured is refunded, or is on its way back")
        return self.refundable

    def refund_begun(self, amount: Money) -> Payment:
        """Set aside a part of what was captured for a refund.

        Raises:
            Conflict: `not_captured`, `exceeds_captured`.
            InvalidInput: `currency_mismatch`, `invalid_amount`.
        """
        self._refuse_uncaptured()
        self._refuse_currency(amount, "amount")
        refuse_nothing(amount)
        if self.refundable < amount:
            raise Conflict("exceeds_captured", f"no more than {self.refundable} can be refunded")
        return replace(self, refunded_minor=self.refunded_minor + amount.amount_minor, version=self.version + 1)

    def refund_failed(self, amount: Money) -> Payment:
        """Take back what `refund_begun` set aside."""
        return replace(self, refunded_minor=self.refunded_minor - amount.amount_minor, version=self.version + 1)

    def refuse_total(self, total: Money) -> None:
        """Refuse what cannot be collected: `currency_mismatch`, or `invalid_amount` where there is nothing (zero)."""
        self._refuse_currency(total, "lines")
        if total.amount_minor <= 0:
            violation = FieldViolation("lines", "must sum to an amount above zero")
            raise InvalidInput("invalid_amount", "the sum of the lines must be above zero", violations=[violation])

    def _refuse_uncaptured(self) -> None:
        if self.status is not PaymentStatus.CAPTURED:
            raise Conflict("not_captured", "nothing was captured that could be refunded")

    def _refuse_currency(self, amount: Money, field: str) -> None:
        if amount.currency_code != self.currency_code:
            violation = FieldViolation(field, f"must be in {self.currency_code}, as the payment is")
            raise InvalidInput("currency_mismatch", f"the payment is in {self.currency_code}", violations=[violation])

    def _moved(self, status: PaymentStatus, **changes: Any) -> Payment:
        refuse_move(self.status, status)
        return replace(self, status=status, version=self.version + 1, **changes)
