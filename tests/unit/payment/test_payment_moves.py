"""The moves of a payment, walked at random: only the table's moves happen, and amounts stay within bounds."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_moves import NEW, TRANSITIONS, PaymentStatus
from shared_kernel.errors import Conflict, InvalidInput
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock

_ID = UUID(int=1)


def _payment(requested_minor: int) -> Payment:
    amount, now = Money("USD", requested_minor), StillClock().now()
    return Payment.begin(_ID, Purpose.RIDE, Funding.CARD, _ID, amount, now, ride_id=_ID, payment_method_id=_ID)


class PaymentWalk(RuleBasedStateMachine):
    """Tries every move at every status."""

    @initialize(requested_minor=st.integers(1, 10**6))
    def begin(self, requested_minor: int) -> None:
        self.payment = _payment(requested_minor)
        self.past = [(NEW, PaymentStatus.HOLD_PENDING)]

    def attempt(self, move: Callable[[], Payment]) -> None:
        before = self.payment
        try:
            self.payment = move()
        except (Conflict, InvalidInput):
            return
        if self.payment.status is not before.status:
            self.past.append((before.status, self.payment.status))
        assert self.payment.version == before.version + 1

    @rule()
    def place(self) -> None:
        self.attempt(lambda: self.payment.hold_placed("pi", None))

    @rule()
    def decline(self) -> None:
        self.attempt(lambda: self.payment.declined("no"))

    @rule(total_minor=st.integers(0, 2 * 10**6))
    def begin_capture(self, total_minor: int) -> None:
        self.attempt(lambda: self.payment.capture_begun(Money("USD", total_minor)))
        if self.payment.status is PaymentStatus.CAPTURE_PENDING and total_minor:
            self.total = Money("USD", total_minor)

    @rule()
    def capture(self) -> None:
        if self.payment.status is PaymentStatus.CAPTURE_PENDING:
            self.attempt(lambda: self.capture_of(self.total))

    def capture_of(self, total: Money) -> Payment:
        brought = Money("USD", min(total.amount_minor, self.payment.authorized_minor))
        zero = Money.zero("USD")
        return self.payment.captured(
            brought, credit_used=zero, receivable=total - brought, lines=(), driver_id=_ID, at=StillClock().now()
        )

    @rule(by_minor=st.integers(-5, 10**6))
    def begin_increment(self, by_minor: int) -> None:
        self.rise = Money("USD", self.payment.authorized_minor + by_minor)
        self.attempt(lambda: self.payment.increment_begun(self.rise))

    @rule()
    def increment(self) -> None:
        if self.payment.status is PaymentStatus.INCREMENT_PENDING:
            self.attempt(lambda: self.payment.incremented(self.rise))

    @rule()
    def expire(self) -> None:
        self.attempt(self.payment.expired)

    @rule(amount_minor=st.integers(-1, 10**6))
    def refund(self, amount_minor: int) -> None:
        self.attempt(lambda: self.payment.refund_begun(Money("USD", amount_minor)))

    @rule()
    def refuse(self) -> None:
        self.attempt(self.payment.still_held)

    @rule()
    def begin_void(self) -> None:
        self.attempt(self.payment.void_begun)

    @rule()
    def void(self) -> None:
        self.attempt(self.payment.voided)

    @invariant()
    def only_legal_moves_were_made(self) -> None:
        assert set(getattr(self, "past", [])) <= TRANSITIONS

    @invariant()
    def refunded_is_within_captured_is_within_authorized(self) -> None:
        payment: Payment | None = getattr(self, "payment", None)
        if payment is not None:
            assert 0 <= payment.refunded_minor <= payment.captured_minor <= payment.authorized_minor
            assert payment.captured_minor == 0 or payment.status is PaymentStatus.CAPTURED


TestPaymentWalk = PaymentWalk.TestCase
TestPaymentWalk.settings = settings(max_examples=60, stateful_step_count=20)


def test_illegal_move_is_refused_by_name() -> None:
    payment = _payment(5)

    with pytest.raises(Conflict) as caught:
        payment.void_begun()

    assert (caught.value.reason, caught.value.metadata) == ("invalid_transition", {"status": "hold_pending"})


@pytest.fixture
def partly_by_credit() -> Payment:
    amount, now = Money("USD", 2500), StillClock().now()
    return Payment.begin(_ID, Purpose.RIDE, Funding.CASH, _ID, amount, now, credit_held_minor=600).held_at_once()


def test_hold_that_credit_covers_a_part_of_is_raised_above_both(partly_by_credit: Payment) -> None:
    with pytest.raises(InvalidInput) as caught:
        partly_by_credit.raised_at_once(Money("USD", 2500))

    assert caught.value.reason == "invalid_amount"
    assert partly_by_credit.raised_at_once(Money("USD", 2501)).authorized_minor == 1901


@pytest.mark.parametrize("end", [PaymentStatus.DECLINED, PaymentStatus.CAPTURED, PaymentStatus.VOIDED])
def test_nothing_follows_an_end(end: PaymentStatus) -> None:
    assert not [move for move in TRANSITIONS if move[0] == end]
