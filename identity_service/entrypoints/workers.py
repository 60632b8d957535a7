"""Identity's background work: owed codes are handed over, expired ones forgotten."""

from __future__ import annotations

import asyncio
import logging

from identity_service.use_cases.end_documents import EndDocuments
from identity_service.use_cases.erase_account import EraseAccount
from identity_service.use_cases.hand_over_codes import BATCH_CODES, HandOverCodes
from identity_service.use_cases.ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

_SWEEP_SECONDS = 1.0
_FORGET_SECONDS = 15.0
_TIMER_SECONDS = 5.0
_ERASURE_SECONDS = 10.0
_RESEAL_BATCH = 200
_RESEAL_SECONDS = 3600.0


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


async def end_documents(end: EndDocuments, period_seconds: float = _TIMER_SECONDS) -> None:
    """Work the timers of documents off for ever."""
    while True:
        try:
            while await end.one():
                pass
        except DomainError as error:
            _log.warning("timers of documents could not be worked off yet", extra={"cause": error.reason})
        await asyncio.sleep(period_seconds)


async def reseal_phones(store: Store, clock: Clock, period_seconds: float = _RESEAL_SECONDS) -> None:
    """Seal the numbers that older versions sealed otherwise with the people's own keys, until none is left."""
    while True:
        try:
            done = _RESEAL_BATCH
            while done == _RESEAL_BATCH:
                async with store.transaction() as transaction:
                    done = await transaction.accounts.reseal(_RESEAL_BATCH, clock.now())
        except DomainError as error:
            _log.warning("older seals could not be renewed yet", extra={"cause": error.reason})
        await asyncio.sleep(period_seconds)


async def work_erasures(erase: EraseAccount, period_seconds: float = _ERASURE_SECONDS) -> None:
    """Work erasures off for ever."""
    while True:
        try:
            while await erase.one():
                pass
        except DomainError as error:
            _log.warning("erasures could not be worked off yet", extra={"cause": error.reason})
        await asyncio.sleep(period_seconds)
