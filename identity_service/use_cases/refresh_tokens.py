"""Rotate a refresh token."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from identity_service.domain.events import RefreshTokenReused, SessionEnded
from identity_service.domain.sign_ins import (
    EndReason,
    RefreshToken,
    SignIn,
    TokenPair,
    Verdict,
    judge,
    refresh_invalid,
    refresh_reused,
)
from identity_service.use_cases.ports import Store, Transaction
from identity_service.use_cases.secret_ports import Ciphers
from identity_service.use_cases.token_pairs import TokenPairs
from shared_kernel.clock import Clock

_log = logging.getLogger(__name__)


class RefreshTokens:
    """Gives the next pair for a refresh token, and ends the family of one that was used before."""

    def __init__(self, store: Store, ciphers: Ciphers, pairs: TokenPairs, clock: Clock) -> None:
        self._store = store
        self._ciphers = ciphers
        self._pairs = pairs
        self._clock = clock

    async def __call__(self, token: str) -> TokenPair:
        """Return the next pair.

        Raises:
            Unauthenticated: `refresh_invalid` or `refresh_reused`.
        """
        async with self._store.transaction() as transaction:
            found = await transaction.sign_ins.lock_by_token(self._ciphers.refresh_digest(token))
            if found is None:
                raise refresh_invalid()
            sign_in, kept = found
            # Read under the lock: a race's losers must not see a token spent later than their own time.
            now = self._clock.now()
            verdict = judge(sign_in, kept, now)
            if verdict is Verdict.ROTATE:
                return await self._rotate(transaction, sign_in, kept, token, now)
            if verdict is Verdict.REPEAT:
                return self._repeat(sign_in, kept, token, now)
            if verdict is Verdict.REUSED:
                await transaction.sign_ins.end(sign_in.sign_in_id, EndReason.TOKEN_REUSED, now)
                await transaction.record(RefreshTokenReused(sign_in.sign_in_id, sign_in.account_id, sign_in.device_id))
                await transaction.record(SessionEnded(sign_in.sign_in_id, sign_in.account_id, EndReason.TOKEN_REUSED))
        # After the commit: the family must stay ended.
        if verdict is Verdict.REUSED:
            _log.warning("a spent refresh token ended its sign-in", extra={"sign_in_id": str(sign_in.sign_in_id)})
            raise refresh_reused()
        raise refresh_invalid()

    async def _rotate(
        self, transaction: Transaction, sign_in: SignIn, kept: RefreshToken, token: str, now: datetime
    ) -> TokenPair:
        successor, text = self._pairs.next_token(sign_in, now)
        spent = replace(kept, spent_at=now, sealed_successor=self._ciphers.seal_successor(token, text))
        await transaction.sign_ins.rotate(spent, successor)
        return self._pairs.pair(sign_in, text, successor.expires_at, now)

    def _repeat(self, sign_in: SignIn, kept: RefreshToken, token: str, now: datetime) -> TokenPair:
        if kept.sealed_successor is None or kept.spent_at is None:
            raise refresh_invalid()
        text = self._ciphers.open_successor(token, kept.sealed_successor)
        return self._pairs.pair(sign_in, text, kept.spent_at + sign_in.role.refresh_lifetime, now)
