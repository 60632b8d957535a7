"""Who tells campaigns, and who their audience is, as events tell it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from uuid import UUID

from chassis.runtime import Backoff, Wakeup
from chassis.streams import IncomingEvent
from notification_service.domain.campaigns import AudienceRole, Sighting
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.use_cases.campaign_ports import CampaignStore
from notification_service.use_cases.run_campaigns import RunCampaigns
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import events_pb2 as matching
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
MOST_KNOWN = 200_000
"""Bound of the sightings that a process remembers, so that a ride of a known rider writes nothing."""


class SeeAudience:
    """Learns from events who rides and drives, and where; it changes nothing to see somebody twice.

    An event that was taken in before shows nobody: whom it names may have been erased since.
    """

    def __init__(self, store: CampaignStore) -> None:
        self._store = store
        self._known: OrderedDict[Sighting, None] = OrderedDict()

    async def __call__(self, events: Sequence[IncomingEvent]) -> None:
        """Remember who is not known to be remembered."""
        # Each is looked up: to subtract the keys would walk through all that is known, with every event.
        seen = [
            (event.id, sighting) for event in events for sighting in _sightings(event) if sighting not in self._known
        ]
        if not seen:
            return
        before = await self._store.taken_in({event_id for event_id, _ in seen})
        new = {sighting for event_id, sighting in seen if event_id not in before}
        if new:
            await self._store.see(list(new))
        self._known.update(dict.fromkeys(new))
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)


def _sightings(event: IncomingEvent) -> Iterator[Sighting]:
    match event.message:
        case identity.AccountCreated(account_id=account_id):
            yield Sighting(UUID(account_id), AudienceRole.RIDERS)
        case identity.DriverStatusChanged(driver_id=driver_id, status=accounts_pb2.DRIVER_STATUS_APPROVED):
            yield Sighting(UUID(driver_id), AudienceRole.DRIVERS)
        case matching.RideRequested(ride=ride) | matching.RideScheduled(ride=ride):
            yield Sighting(UUID(ride.rider_id), AudienceRole.RIDERS, ride.city)
        case matching.RideAssigned(ride=ride) if ride.HasField("driver"):
            yield Sighting(UUID(ride.driver.driver_id), AudienceRole.DRIVERS, ride.city)
        case _:
            return


async def run_campaigns_forever(run: RunCampaigns, alarms: Alarms, wakeup: Wakeup) -> None:
    """Tell page after page while there is one, else look again after a while. An outage is waited out."""
    backoff = Backoff(0.2, 5.0)
    while True:
        try:
            may_be_more, lanes = await run()
        except DomainError as error:
            if not error.retryable:
                raise
            _log.warning("a page of a campaign was put off", extra={"reason": error.reason})
            await asyncio.sleep(backoff.next_seconds())
            continue
        backoff.reset()
        for channel, priority in lanes:
            alarms.wake(channel, priority)
        if not may_be_more:
            await wakeup.wait(LOOK_SECONDS)
