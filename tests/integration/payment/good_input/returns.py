"""Good requests about money that goes back: refunds, disputes, and what the PSP tells of them."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

from ridesharing.payment.v1 import dispute_service_pb2 as disputes
from ridesharing.payment.v1 import disputes_pb2, refunds_pb2
from ridesharing.payment.v1 import refund_service_pb2 as refunds
from ridesharing.payment.v1 import webhook_service_pb2 as events
from tests.integration.payment.bad_input import invalid
from tests.integration.payment.good_input.stage import (
    Ask,
    Row,
    Stage,
    as_matching,
    as_operator,
    as_rider,
    key,
    not_found,
    usd,
)
from tests.integration.payment.process import until
from tests.integration.payment.psp_stage import signed

_NO_REFUND, _NO_DISPUTE = not_found("refund_not_found"), not_found("dispute_not_found")
_EVENT = """
    INSERT INTO psp_event
        (id, type, object_id, psp_payment_id, account_id, payload, received_at, state, tries, detail, due_at)
    VALUES ($1, 'payment_intent.succeeded', $2, $2, '', '{}', now(), 'received', 1, '', now() + interval '1 day')
"""
_PARK = "UPDATE psp_event SET state = 'parked', detail = 'operation_open' WHERE id = $1"


async def create_refund(stage: Stage) -> Ask:
    _, ride_id = await stage.captured_ride()
    payment_id = str(await stage.database.fetchval("SELECT id FROM payment WHERE ride_id = $1", ride_id))
    return as_operator(
        refunds.CreateRefundRequest(
            request_id=key(),
            payment_id=payment_id,
            amount=usd(500),
            reason="the ride went wrong",
            borne_by=refunds_pb2.REFUND_BORNE_BY_PROPORTIONAL,
        )
    )


async def get_refund(stage: Stage) -> Ask:
    refund = (await stage.call("RefundService.CreateRefund", await create_refund(stage))).refund
    return as_rider(refund.rider_id, refunds.GetRefundRequest(refund_id=refund.refund_id))


async def list_refunds(stage: Stage) -> Ask:
    return as_operator(refunds.ListRefundsRequest(ride_id=key(), payment_id=key()))


async def disputed(stage: Stage) -> disputes_pb2.Dispute:
    """Return the dispute of a ride, of which the PSP has told."""
    _, ride_id = await stage.captured_ride(card="pm_card_createDispute")
    intent = await stage.database.fetchval("SELECT psp_payment_id FROM payment WHERE ride_id = $1", ride_id)
    told = (await stage.psp.get("/v1/disputes", params={"payment_intent": intent})).raise_for_status().json()
    await stage.call("PspEventService.ReceivePspEvent", event("charge.dispute.created", told["data"][0]))
    listed = as_operator(disputes.ListDisputesRequest(ride_id=ride_id))

    async def known() -> bool:
        return bool((await stage.call("DisputeService.ListDisputes", listed)).disputes)

    await until(known)
    return (await stage.call("DisputeService.ListDisputes", listed)).disputes[0]


async def get_dispute(stage: Stage) -> Ask:
    return as_operator(disputes.GetDisputeRequest(dispute_id=(await disputed(stage)).dispute_id))


async def list_disputes(stage: Stage) -> Ask:
    return as_operator(disputes.ListDisputesRequest(ride_id=key(), payment_id=key()))


async def submit_evidence(stage: Stage) -> Ask:
    evidence = disputes.DisputeEvidence(uncategorized_text="The track of the ride.")
    dispute_id = (await disputed(stage)).dispute_id
    return as_operator(
        disputes.SubmitDisputeEvidenceRequest(request_id=key(), dispute_id=dispute_id, evidence=evidence)
    )


async def accept_dispute(stage: Stage) -> Ask:
    dispute_id = (await disputed(stage)).dispute_id
    return as_operator(
        disputes.AcceptDisputeRequest(
            request_id=key(), dispute_id=dispute_id, borne_by=disputes_pb2.LOSS_BORNE_BY_PLATFORM
        )
    )


def event(kind: str, subject: dict[str, Any]) -> Ask:
    """Return an event as the edge hands it over."""
    payload = json.dumps({"id": f"evt_{uuid4().hex}", "type": kind, "data": {"object": subject}}).encode()
    return as_matching(
        events.ReceivePspEventRequest(
            payload=payload, signature=signed(payload, time.time()), provider=events.PSP_PROVIDER_STRIPE
        )
    )


async def receive_event(stage: Stage) -> Ask:
    return event("customer.updated", {"id": "cus_of_nobody", "object": "customer"})


async def list_events(stage: Stage) -> Ask:
    return as_operator(events.ListPspEventsRequest())


async def replay_event(stage: Stage) -> Ask:
    event_id = f"evt_{uuid4().hex}"
    _, ride_id = await stage.captured_ride()
    intent = await stage.database.fetchval("SELECT psp_payment_id FROM payment WHERE ride_id = $1", ride_id)
    async with stage.database.acquire() as connection, connection.transaction():
        await connection.execute(_EVENT, event_id, intent)
        await connection.execute(_PARK, event_id)
    return as_operator(events.ReplayPspEventRequest(psp_event_id=event_id))


RETURNS = {
    "RefundService.CreateRefund": Row(
        create_refund,
        unknown={"payment_id": not_found("payment_not_found")},
        otherwise={"amount: another currency": invalid("amount", "currency_mismatch")},
    ),
    "RefundService.GetRefund": Row(get_refund, unknown={"refund_id": _NO_REFUND}, foreign=_NO_REFUND),
    "RefundService.ListRefunds": Row(list_refunds, unknown={"ride_id": None, "payment_id": None}),
    "DisputeService.GetDispute": Row(get_dispute, unknown={"dispute_id": _NO_DISPUTE}),
    "DisputeService.ListDisputes": Row(list_disputes, unknown={"ride_id": None, "payment_id": None}),
    "DisputeService.SubmitDisputeEvidence": Row(submit_evidence, unknown={"dispute_id": _NO_DISPUTE}),
    "DisputeService.AcceptDispute": Row(accept_dispute, unknown={"dispute_id": _NO_DISPUTE}),
    "PspEventService.ReceivePspEvent": Row(receive_event),
    "PspEventService.ListPspEvents": Row(list_events),
    "PspEventService.ReplayPspEvent": Row(replay_event),
}
