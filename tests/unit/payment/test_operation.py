"""Operations: when they are tried again, and what is stored of them."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from payment_service.adapters.codec import answer_from_json, answer_to_text, order_from_json, order_to_text
from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.operation import Operation, may_send, retry_after_seconds
from payment_service.domain.orders import (
    AddCardOrder,
    CaptureOrder,
    ChargeOrder,
    HoldOrder,
    IncrementOrder,
    Order,
    RemoveCardOrder,
    VoidOrder,
)
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.use_cases.answers import Answer, CardAdded, CardRemoved, PaymentAnswer, Refusal
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock

USD_5 = Money("USD", 5)
NOW = StillClock().now()


def test_unknown_outcome_rests_ten_seconds_then_ever_longer_up_to_a_bound() -> None:
    waits = [retry_after_seconds(tries) for tries in (1, 2, 3, 7, 8, 10_000)]

    assert waits == [10, 20, 40, 640, 900, 900]


def test_key_is_sent_for_less_than_the_day_that_the_psp_keeps_it() -> None:
    now = StillClock().now()
    operation = Operation.begin(uuid4(), VoidOrder("pi"), now, 30)

    assert may_send(operation, now + timedelta(hours=22))
    assert not may_send(operation, now + timedelta(hours=24))
    assert operation.psp_key == f"{operation.id}:1"


@pytest.mark.parametrize(
    "order",
    [
        AddCardOrder(uuid4(), "pm_card_visa"),
        RemoveCardOrder("pm_1"),
        HoldOrder(uuid4(), "cus_1", "pm_1", USD_5),
        CaptureOrder("pi_1", USD_5, (ChargeLine(ChargeLineKind.TAX, USD_5, 0, "us-ca"),), uuid4()),
        VoidOrder("pi_1"),
        IncrementOrder("pi_1", USD_5),
        ChargeOrder("cus_1", "pm_1", USD_5),
    ],
)
def test_order_is_read_as_it_was_stored(order: Order) -> None:
    assert order_from_json(json.loads(order_to_text(order))) == order


@pytest.mark.parametrize(
    "answer",
    [
        PaymentAnswer(Payment.tombstone(uuid4(), uuid4(), NOW)),
        PaymentAnswer(
            Payment.begin(
                uuid4(),
                Purpose.RIDE,
                Funding.CARD,
                uuid4(),
                USD_5,
                NOW,
                ride_id=uuid4(),
                payment_method_id=uuid4(),
            ).hold_placed("pi_1", NOW)
        ),
        CardAdded(uuid4()),
        CardRemoved(),
        Refusal("conflict", "capture_refused", "no", "hold_released"),
    ],
)
def test_answer_is_read_as_it_was_stored(answer: Answer) -> None:
    assert answer_from_json(json.loads(answer_to_text(answer))) == answer
