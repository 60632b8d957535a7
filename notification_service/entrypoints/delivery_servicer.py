"""DeliveryService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from notification_service.domain.delivery import DeliveryEvent, DeliveryState
from notification_service.domain.provider_health import ProviderHealth
from notification_service.domain.timeline import DeliveryStory, FailedDelivery, RideMessage, TimelineEntry
from notification_service.entrypoints.grpc_servicer import CHANNEL_TO_WIRE, STATE_TO_WIRE, to_wire
from notification_service.entrypoints.times import timestamp, timestamp_or_none
from notification_service.use_cases.read_timeline import ReadTimeline
from notification_service.use_cases.replay_delivery import ReplayDelivery
from notification_service.use_cases.take_sms_receipt import TakeSmsReceipt
from ridesharing.notification.v1 import delivery_service_pb2 as pb
from ridesharing.notification.v1 import delivery_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.DeliveryService"
_Context = grpc.aio.ServicerContext[Any, Any]


class DeliveryServicer(delivery_service_pb2_grpc.DeliveryServiceServicer):
    """What became of messages."""

    def __init__(
        self, *, read_timeline: ReadTimeline, replay_delivery: ReplayDelivery, take_sms_receipt: TakeSmsReceipt
    ) -> None:
        self._read_timeline = read_timeline
        self._replay_delivery = replay_delivery
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


def _health(health: ProviderHealth) -> pb.ProviderHealth:
    return pb.ProviderHealth(
        provider=health.provider,
        state=health.state.value,
        failures=health.failures,
        open_until_time=timestamp_or_none(health.open_until),
        error=health.error,
        change_time=timestamp(health.changed_at),
    )
