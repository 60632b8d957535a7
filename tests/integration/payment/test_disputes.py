"""Disputes: opened, answered, won, lost, and whose loss it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from payment_service.domain.dispute import Dispute, DisputeStatus, LossBorneBy
from payment_service.domain.orders import AcceptDisputeOrder
from payment_service.domain.payment import Payment
from payment_service.use_cases.disputes_repository import DisputeFilter
from payment_service.use_cases.outcomes import Declined, Outcome
from shared_kernel.errors import Conflict, InvalidInput, NotFound, Unknown
from tests.fakes.payment_psp import Fault
from tests.integration.payment.conftest import request_key
from tests.integration.payment.psp_stage import Stage, stage

__all__ = ["stage"]

CAPTURED = {"psp_receivable": 2000, "driver": -1500, "commission": -500}


async def opened(stage: Stage, status: DisputeStatus = DisputeStatus.NEEDS_RESPONSE) -> tuple[Payment, str]:
    payment = await stage.captured(2000)
    name = stage.psp.dispute_opens(payment.psp_payment_id, status)
    await stage.tell_of_dispute("charge.dispute.created", name)
    await stage.apply()
    return payment, name


async def dispute_of(stage: Stage, payment: Payment) -> Dispute:
    found = await stage.payments.core.refunds.disputes.list_page(DisputeFilter(payment_id=payment.id), 10, None)
    assert len(found) == 1
    return found[0]


async def events_about(stage: Stage, dispute: Dispute) -> list[str]:
    rows = await stage.payments.rows("SELECT type FROM outbox WHERE aggregate_id = :id ORDER BY seq", id=dispute.id)
    return [row["type"].rsplit(".", 1)[1] for row in rows]


async def submit(stage: Stage, dispute_id: UUID, text: str = "the trip was driven", key: str = "evidence") -> Dispute:
    request = request_key("SubmitDisputeEvidence", f"{dispute_id}:{key}", text)
    return await stage.payments.core.refunds.disputes.answer.submit_evidence(
        request, dispute_id, {"uncategorized_text": text} if text else {}
    )


async def accept(stage: Stage, dispute_id: UUID, borne_by: LossBorneBy | None = None, key: str = "accept") -> Dispute:
    request = request_key("AcceptDispute", f"{dispute_id}:{key}", str(borne_by))
    return await stage.payments.core.refunds.disputes.answer.accept(request, dispute_id, borne_by)


async def test_withdrawn_money_waits_for_the_decision(stage: Stage) -> None:
    payment, name = await opened(stage)
    await stage.tell_of_dispute("charge.dispute.funds_withdrawn", name)
    await stage.apply()

    dispute = await dispute_of(stage, payment)

    assert (dispute.status, dispute.withdrawn_minor, dispute.fee_minor) == (DisputeStatus.NEEDS_RESPONSE, 2000, 1500)
    moved = CAPTURED | {"dispute_receivable": 2000, "dispute_fee": 1500, "psp_receivable": -1500}
    assert await stage.moved(payment) == moved
    assert await events_about(stage, dispute) == ["DisputeOpened"]


async def test_won_dispute_brings_the_money_back(stage: Stage) -> None:
    payment, name = await opened(stage)
    stage.psp.dispute_ends(name, DisputeStatus.WON)
    for event_type in ("charge.dispute.funds_reinstated", "charge.dispute.closed", "charge.dispute.updated"):
        await stage.tell_of_dispute(event_type, name)
    await stage.apply()

    assert await stage.moved(payment) == CAPTURED | {"dispute_fee": 1500, "psp_receivable": 500}
    dispute = await dispute_of(stage, payment)
    assert dispute.status is DisputeStatus.WON
    assert await events_about(stage, dispute) == ["DisputeOpened", "DisputeClosed"]


async def test_lost_dispute_is_the_platforms_loss_by_default(stage: Stage) -> None:
    payment, name = await opened(stage)
    stage.psp.dispute_ends(name, DisputeStatus.LOST)
    await stage.tell_of_dispute("charge.dispute.closed", name)
    await stage.apply()

    moved = CAPTURED | {"chargeback_loss": 2000, "dispute_fee": 1500, "psp_receivable": -1500}
    assert await stage.moved(payment) == moved
    assert await stage.entries(payment) == ["capture", "dispute_withdrawn", "dispute_lost"]


async def test_dispute_first_seen_when_it_is_over_is_booked_whole(stage: Stage) -> None:
    payment = await stage.captured(2000)
    name = stage.psp.dispute_opens(payment.psp_payment_id)
    stage.psp.dispute_ends(name, DisputeStatus.LOST)

    for event_type in ("charge.dispute.closed", "charge.dispute.created", "charge.dispute.funds_withdrawn"):
        await stage.tell_of_dispute(event_type, name)
        await stage.apply()

    assert await stage.entries(payment) == ["capture", "dispute_withdrawn", "dispute_lost"]
    assert await events_about(stage, await dispute_of(stage, payment)) == ["DisputeOpened", "DisputeClosed"]


async def test_inquiry_moves_no_money_and_may_escalate(stage: Stage) -> None:
    payment, name = await opened(stage, DisputeStatus.INQUIRY)
    assert await stage.moved(payment) == CAPTURED

    stage.psp.dispute_withdraws(name)
    await stage.tell_of_dispute("charge.dispute.funds_withdrawn", name)
    await stage.apply()

    assert (await dispute_of(stage, payment)).status is DisputeStatus.NEEDS_RESPONSE
    assert (await stage.moved(payment))["dispute_receivable"] == 2000


async def test_accepted_dispute_is_lost_and_the_driver_may_bear_it(stage: Stage) -> None:
    payment, _ = await opened(stage)
    dispute = await dispute_of(stage, payment)

    lost = await accept(stage, dispute.id, LossBorneBy.DRIVER)
    again = await accept(stage, dispute.id, LossBorneBy.DRIVER)

    assert lost == again
    assert (lost.status, lost.borne_by) == (DisputeStatus.LOST, LossBorneBy.DRIVER)
    assert await stage.owed_to_driver() == 1500 - 2000
    with pytest.raises(Conflict) as over:
        await accept(stage, dispute.id, key="late")
    assert over.value.reason == "dispute_closed"


async def test_acceptance_that_the_psp_refuses_leaves_whose_loss_it_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, name = await opened(stage)
    dispute = await dispute_of(stage, payment)

    async def refuse(key: str, order: AcceptDisputeOrder) -> Outcome:
        return Declined("dispute_not_closable")

    monkeypatch.setattr(stage.psp, "accept_dispute", refuse)
    with pytest.raises(Conflict) as refused:
        await accept(stage, dispute.id, LossBorneBy.DRIVER)
    assert refused.value.reason == "dispute_closed"
    assert (await dispute_of(stage, payment)).borne_by is LossBorneBy.PLATFORM

    stage.psp.dispute_ends(name, DisputeStatus.LOST)
    await stage.tell_of_dispute("charge.dispute.closed", name)
    await stage.apply()

    assert (await stage.moved(payment))["chargeback_loss"] == 2000
    assert await stage.owed_to_driver() == 1500


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT, Fault.ERROR_AFTER_EFFECT])
async def test_lost_answer_of_an_acceptance_is_told_by_the_same_request(stage: Stage, fault: Fault) -> None:
    payment, _ = await opened(stage)
    dispute = await dispute_of(stage, payment)
    stage.psp.fail("accept_dispute", fault)

    with pytest.raises(Unknown):
        await accept(stage, dispute.id, LossBorneBy.DRIVER)

    lost = await accept(stage, dispute.id, LossBorneBy.DRIVER)
    assert (lost.status, lost.borne_by) == (DisputeStatus.LOST, LossBorneBy.DRIVER)
    assert (await stage.entries(payment)).count("dispute_lost") == 1
    assert await stage.owed_to_driver() == 1500 - 2000


@pytest.mark.parametrize("fault", [None, Fault.TIMEOUT_AFTER_EFFECT, Fault.ERROR_AFTER_EFFECT])
async def test_evidence_is_handed_in_once(stage: Stage, fault: Fault | None) -> None:
    payment, _ = await opened(stage)
    dispute = await dispute_of(stage, payment)
    if fault is not None:
        stage.psp.fail("submit_evidence", fault)
        with pytest.raises(Unknown):
            await submit(stage, dispute.id)

    assert (await submit(stage, dispute.id)).status is DisputeStatus.UNDER_REVIEW
    with pytest.raises(Conflict) as late:
        await submit(stage, dispute.id, key="late")
    assert late.value.reason == "evidence_refused"


async def test_no_evidence_and_no_dispute_are_refused_by_name(stage: Stage) -> None:
    payment, _ = await opened(stage)
    dispute = await dispute_of(stage, payment)

    with pytest.raises(InvalidInput) as none:
        await submit(stage, dispute.id, "")
    with pytest.raises(InvalidInput) as too_much:
        await submit(stage, dispute.id, "x" * 150_001)
    with pytest.raises(NotFound):
        await submit(stage, uuid4())
    with pytest.raises(NotFound):
        await stage.payments.core.refunds.disputes.get(uuid4())

    assert (none.value.reason, too_much.value.reason) == ("invalid_evidence", "invalid_evidence")


async def test_dispute_whose_events_never_came_is_found_in_the_psps_list(stage: Stage) -> None:
    payment = await stage.captured(2000)
    name = stage.psp.dispute_opens(payment.psp_payment_id)

    await stage.payments.core.refunds.sweep_psp_objects.listed_disputes()
    assert (await dispute_of(stage, payment)).status is DisputeStatus.NEEDS_RESPONSE
    stage.psp.dispute_ends(name, DisputeStatus.WON)
    stage.clock.advance(minutes=61)
    await stage.look_at_disputes()

    assert (await dispute_of(stage, payment)).status is DisputeStatus.WON


async def test_what_the_psp_showed_before_the_dispute_was_accepted_is_not_taken_for_news(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, name = await opened(stage)
    dispute, see = await dispute_of(stage, payment), stage.psp.see_dispute
    shown: list[Any] = []

    async def see_and_be_overtaken(psp_dispute_id: str) -> Any:
        shown.append(await see(psp_dispute_id))
        if len(shown) == 1:
            await accept(stage, dispute.id)
        return shown[-1]

    monkeypatch.setattr(stage.psp, "see_dispute", see_and_be_overtaken)
    await stage.tell_of_dispute("charge.dispute.funds_withdrawn", name)
    await stage.apply()

    assert ("charge.dispute.funds_withdrawn", "applied", "") in await stage.states()
    assert (await dispute_of(stage, payment)).status is DisputeStatus.LOST
    assert len(shown) == 2


async def test_dispute_that_shows_other_money_than_booked_is_parked(stage: Stage) -> None:
    payment, name = await opened(stage)
    stage.psp.disputes[name] = replace(stage.psp.disputes[name], withdrawn_minor=1999)
    await stage.tell_of_dispute("charge.dispute.updated", name)
    await stage.apply()

    assert ("charge.dispute.updated", "parked", "dispute_contradiction") in await stage.states()
    assert (await dispute_of(stage, payment)).withdrawn_minor == 2000
