"""The moves of a payment, walked at random: only the table's moves happen, and amounts stay within bounds."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from payment_service.domain.payment import NEW, TRANSITIONS, Payment, PaymentStatus
from shared_kernel.errors import Conflict, InvalidInput
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock

_ID = UUID(int=1)


class PaymentWalk(RuleBasedStateMachine):
    """Tries every move at every status."""

    @initialize(requested_minor=st.integers(1, 10**6))
    def begin(self, requested_minor: int) -> None:
        self.payment = Payment.begin(_ID, _ID, _ID, _ID, Money("USD", requested_minor))
        self.past = [(NEW, PaymentStatus.HOLD_PENDING)]

    def attempt(self, move: Callable[[], Payment]) -> None:
        before = self.payment
        try:
            self.payment = move()
        except (Conflict, InvalidInput):
            return
        self.past.append((before.status, self.payment.status))
        assert self.payment.version == before.version + 1

    @rule()
    def place(self) -> None:
        self.attempt(lambda: self.payment.hold_placed("pi"))

    @rule()
    def decline(self) -> None:
        self.attempt(lambda: self.payment.hold_declined("no"))

    @rule(total_minor=st.integers(0, 2 * 10**6))
    def begin_capture(self, total_minor: int) -> None:
        self.attempt(lambda: self.payment.capture_begun(Money("USD", total_minor)))
        if self.payment.status is PaymentStatus.CAPTURE_PENDING and total_minor <= self.payment.authorized_minor:
            self.total = Money("USD", total_minor)

    @rule()
    def capture(self) -> None:
        if self.payment.status is PaymentStatus.CAPTURE_PENDING:
            self.attempt(lambda: self.payment.captured(self.total, _ID, StillClock().now()))

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
    def captured_is_within_authorized_is_within_requested(self) -> None:
        payment: Payment | None = getattr(self, "payment", None)
        if payment is not None:
            assert 0 <= payment.captured_minor <= payment.authorized_minor <= payment.requested_minor
            assert (payment.captured_minor > 0) == (payment.status is PaymentStatus.CAPTURED)


TestPaymentWalk = PaymentWalk.TestCase
TestPaymentWalk.settings = settings(max_examples=60, stateful_step_count=20)


def test_illegal_move_is_refused_by_name() -> None:
    payment = Payment.begin(_ID, _ID, _ID, _ID, Money("USD", 5))

    with pytest.raises(Conflict) as caught:
        payment.void_begun()

    assert (caught.value.reason, caught.value.metadata) == ("invalid_transition", {"status": "hold_pending"})


@pytest.mark.parametrize("end", [PaymentStatus.DECLINED, PaymentStatus.CAPTURED, PaymentStatus.VOIDED])
def test_nothing_follows_an_end(end: PaymentStatus) -> None:
    assert not [move for move in TRANSITIONS if move[0] == end]
