"""Refunds: who bears them, what the PSP makes of them, and that no cent goes astray."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.dispute import DisputeStatus
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.refund import BorneBy, RefundStatus
from payment_service.use_cases.create_refund import RefundRequest
from payment_service.use_cases.refunds_repository import RefundFilter
from shared_kernel.errors import Conflict, InvalidInput, NotFound
from shared_kernel.money import Money
from tests.fakes.payment_psp import Fault
from tests.integration.payment.conftest import fare, request_key, usd
from tests.integration.payment.psp_stage import Stage, stage

__all__ = ["stage"]


async def sweep(stage: Stage) -> None:
    for _ in range(50):
        if not await stage.payments.core.sweep():
            return


async def test_refund_takes_the_shares_back_and_the_psp_pays_it(stage: Stage) -> None:
    payment = await stage.captured(2000)

    refund = await stage.refund(payment, 1000)

    assert (refund.status, refund.destination.value, refund.borne_by) == (
        RefundStatus.PAID,
        "card",
        BorneBy.PROPORTIONAL,
    )
    assert await stage.moved(payment) == {"psp_receivable": 1000, "driver": -750, "commission": -250}
    assert (await stage.payment_now(payment)).refunded_minor == 1000
    assert await stage.entries(payment) == ["capture", "refund", "refund_paid"]


async def test_refund_in_odd_parts_leaves_nothing_in_any_account(stage: Stage) -> None:
    ride_id = uuid4()
    await stage.payments.hold(ride_id, 3000)
    payment = await stage.payments.capture(
        ride_id,
        fare(1999, 2333),
        ChargeLine(ChargeLineKind.BOOKING_FEE, usd(101)),
        ChargeLine(ChargeLineKind.TAX, usd(77), tax_jurisdiction="US-NY"),
        ChargeLine(ChargeLineKind.PROMOTION, usd(150)),
        driver_id=stage.driver_id,
    )

    for index, part in enumerate((1, 333, 1000, 7)):
        await stage.refund(payment, part, key=str(index))
    last = await stage.refund(payment, key="rest")

    assert last.amount == usd(2027 - 1341)
    assert await stage.moved(payment) == {}
    assert (await stage.payment_now(payment)).refundable == usd(0)


async def test_refund_that_the_platform_bears_leaves_the_driver_alone(stage: Stage) -> None:
    payment = await stage.captured(2000)

    await stage.refund(payment, 500, borne_by=BorneBy.PLATFORM)

    assert await stage.moved(payment) == {
        "psp_receivable": 1500,
        "driver": -1500,
        "commission": -500,
        "goodwill": 500,
    }


async def test_refund_of_a_cash_ride_goes_into_the_wallet_at_once(stage: Stage) -> None:
    ride_id = uuid4()
    await stage.payments.hold(ride_id, funding=Funding.CASH)
    payment = await stage.payments.capture(ride_id, fare(2000), driver_id=stage.driver_id)

    refund = await stage.refund(payment, 600)

    assert (refund.status, refund.destination.value) == (RefundStatus.PAID, "wallet")
    assert await stage.payments.balance(AccountKind.RIDER_WALLET, stage.payments.rider_id) == 600
    # Cash brought 2000 into the driver's hand, of which 500 are owed; 450 of the earnings are taken back.
    assert await stage.owed_to_driver() == -950
    assert stage.psp.refunds == {}


async def test_same_request_refunds_once_and_other_fields_are_refused(stage: Stage) -> None:
    payment = await stage.captured(2000)

    first = await stage.refund(payment, 500)
    again = await stage.refund(payment, 500)
    with pytest.raises(Conflict, match="key came before"):
        await stage.refund(payment, 501)

    assert first.id == again.id
    assert len(stage.psp.refunds) == 1


async def test_more_than_was_captured_is_refused_by_name(stage: Stage) -> None:
    payment = await stage.captured(2000)
    await stage.refund(payment, 1500)

    with pytest.raises(Conflict) as too_much:
        await stage.refund(payment, 501, key="more")
    await stage.refund(payment, 500, key="rest")
    with pytest.raises(Conflict) as nothing_left:
        await stage.refund(payment, key="again")

    assert [too_much.value.reason, nothing_left.value.reason] == ["exceeds_captured"] * 2


async def test_refunds_at_the_same_time_never_exceed_what_was_captured(stage: Stage) -> None:
    payment = await stage.captured(2000)

    results = await asyncio.gather(
        *(stage.refund(payment, 900, key=str(index)) for index in range(5)), return_exceptions=True
    )

    refused = [result for result in results if isinstance(result, BaseException)]
    assert [error for error in refused if not isinstance(error, Conflict)] == []
    assert (await stage.payment_now(payment)).refunded_minor == 900 * (5 - len(refused)) <= 1800
    assert stage.psp.refunded_minor(payment.psp_payment_id) == 900 * (5 - len(refused))


async def test_bad_refunds_are_refused_with_their_reasons(stage: Stage) -> None:
    payment = await stage.captured(2000)
    held = await stage.payments.hold(uuid4())
    tombstone = await stage.payments.void(uuid4())
    create = stage.payments.core.refunds.refunds.create
    cases = [
        (RefundRequest(uuid4(), None, None, "x", None), NotFound, "payment_not_found"),
        (RefundRequest(None, uuid4(), None, "x", None), NotFound, "payment_not_found"),
        (RefundRequest(held.id, None, None, "x", None), Conflict, "not_captured"),
        (RefundRequest(tombstone.id, None, None, "x", None), Conflict, "not_captured"),
        (RefundRequest(None, tombstone.ride_id, usd(5), "x", None), Conflict, "not_captured"),
        (RefundRequest(payment.id, None, Money("EUR", 5), "x", None), InvalidInput, "currency_mismatch"),
        (RefundRequest(payment.id, None, usd(0), "x", None), InvalidInput, "invalid_amount"),
        (RefundRequest(payment.id, None, usd(-5), "x", None), InvalidInput, "invalid_amount"),
        (RefundRequest(payment.id, None, usd(10**15), "x", None), Conflict, "exceeds_captured"),
    ]

    for index, (asked, kind, reason) in enumerate(cases):
        with pytest.raises(kind) as refused:
            await create(request_key("CreateRefund", f"{payment.id}:{index}", index), asked)
        assert refused.value.reason == reason


async def test_refund_of_a_ride_is_of_its_own_payment(stage: Stage) -> None:
    payment = await stage.captured(2000)
    asked = RefundRequest(None, payment.ride_id, None, "x", None)

    refund = await stage.payments.core.refunds.refunds.create(request_key("CreateRefund", str(payment.id)), asked)

    assert (refund.payment_id, refund.amount) == (payment.id, usd(2000))


async def test_pending_refund_is_paid_when_the_psp_says_so(stage: Stage) -> None:
    payment = await stage.captured(2000)
    stage.psp.refunds_begin = RefundStatus.PENDING
    refund = await stage.refund(payment, 1000)
    assert refund.status is RefundStatus.PENDING
    assert (await stage.moved(payment))["refund_transit"] == -1000

    stage.psp.refund_ends(refund.psp_refund_id, RefundStatus.PAID)
    await stage.tell_of_refund("refund.updated", refund, payment)
    await stage.apply()

    assert (await stage.refund_now(refund)).status is RefundStatus.PAID
    assert "refund_transit" not in await stage.moved(payment)


async def test_refund_that_fails_after_it_was_paid_is_taken_back(stage: Stage) -> None:
    payment = await stage.captured(2000)
    before = await stage.moved(payment)
    refund = await stage.refund(payment, 1000)

    stage.psp.refund_ends(refund.psp_refund_id, RefundStatus.FAILED, "expired_or_canceled_card")
    await stage.tell_of_refund("refund.failed", refund, payment)
    await stage.tell_of_refund("refund.updated", refund, payment)
    await stage.apply()

    failed = await stage.refund_now(refund)
    assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "expired_or_canceled_card")
    assert await stage.moved(payment) == before
    assert (await stage.payment_now(payment)).refunded_minor == 0
    assert (await stage.entries(payment))[-2:] == ["refund_returned", "refund_failed"]
    assert await stage.owed_to_driver() == 1500


async def test_after_a_failed_refund_the_rest_still_adds_up(stage: Stage) -> None:
    payment = await stage.captured(1999)
    first = await stage.refund(payment, 333, key="a")
    await stage.refund(payment, 666, key="b")
    stage.psp.refund_ends(first.psp_refund_id, RefundStatus.FAILED, "declined")
    await stage.tell_of_refund("refund.failed", first, payment)
    await stage.apply()

    await stage.refund(payment, key="rest")

    assert await stage.moved(payment) == {}


async def test_webhook_that_never_comes_is_made_up_for_by_a_look(stage: Stage) -> None:
    payment = await stage.captured(2000)
    stage.psp.refunds_begin = RefundStatus.PENDING
    refund = await stage.refund(payment, 1000)
    stage.psp.refund_ends(refund.psp_refund_id, RefundStatus.PAID)

    await stage.look_at_refunds()
    assert (await stage.refund_now(refund)).status is RefundStatus.PENDING
    stage.clock.advance(seconds=31)
    await stage.look_at_refunds()

    assert (await stage.refund_now(refund)).status is RefundStatus.PAID
    stage.psp.refund_ends(refund.psp_refund_id, RefundStatus.FAILED, "declined")
    stage.clock.advance(hours=25)
    await stage.look_at_refunds()
    assert (await stage.refund_now(refund)).status is RefundStatus.FAILED


async def test_refund_that_the_psp_refuses_is_failed_and_reversed(stage: Stage) -> None:
    payment = await stage.captured(2000)
    stage.psp.intents[payment.psp_payment_id].captured_minor = 0

    refund = await stage.refund(payment, 1000)

    assert (refund.status, refund.failure_reason) == (RefundStatus.FAILED, "charge_already_refunded")
    assert (await stage.payment_now(payment)).refunded_minor == 0
    assert await stage.entries(payment) == ["capture", "refund", "refund_failed"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.TIMEOUT_BEFORE_EFFECT,
        Fault.TIMEOUT_AFTER_EFFECT,
        Fault.NOT_CONNECTED,
        Fault.ERROR_BEFORE_EFFECT,
        Fault.ERROR_AFTER_EFFECT,
    ],
)
async def test_lost_answer_of_a_refund_is_pending_and_pays_once(stage: Stage, fault: Fault) -> None:
    payment = await stage.captured(2000)
    stage.psp.fail("refund", fault)

    pending = await stage.refund(payment, 1000)
    assert pending.status is RefundStatus.PENDING
    for _ in range(3):
        stage.clock.advance(minutes=10)
        await sweep(stage)

    assert (await stage.refund(payment, 1000)).status is RefundStatus.PAID
    assert stage.psp.refunded_minor(payment.psp_payment_id) == 1000
    assert (await stage.moved(payment))["psp_receivable"] == 1000


async def test_event_before_the_answer_settles_the_operation_and_is_taken_in_once(stage: Stage) -> None:
    payment = await stage.captured(2000)
    stage.psp.fail("refund", Fault.TIMEOUT_AFTER_EFFECT)
    pending = await stage.refund(payment, 1000)

    await stage.tell_of_refund("refund.created", pending, payment)
    await stage.tell("charge.refunded", {"id": f"ch_{stage.psp.prefix}_1", "payment_intent": payment.psp_payment_id})
    await stage.apply()

    assert (await stage.refund_now(pending)).status is RefundStatus.PAID
    assert await stage.entries(payment) == ["capture", "refund", "refund_paid"]
    assert len(stage.psp.refunds) == 1


async def test_refund_waits_for_another_operation_whose_outcome_is_unknown(stage: Stage) -> None:
    payment = await stage.captured(2000)
    stage.psp.fail("refund", Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_BEFORE_EFFECT)
    await stage.refund(payment, 500, key="first")

    with pytest.raises(Conflict) as busy:
        await stage.refund(payment, 500, key="second")
    settled = await stage.refund(payment, 500, key="second")

    assert busy.value.reason == "payment_busy"
    assert settled.status is RefundStatus.PAID
    assert stage.psp.refunded_minor(payment.psp_payment_id) == 1000


async def test_disputed_payment_refuses_refunds_and_an_inquiry_does_not(stage: Stage) -> None:
    disputed, asked = await stage.captured(2000), await stage.captured(2000)
    for payment, status in ((disputed, DisputeStatus.NEEDS_RESPONSE), (asked, DisputeStatus.INQUIRY)):
        name = stage.psp.dispute_opens(payment.psp_payment_id, status)
        await stage.tell_of_dispute("charge.dispute.created", name)
    await stage.apply()

    with pytest.raises(Conflict) as refused:
        await stage.refund(disputed, 100)

    assert refused.value.reason == "payment_disputed"
    assert (await stage.refund(asked, 100)).status is RefundStatus.PAID


async def test_refund_of_what_was_charged_above_the_hold_shares_one_charge_with_the_rides_own(stage: Stage) -> None:
    ride_id = uuid4()
    await stage.payments.hold(ride_id, 1000)
    own = await stage.payments.capture(ride_id, fare(1999, 2333), driver_id=stage.driver_id)
    await sweep(stage)
    rows = await stage.payments.rows("SELECT id FROM payment WHERE ride_id = :id AND purpose = 'excess'", id=ride_id)
    create = stage.payments.core.refunds.refunds.create

    await stage.refund(own, 333)
    await create(request_key("CreateRefund", str(ride_id)), RefundRequest(rows[0]["id"], None, None, "x", None))
    await stage.refund(own, key="rest")

    assert await stage.owed_to_driver() == 0
    assert await stage.payments.balance(AccountKind.RIDER_RECEIVABLE, stage.payments.rider_id) == 0


async def test_receipt_shows_refunds_that_did_not_fail(stage: Stage) -> None:
    payment = await stage.captured(2000)
    failed = await stage.refund(payment, 100, key="a")
    kept = await stage.refund(payment, 200, key="b")
    stage.psp.refund_ends(failed.psp_refund_id, RefundStatus.FAILED, "declined")
    await stage.tell_of_refund("refund.failed", failed, payment)
    await stage.apply()
    assert payment.ride_id is not None

    receipt = await stage.payments.core.use_cases.get_receipt(payment.ride_id, stage.payments.rider_id)

    assert [refund.id for refund in receipt.refunds] == [kept.id]


async def test_riders_see_their_own_refunds_in_pages(stage: Stage) -> None:
    payment = await stage.captured(2000)
    made = [await stage.refund(payment, 100, key=str(index)) for index in range(3)]
    list_page = stage.payments.core.refunds.refunds.list_page
    mine = RefundFilter(rider_id=stage.payments.rider_id)

    first = await list_page(mine, 2, None)
    rest = await list_page(mine, 2, (first[-1].created_at, first[-1].id))

    assert {refund.id for refund in (*first, *rest)} == {refund.id for refund in made}
    assert await list_page(RefundFilter(rider_id=uuid4()), 2, None) == []
    assert await list_page(RefundFilter(payment_id=payment.id, status=RefundStatus.FAILED), 2, None) == []
    with pytest.raises(NotFound):
        await stage.payments.core.refunds.refunds.get(made[0].id, uuid4())
