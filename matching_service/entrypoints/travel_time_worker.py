"""Learns travel times daily and when asked, and keeps in force what any replica has learned."""

from __future__ import annotations

import logging
from collections.abc import Callable

from prometheus_client import Gauge

from chassis.runtime import Wakeup
from matching_service.use_cases.learn_travel_times import LearnTravelTimes
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

ERROR = Gauge(
    "matching_eta_error", "Mean of |told - measured| / measured at the last lesson, by provider", ["provider"]
)
REFRESH_SECONDS = 60.0
LOOK_SECONDS = 3_600.0
"""So often it is asked whether a lesson is due: with too few trips there is none, and the question costs a read."""


async def learn_forever(learn: LearnTravelTimes, asked: Wakeup, monotonic: Callable[[], float]) -> None:
    """Run until told to stop. An outage is waited out: what was in force stays so."""
    looked_at = float("-inf")
    at_once = False
    while True:
        try:
            await learn.refresh()
            look = monotonic() - looked_at >= LOOK_SECONDS
            if at_once or (look and await learn.is_due()):
                for version in await learn():
                    ERROR.labels(version.provider).set(
                        version.error_after if version.in_force else version.error_before
                    )
                    _log.info(
                        "travel times were learned",
                        extra={"provider": version.provider, "trips": version.trips, "in_force": version.in_force},
                    )
            if look:
                looked_at = monotonic()
        except DomainError as error:
            if not error.retryable:
                raise
            _log.warning("travel times were not learned", extra={"reason": error.reason})
        at_once = await asked.wait(REFRESH_SECONDS)
