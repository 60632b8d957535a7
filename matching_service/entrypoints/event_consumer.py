"""Events of identity_service, taken in."""

from __future__ import annotations

from uuid import UUID

from chassis.streams import IncomingEvent
from matching_service.use_cases.stop_unapproved_driver import StopUnapprovedDriver
from ridesharing.identity.v1 import accounts_pb2, events_pb2

STREAMS = ("events:identity",)
EVENT_TYPES = (events_pb2.DriverStatusChanged,)


class EventHandler:
    """Hands each event to its use case."""

    def __init__(self, stop_unapproved_driver: StopUnapprovedDriver) -> None:
        self._stop_unapproved_driver = stop_unapproved_driver

    async def __call__(self, event: IncomingEvent) -> None:
        """Take one event in."""
        match event.message:
            case events_pb2.DriverStatusChanged() as change if change.status != accounts_pb2.DRIVER_STATUS_APPROVED:
                await self._stop_unapproved_driver(event.id, UUID(change.driver_id))
            case _:
                return
