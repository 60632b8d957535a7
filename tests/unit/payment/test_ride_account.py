"""What a rider paid for a ride in all: the sums add up whatever was charged, tipped, declined and refunded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_method import PaymentMethod
from payment_service.domain.receipt import receipt_of
from payment_service.domain.ride_account import account_of_ride
from shared_kernel.money import Money

AT = datetime(2026, 3, 1, tzinfo=UTC)
RIDER, RIDE, DRIVER = uuid4(), uuid4(), uuid4()
CARD = PaymentMethod(uuid4(), RIDER, "cus", "pm", "visa", "4242", 12, 2040, AT, is_default=True)
AMOUNTS = st.integers(1, 10**6)


def asked(purpose: Purpose, amount_minor: int, method_id: UUID | None = CARD.id, credit_minor: int = 0) -> Payment:
    return Payment.begin(
        uuid4(),
        purpose,
        Funding.CARD,
        RIDER,
        Money("USD", amount_minor),
        AT,
        ride_id=RIDE,
        payment_method_id=method_id,
        driver_id=DRIVER if purpose is Purpose.TIP else None,
        credit_held_minor=credit_minor,
    )


def ride(held_minor: int, credit_minor: int, total_minor: int) -> Payment:
    """A ride's own payment, captured: from credit, then from the hold, the rest owed."""
    payment = asked(Purpose.RIDE, held_minor + credit_minor, credit_minor=credit_minor)
    credit_used_minor = min(credit_minor, total_minor)
    brought_minor = min(held_minor, total_minor - credit_used_minor)
    held = payment.hold_placed("pi", None).capture_begun(Money("USD", total_minor))
    return held.captured(
        Money("USD", brought_minor),
        credit_used=Money("USD", credit_used_minor),
        receivable=Money("USD", total_minor - credit_used_minor - brought_minor),
        lines=(ChargeLine(ChargeLineKind.FARE, Money("USD", total_minor)),),
        driver_id=DRIVER,
        at=AT,
    )


@given(
    held_minor=AMOUNTS,
    credit_minor=st.integers(0, 10**6),
    total_minor=AMOUNTS,
    tip_minor=st.integers(0, 10**5),
    excess_is_collected=st.booleans(),
    refunded_share=st.integers(0, 100),
)
def test_charge_and_tips_are_collected_credit_and_outstanding_together(
    held_minor: int,
    credit_minor: int,
    total_minor: int,
    tip_minor: int,
    excess_is_collected: bool,
    refunded_share: int,
) -> None:
    own = ride(held_minor, credit_minor, total_minor)
    own = replace(own, refunded_minor=own.captured_minor * refunded_share // 100)
    payments = [own]
    if own.receivable_minor:
        excess = asked(Purpose.EXCESS, own.receivable_minor)
        payments.append(excess.charged("pi_2", AT) if excess_is_collected else excess.declined("insufficient_funds"))
    if tip_minor:
        payments.append(asked(Purpose.TIP, tip_minor).charged("pi_3", AT))

    account, receipt = account_of_ride(payments, {CARD.id: CARD}), receipt_of(own, CARD)

    assert receipt.total + account.tips == account.collected + account.credit_used + account.outstanding
    assert account.paid == account.collected - account.refunded
    assert account.outstanding.amount_minor == (0 if excess_is_collected else own.receivable_minor)
    assert {(part.brand, part.last_digits) for part in account.parts} == {("visa", "4242")}
