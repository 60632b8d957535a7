"""NotificationService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.inbox_item import InboxItem
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.entrypoints.times import moment_from, timestamp
from notification_service.use_cases.list_notifications import ListNotifications
from notification_service.use_cases.mark_notification_read import MarkNotificationRead
from notification_service.use_cases.send_one_time_code import SendOneTimeCode
from notification_service.use_cases.summarize_deliveries import SummarizeDeliveries
from ridesharing.notification.v1 import notification_service_pb2 as pb
from ridesharing.notification.v1 import notification_service_pb2_grpc, notifications_pb2

SERVICE_NAME = "ridesharing.notification.v1.NotificationService"
_Context = grpc.aio.ServicerContext[Any, Any]

CHANNEL_TO_WIRE = {
    Channel.INBOX: notifications_pb2.CHANNEL_INBOX,
    Channel.STREAM: notifications_pb2.CHANNEL_STREAM,
    Channel.SMS: notifications_pb2.CHANNEL_SMS,
    Channel.PUSH: notifications_pb2.CHANNEL_PUSH,
    Channel.EMAIL: notifications_pb2.CHANNEL_EMAIL,
    Channel.VOICE: notifications_pb2.CHANNEL_VOICE,
}
STATE_TO_WIRE = {
    DeliveryState.PENDING: notifications_pb2.DELIVERY_STATE_PENDING,
    DeliveryState.SENT: notifications_pb2.DELIVERY_STATE_SENT,
    DeliveryState.DROPPED: notifications_pb2.DELIVERY_STATE_DROPPED,
    DeliveryState.FAILED: notifications_pb2.DELIVERY_STATE_FAILED,
}


class NotificationServicer(notification_service_pb2_grpc.NotificationServiceServicer):
    """Turns requests into use cases and their results into responses."""

    def __init__(
        self,
        *,
        send_one_time_code: SendOneTimeCode,
        list_notifications: ListNotifications,
        mark_notification_read: MarkNotificationRead,
        summarize_deliveries: SummarizeDeliveries,
        alarms: Alarms,
    ) -> None:
        self._send_one_time_code = send_one_time_code
        self._list_notifications = list_notifications
        self._mark_notification_read = mark_notification_read
        self._summarize_deliveries = summarize_deliveries
        self._alarms = alarms

    async def SendOneTimeCode(
        self, request: pb.SendOneTimeCodeRequest, context: _Context
    ) -> pb.SendOneTimeCodeResponse:
        notification_id = await self._send_one_time_code(
            caller=current_actor().subject,
            request_id=request.request_id,
            phone_number=request.phone_number,
            mail_address=request.mail_address,
            code=request.code,
            locale=request.locale,
            expires_at=moment_from(request.expire_time, "expire_time"),
            may_call=request.may_call,
        )
        self._alarms.wake(Channel.EMAIL if request.mail_address else Channel.SMS, Priority.SECURITY)
        return pb.SendOneTimeCodeResponse(notification_id=str(notification_id))

    async def ListNotifications(
        self, request: pb.ListNotificationsRequest, context: _Context
    ) -> pb.ListNotificationsResponse:
        items, next_page_token = await self._list_notifications(
            current_actor().account_id, request.page_size, request.page_token
        )
        return pb.ListNotificationsResponse(
            notifications=[to_wire(item) for item in items], next_page_token=next_page_token
        )

    async def MarkNotificationRead(
        self, request: pb.MarkNotificationReadRequest, context: _Context
    ) -> pb.MarkNotificationReadResponse:
        item = await self._mark_notification_read(current_actor().account_id, UUID(request.notification_id))
        return pb.MarkNotificationReadResponse(notification=to_wire(item))

    async def SummarizeDeliveries(
        self, request: pb.SummarizeDeliveriesRequest, context: _Context
    ) -> pb.SummarizeDeliveriesResponse:
        counts, notification_count = await self._summarize_deliveries(moment_from(request.since_time, "since_time"))
        return pb.SummarizeDeliveriesResponse(
            deliveries=[
                pb.DeliveryCount(
                    channel=CHANNEL_TO_WIRE[count.channel], state=STATE_TO_WIRE[count.state], count=count.count
                )
                for count in counts
            ],
            notification_count=notification_count,
        )


def to_wire(item: InboxItem) -> notifications_pb2.Notification:
    """Write a notification as its reader sees it."""
    return notifications_pb2.Notification(
        notification_id=str(item.notification_id),
        topic=item.topic,
        title=item.title,
        body=item.body,
        ride_id=str(item.ride_id) if item.ride_id else "",
        create_time=timestamp(item.created_at),
        read_time=timestamp(item.read_at) if item.read_at else None,
    )
