"""Learns what places are worth, and keeps in force what any replica has learned."""

from __future__ import annotations

import asyncio
import logging

from matching_service.use_cases.learn_destination_values import LearnDestinationValues
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 60.0
REFRESHES_A_LOOK = 30
"""So often it is asked whether a lesson is due: with too few rides there is none, and the question costs a read."""


async def learn_values_forever(learn: LearnDestinationValues) -> None:
    """Run until told to stop. An outage is waited out: what was in force stays so."""
    refreshes = 0
    while True:
        try:
            if refreshes % REFRESHES_A_LOOK == 0:
                _log.info("destination values are in force", extra={"places": await learn()})
            else:
                await learn.refresh()
            refreshes += 1
        except DomainError as error:
            if not error.retryable:
                raise
            _log.warning("destination values were not read", extra={"reason": error.reason})
        await asyncio.sleep(REFRESH_SECONDS)
