"""What a PSP does with refunds and disputes, and how it shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from payment_service.domain.dispute import DisputeStatus, SeenDispute
from payment_service.domain.orders import AcceptDisputeOrder, EvidenceOrder, RefundOrder
from payment_service.domain.refund import RefundStatus, SeenRefund
from payment_service.use_cases.outcomes import Declined, Outcome, Succeeded, Unknown
from payment_service.use_cases.psp_objects import SeenDisputes, SeenPayment, SeenPaymentState
from shared_kernel.money import Money
from tests.contracts.payment.conftest import World
from tests.contracts.payment.test_psp import capture_order, held, operation
from tests.fakes.payment_psp import Fault


async def captured(world: World, ride_id: UUID, amount_minor: int = 2000) -> str:
    name = await held(world, ride_id)
    outcome = await world.psp.capture(str(uuid4()), uuid4(), capture_order(name, amount_minor))
    assert isinstance(outcome, Succeeded)
    return name


def refund_order(psp_payment_id: str, amount_minor: int = 500) -> RefundOrder:
    return RefundOrder(uuid4(), psp_payment_id, Money("USD", amount_minor))


def refund_in(outcome: Outcome) -> SeenRefund:
    assert isinstance(outcome, Succeeded)
    assert outcome.refund is not None
    assert outcome.refund.psp_refund_id == outcome.psp_object_id
    return outcome.refund


def dispute_in(outcome: object) -> SeenDispute:
    seen = outcome.dispute if isinstance(outcome, Succeeded) else outcome
    assert isinstance(seen, SeenDispute)
    return seen


async def test_refund_is_paid_and_shown_with_our_name(world: World, ride_id: UUID) -> None:
    order = refund_order(await captured(world, ride_id))

    refund = refund_in(await world.psp.refund(str(uuid4()), uuid4(), order))

    expected = (order.psp_payment_id, order.refund_id, order.amount, RefundStatus.PAID)
    assert (refund.psp_payment_id, refund.refund_id, refund.amount, refund.status) == expected
    assert await world.psp.see_refund(refund.psp_refund_id) == refund
    assert await world.psp.see_refunds_of(order.psp_payment_id) == [refund]


async def test_same_key_refunds_once(world: World, ride_id: UUID) -> None:
    order, operation_id = refund_order(await captured(world, ride_id)), uuid4()
    first = await world.psp.refund(f"{operation_id}:1", operation_id, order)

    assert await world.psp.refund(f"{operation_id}:1", operation_id, order) == first
    assert len(list_of(await world.psp.see_refunds_of(order.psp_payment_id))) == 1


def list_of(seen: object) -> list[object]:
    assert isinstance(seen, list)
    return list(seen)  # pyright: ignore[reportUnknownArgumentType]: its length is all that is asked


async def test_more_than_is_left_is_declined(world: World, ride_id: UUID) -> None:
    name = await captured(world, ride_id, 2000)
    refund_in(await world.psp.refund(str(uuid4()), uuid4(), refund_order(name, 1500)))

    too_much = await world.psp.refund(str(uuid4()), uuid4(), refund_order(name, 501))
    refund_in(await world.psp.refund(str(uuid4()), uuid4(), refund_order(name, 500)))
    nothing_left = await world.psp.refund(str(uuid4()), uuid4(), refund_order(name, 1))

    assert too_much == Declined("amount_too_large")
    assert nothing_left == Declined("charge_already_refunded")


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT])
async def test_lost_answer_of_a_refund_is_unknown_and_the_same_key_tells(
    world: World, ride_id: UUID, fault: Fault
) -> None:
    order, operation_id = refund_order(await captured(world, ride_id)), uuid4()
    await world.fail("refund", fault)

    assert isinstance(await world.psp.refund(f"{operation_id}:1", operation_id, order), Unknown)
    refund_in(await world.psp.refund(f"{operation_id}:1", operation_id, order))

    assert len(list_of(await world.psp.see_refunds_of(order.psp_payment_id))) == 1


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE_EFFECT, Fault.ERROR_AFTER_EFFECT])
async def test_replayed_failure_of_a_refund_is_told_by_a_look(world: World, ride_id: UUID, fault: Fault) -> None:
    intent = operation(refund_order(await captured(world, ride_id)))
    assert isinstance(intent.order, RefundOrder)
    await world.fail("refund", fault)

    answers = [await world.psp.refund(intent.psp_key, intent.id, intent.order) for _ in range(2)]

    assert [isinstance(answer, Unknown) and answer.key_is_spent for answer in answers] == [False, True]
    found = await world.psp.look_up(intent)
    if fault is Fault.ERROR_BEFORE_EFFECT:
        assert found is None
    else:
        assert found is not None
        assert refund_in(found).refund_id == intent.order.refund_id


async def test_pending_refund_is_paid_later_and_may_come_back(world: World, ride_id: UUID) -> None:
    order = refund_order(await captured(world, ride_id))
    await world.refunds_pend()
    pending = refund_in(await world.psp.refund(str(uuid4()), uuid4(), order))
    assert pending.status is RefundStatus.PENDING

    await world.refund_ends(pending.psp_refund_id, paid=True)
    paid = await world.psp.see_refund(pending.psp_refund_id)
    await world.refund_ends(pending.psp_refund_id, paid=False)
    failed = await world.psp.see_refund(pending.psp_refund_id)

    assert isinstance(paid, SeenRefund)
    assert (paid.status, paid.failure_reason) == (RefundStatus.PAID, "")
    assert isinstance(failed, SeenRefund)
    assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "expired_or_canceled_card")


async def test_what_the_psp_does_not_know_is_none(world: World) -> None:
    assert await world.psp.see_refund("re_none") is None
    assert await world.psp.see_dispute("du_none") is None
    assert await world.psp.see_payment("pi_none") is None


async def test_payment_is_shown_as_it_stands(world: World, ride_id: UUID) -> None:
    name = await held(world, ride_id)
    assert await world.psp.see_payment(name) == SeenPayment(name, SeenPaymentState.HELD)
    await world.psp.capture(str(uuid4()), uuid4(), capture_order(name, 2000))

    assert await world.psp.see_payment(name) == SeenPayment(name, SeenPaymentState.CAPTURED)


async def test_dispute_takes_money_and_fee_and_what_is_won_comes_back(world: World, ride_id: UUID) -> None:
    name = await world.dispute(await captured(world, ride_id))

    opened = dispute_in(await world.psp.see_dispute(name))
    await world.decide(name, won=True)
    won = dispute_in(await world.psp.see_dispute(name))

    money = (opened.currency_code, opened.amount_minor, opened.withdrawn_minor, opened.reinstated_minor)
    assert money == ("USD", 2000, 2000, 0)
    assert (opened.status, opened.fee_minor, opened.reason) == (DisputeStatus.NEEDS_RESPONSE, 1500, "fraudulent")
    assert opened.evidence_due_at is not None
    assert (won.status, won.withdrawn_minor, won.reinstated_minor, won.fee_minor) == (
        DisputeStatus.WON,
        2000,
        2000,
        1500,
    )


async def test_inquiry_takes_no_money(world: World, ride_id: UUID) -> None:
    inquiry = dispute_in(await world.psp.see_dispute(await world.dispute(await captured(world, ride_id), inquiry=True)))

    assert (inquiry.status, inquiry.withdrawn_minor, inquiry.fee_minor) == (DisputeStatus.INQUIRY, 0, 0)


async def test_dispute_is_in_the_list(world: World, ride_id: UUID) -> None:
    name = await world.dispute(await captured(world, ride_id))

    page = await world.psp.see_disputes_since(datetime.now(UTC) - timedelta(days=3650), "")

    assert isinstance(page, SeenDisputes)
    assert name in [seen.psp_dispute_id for seen in page.disputes]


async def test_evidence_is_taken_once_and_found_by_a_look(world: World, ride_id: UUID) -> None:
    order = EvidenceOrder(
        uuid4(), await world.dispute(await captured(world, ride_id)), {"uncategorized_text": "we drove"}
    )
    intent = operation(order)
    assert await world.psp.look_up(intent) is None

    given = dispute_in(await world.psp.submit_evidence(intent.psp_key, intent.id, order))
    again = await world.psp.submit_evidence(str(uuid4()), uuid4(), order)

    assert given.status is DisputeStatus.UNDER_REVIEW
    assert again == Declined("dispute_evidence_already_submitted")
    assert dispute_in(await world.psp.look_up(intent)) == given


async def test_accepted_dispute_is_lost_whatever_the_keys(world: World, ride_id: UUID) -> None:
    order = AcceptDisputeOrder(uuid4(), await world.dispute(await captured(world, ride_id)))
    intent = operation(order)
    assert await world.psp.look_up(intent) is None

    for key in ("1", "1", "2"):
        lost = dispute_in(await world.psp.accept_dispute(f"{ride_id}:{key}", order))
        assert (lost.status, lost.reinstated_minor) == (DisputeStatus.LOST, 0)
    assert isinstance(await world.psp.look_up(intent), Succeeded)
