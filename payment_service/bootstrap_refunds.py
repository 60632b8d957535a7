"""The part of the composition root that puts refunds, disputes and the PSP's events together."""

from __future__ import annotations

from typing import NamedTuple

from chassis.failpoints import Failpoints
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer
from payment_service.adapters.stripe_webhooks import StripeWebhooks
from payment_service.domain.dispute import LossBorneBy
from payment_service.entrypoints import dispute_servicer, psp_event_servicer, refund_servicer
from payment_service.entrypoints.dispute_servicer import DisputeServicer, DisputeUseCases
from payment_service.entrypoints.psp_event_servicer import PspEventServicer, PspEventUseCases
from payment_service.entrypoints.psp_event_workers import apply_psp_events_forever, look_forever
from payment_service.entrypoints.refund_servicer import RefundServicer, RefundUseCases
from payment_service.settings import PaymentSettings
from payment_service.use_cases.answer_dispute import AnswerDispute
from payment_service.use_cases.apply_psp_events import ApplyPspEvents
from payment_service.use_cases.create_refund import CreateRefund
from payment_service.use_cases.get_dispute import GetDispute
from payment_service.use_cases.get_refund import GetRefund
from payment_service.use_cases.list_disputes import ListDisputes
from payment_service.use_cases.list_psp_events import ListPspEvents
from payment_service.use_cases.list_refunds import ListRefunds
from payment_service.use_cases.mutate import Mutate
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from payment_service.use_cases.psp_events.disputes import DisputeEvents
from payment_service.use_cases.psp_events.handling import PspEventHandlers
from payment_service.use_cases.psp_events.payments import PaymentEvents
from payment_service.use_cases.psp_events.refunds import RefundEvents
from payment_service.use_cases.receive_psp_event import ReceivePspEvent
from payment_service.use_cases.replay_psp_event import ReplayPspEvent
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.sweep_psp_objects import SweepPspObjects
from ridesharing.payment.v1.dispute_service_pb2_grpc import add_DisputeServiceServicer_to_server
from ridesharing.payment.v1.refund_service_pb2_grpc import add_RefundServiceServicer_to_server
from ridesharing.payment.v1.webhook_service_pb2_grpc import add_PspEventServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class RefundsCore(NamedTuple):
    """The use cases put together."""

    refunds: RefundUseCases
    disputes: DisputeUseCases
    psp_events: PspEventUseCases
    apply_psp_events: ApplyPspEvents
    sweep_psp_objects: SweepPspObjects
    wakeup: Wakeup


def build_refunds(
    settings: PaymentSettings,
    store: Store,
    psp: PaymentServiceProvider,
    mutate: Mutate,
    settle: Settle,
    clock: Clock,
    ids: IdSource,
    others: PspEventHandlers,
) -> RefundsCore:
    """Put the use cases together over a store and a PSP; `others` take the PSP's events about other subjects."""
    reader = StripeWebhooks(settings.webhook_secrets, clock)
    payments = PaymentEvents(store, psp, reader.payment_shown, settle, clock)
    refunds = RefundEvents(store, psp, settle, clock, ids)
    disputes = DisputeEvents(store, psp, settle, clock, ids, LossBorneBy(settings.payment_dispute_borne_by))
    handlers: PspEventHandlers = {
        "payment_intent.": payments,
        "charge.refunded": refunds,
        "charge.refund.": refunds,
        "refund.": refunds,
        "charge.dispute.": disputes,
        **others,
    }
    failpoint, wakeup = Failpoints(settings.failpoint), Wakeup()
    psp_events = PspEventUseCases(
        ReceivePspEvent(store, reader, handlers, failpoint, wakeup.wake),
        ListPspEvents(store),
        ReplayPspEvent(store, clock, wakeup.wake),
    )
    return RefundsCore(
        RefundUseCases(CreateRefund(store, mutate, settle, clock, ids), GetRefund(store), ListRefunds(store)),
        DisputeUseCases(GetDispute(store), ListDisputes(store), AnswerDispute(store, mutate, settle, clock, ids)),
        psp_events,
        ApplyPspEvents(store, handlers, clock, failpoint, lease_seconds=settings.payment_lease_seconds),
        SweepPspObjects(store, psp, payments, refunds, disputes, clock),
        wakeup,
    )


def add_refunds_workers(workers: Workers, core: RefundsCore, settings: PaymentSettings) -> None:
    """Let it work by itself."""
    poll_seconds, look_seconds = settings.payment_psp_event_poll_seconds, settings.payment_psp_look_seconds
    workers.add("psp events", lambda: apply_psp_events_forever(core.apply_psp_events, core.wakeup, poll_seconds))
    workers.add("psp looks", lambda: look_forever(core.sweep_psp_objects, look_seconds))


def add_refunds_servicers(server: ServiceServer, core: RefundsCore) -> None:
    """Serve it."""
    refunds, disputes = RefundServicer(core.refunds), DisputeServicer(core.disputes)
    server.add(add_RefundServiceServicer_to_server, refunds, refund_servicer.SERVICE_NAME)
    server.add(add_DisputeServiceServicer_to_server, disputes, dispute_servicer.SERVICE_NAME)
    psp_events = PspEventServicer(core.psp_events)
    server.add(add_PspEventServiceServicer_to_server, psp_events, psp_event_servicer.SERVICE_NAME)
