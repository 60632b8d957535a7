"""DeliveryService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from notification_service.domain.delivery import DeliveryEvent, DeliveryState
from notification_service.domain.provider_health import ProviderHealth
from notification_service.domain.suppression import LiftedSuppression, Suppression
from notification_service.domain.timeline import DeliveryStory, FailedDelivery, RideMessage, TimelineEntry
from notification_service.entrypoints.grpc_servicer import CHANNEL_TO_WIRE, STATE_TO_WIRE, to_wire
from notification_service.entrypoints.times import timestamp, timestamp_or_none
from notification_service.use_cases.lift_suppression import LiftSuppression, ReadSuppressions
from notification_service.use_cases.read_timeline import ReadTimeline
from notification_service.use_cases.replay_delivery import ReplayDelivery
from notification_service.use_cases.take_sms_receipt import TakeSmsReceipt
from ridesharing.notification.v1 import delivery_service_pb2 as pb
from ridesharing.notification.v1 import delivery_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.DeliveryService"
_Context = grpc.aio.ServicerContext[Any, Any]

_CHANNEL_FROM_WIRE = {number: channel for channel, number in CHANNEL_TO_WIRE.items()}


class DeliveryServicer(delivery_service_pb2_grpc.DeliveryServiceServicer):
    """What became of messages."""

    def __init__(
        self,
        *,
        read_timeline: ReadTimeline,
        replay_delivery: ReplayDelivery,
        read_suppressions: ReadSuppressions,
        lift_suppression: LiftSuppression,
        take_sms_receipt: TakeSmsReceipt,
    ) -> None:
        self._read_timeline = read_timeline
        self._replay_delivery = replay_delivery
        self._read_suppressions = read_suppressions
        self._lift_suppression = lift_suppression
        self._take_sms_receipt = take_sms_receipt

    async def ListTimeline(self, request: pb.ListTimelineRequest, context: _Context) -> pb.ListTimelineResponse:
        entries, token = await self._read_timeline.of_person(
            UUID(request.account_id), request.page_size, request.page_token
        )
        return pb.ListTimelineResponse(entries=map(_entry, entries), next_page_token=token)

    async def ListRideMessages(
        self, request: pb.ListRideMessagesRequest, context: _Context
    ) -> pb.ListRideMessagesResponse:
        found, is_cut = await self._read_timeline.of_ride(UUID(request.ride_id))
        return pb.ListRideMessagesResponse(messages=map(_ride_message, found), is_cut=is_cut)

    async def ListFailedDeliveries(
        self, request: pb.ListFailedDeliveriesRequest, context: _Context
    ) -> pb.ListFailedDeliveriesResponse:
        found, token = await self._read_timeline.failed(request.page_size, request.page_token)
        return pb.ListFailedDeliveriesResponse(deliveries=map(_failed, found), next_page_token=token)

    async def ReplayDelivery(self, request: pb.ReplayDeliveryRequest, context: _Context) -> pb.ReplayDeliveryResponse:
        replayed = await self._replay_delivery(UUID(request.delivery_id))
        return pb.ReplayDeliveryResponse(delivery=_delivery(replayed.story))

    async def ListProviders(self, request: pb.ListProvidersRequest, context: _Context) -> pb.ListProvidersResponse:
        return pb.ListProvidersResponse(providers=map(_health, await self._read_timeline.providers()))

    async def ListSuppressions(
        self, request: pb.ListSuppressionsRequest, context: _Context
    ) -> pb.ListSuppressionsResponse:
        page, token = await self._read_suppressions.page(
            _account_or_none(request.account_id), request.page_size, request.page_token
        )
        return pb.ListSuppressionsResponse(suppressions=map(_suppression, page), next_page_token=token)

    async def LiftSuppression(
        self, request: pb.LiftSuppressionRequest, context: _Context
    ) -> pb.LiftSuppressionResponse:
        lifted = await self._lift_suppression(
            request.request_id,
            current_actor().account_id,
            UUID(request.account_id),
            _CHANNEL_FROM_WIRE[request.channel],
            request.reason,
        )
        return pb.LiftSuppressionResponse(lifted=_lifted(lifted))

    async def ListLiftedSuppressions(
        self, request: pb.ListLiftedSuppressionsRequest, context: _Context
    ) -> pb.ListLiftedSuppressionsResponse:
        page, token = await self._read_suppressions.lifted(
            _account_or_none(request.account_id), request.page_size, request.page_token
        )
        return pb.ListLiftedSuppressionsResponse(lifted=map(_lifted, page), next_page_token=token)

    async def ReceiveSmsReceipt(
        self, request: pb.ReceiveSmsReceiptRequest, context: _Context
    ) -> pb.ReceiveSmsReceiptResponse:
        await self._take_sms_receipt(request.form, request.signature)
        return pb.ReceiveSmsReceiptResponse()


def _entry(entry: TimelineEntry) -> pb.TimelineEntry:
    return pb.TimelineEntry(
        notification=to_wire(entry.item),
        priority=entry.priority.value,
        expire_time=timestamp(entry.expires_at),
        acknowledge_time=timestamp_or_none(entry.acknowledged_at),
        deliveries=map(_delivery, entry.deliveries),
    )


def _ride_message(message: RideMessage) -> pb.RideMessage:
    return pb.RideMessage(
        notification_id=str(message.notification_id),
        account_id=str(message.account_id or ""),
        topic=message.topic,
        create_time=timestamp(message.created_at),
        acknowledge_time=timestamp_or_none(message.acknowledged_at),
        trace_id=message.trace_id,
        deliveries=map(_delivery, message.deliveries),
    )


def _delivery(story: DeliveryStory) -> pb.Delivery:
    pending = story.state is DeliveryState.PENDING
    return pb.Delivery(
        delivery_id=str(story.delivery_id),
        channel=CHANNEL_TO_WIRE[story.channel],
        state=STATE_TO_WIRE[story.state],
        target=story.target,
        attempts=story.attempts,
        provider=story.provider,
        reason=story.reason,
        unless_acknowledged=story.unless_acknowledged,
        next_time=timestamp(story.next_attempt_at) if pending else None,
        finish_time=timestamp_or_none(story.finished_at),
        events=map(_event, story.events),
    )


def _event(event: DeliveryEvent) -> pb.DeliveryEvent:
    return pb.DeliveryEvent(
        time=timestamp(event.happened_at), kind=event.kind, provider=event.provider, detail=event.detail
    )


def _failed(found: FailedDelivery) -> pb.FailedDelivery:
    return pb.FailedDelivery(
        delivery=_delivery(found.story),
        notification_id=str(found.notification_id),
        topic=found.topic,
        account_id=str(found.account_id or ""),
    )


def _account_or_none(account_id: str) -> UUID | None:
    return UUID(account_id) if account_id else None


def _suppression(suppression: Suppression) -> pb.Suppression:
    return pb.Suppression(
        account_id=str(suppression.account_id),
        channel=CHANNEL_TO_WIRE[suppression.channel],
        reason=suppression.reason,
        provider=suppression.provider,
        suppress_time=timestamp(suppression.suppressed_at),
    )


def _lifted(lifted: LiftedSuppression) -> pb.LiftedSuppression:
    return pb.LiftedSuppression(
        suppression=_suppression(lifted.suppression),
        lift_time=timestamp(lifted.lifted_at),
        operator_id=str(lifted.operator_id),
        reason=lifted.reason,
    )


def _health(health: ProviderHealth) -> pb.ProviderHealth:
    return pb.ProviderHealth(
        provider=health.provider,
        state=health.state.value,
        failures=health.failures,
        open_until_time=timestamp_or_none(health.open_until),
        error=health.error,
        change_time=timestamp(health.changed_at),
    )
