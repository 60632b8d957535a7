"""notification_service, as far as identity needs it."""

from __future__ import annotations

from collections.abc import Callable

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.status import rpc_errors
from identity_service.domain.one_time_codes import OwedCode, hand_over_key
from ridesharing.notification.v1 import notification_service_pb2 as pb
from ridesharing.notification.v1.notification_service_pb2_grpc import NotificationServiceStub

TIMEOUT_SECONDS = 2.0
"""Shorter than the first wait for a resend, so that an attempt is over when the next may begin."""


class GrpcCodeSender:
    """Hands codes over by SendOneTimeCode; the key is the challenge's, so that a repeated call owes nothing new."""

    def __init__(
        self, channel: grpc.aio.Channel, may_call: Callable[[str], bool], *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """Take the channel, what tells whether a phone number may be called, and how long an attempt may take."""
        self._stub = NotificationServiceStub(channel)
        self._may_call = may_call
        self._timeout_seconds = timeout_seconds

    async def send(self, owed: OwedCode) -> None:
        """Hand a code over."""
        expire_time = Timestamp()
        expire_time.FromDatetime(owed.expires_at)
        is_mail = "@" in owed.target
        request = pb.SendOneTimeCodeRequest(
            request_id=hand_over_key(owed.challenge_id),
            phone_number="" if is_mail else owed.target,
            mail_address=owed.target if is_mail else "",
            code=owed.code,
            locale=owed.locale,
            expire_time=expire_time,
            may_call=not is_mail and self._may_call(owed.target),
        )
        with rpc_errors():
            await self._stub.SendOneTimeCode(request, timeout=self._timeout_seconds)
