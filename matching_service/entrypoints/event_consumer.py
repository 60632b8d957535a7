"""Events of identity_service and payment_service, taken in."""

from __future__ import annotations

from uuid import UUID

from chassis.streams import IncomingEvent
from matching_service.use_cases.keep_driver_standing import KeepDriverStanding
from matching_service.use_cases.stop_unapproved_driver import StopUnapprovedDriver
from matching_service.use_cases.store_ports import DriverStanding
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1.events_pb2 import DriverStatusChanged
from ridesharing.payment.v1.events_pb2 import DriverStandingChanged

STREAMS = ("events:identity", "events:payment")
EVENT_TYPES = (DriverStatusChanged, DriverStandingChanged)


class EventHandler:
    """Hands each event to its use case."""

    def __init__(self, stop_unapproved_driver: StopUnapprovedDriver, keep_driver_standing: KeepDriverStanding) -> None:
        self._stop_unapproved_driver = stop_unapproved_driver
        self._keep_driver_standing = keep_driver_standing

    async def __call__(self, event: IncomingEvent) -> None:
        """Take one event in."""
        match event.message:
            case DriverStatusChanged() as change if change.status != accounts_pb2.DRIVER_STATUS_APPROVED:
                await self._stop_unapproved_driver(event.id, UUID(change.driver_id))
            case DriverStandingChanged() as change:
                standing = DriverStanding(UUID(change.driver_id), change.balance.currency_code, change.cash_allowed)
                await self._keep_driver_standing(event.id, standing, event.aggregate_version)
            case _:
                return
