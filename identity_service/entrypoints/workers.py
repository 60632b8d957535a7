"""Identity's background work: owed codes are handed over, expired ones forgotten."""

from __future__ import annotations

import asyncio
import logging

from identity_service.use_cases.hand_over_codes import BATCH_CODES, HandOverCodes
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

_SWEEP_SECONDS = 1.0
_FORGET_SECONDS = 15.0


async def sweep_owed_codes(hand_over: HandOverCodes, period_seconds: float = _SWEEP_SECONDS) -> None:
    """Hand over owed codes for ever; a full batch is followed by the next at once."""
    while True:
        try:
            if await hand_over.due() == BATCH_CODES:
                continue
        except DomainError as error:
            _log.warning("the sweep of owed codes failed", extra={"cause": error.reason})
        await asyncio.sleep(period_seconds)


async def forget_expired_codes(hand_over: HandOverCodes, period_seconds: float = _FORGET_SECONDS) -> None:
    """Forget expired codes for ever."""
    while True:
        try:
            await hand_over.forget_expired()
        except DomainError as error:
            _log.warning("expired codes could not be forgotten yet", extra={"cause": error.reason})
        await asyncio.sleep(period_seconds)
