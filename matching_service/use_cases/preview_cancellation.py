"""Tell what a cancel costs now, and give the token that consents to it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.ride_cancels import free_cancel_until, most_cancel_fee
from matching_service.use_cases.steps import ride_of_rider
from matching_service.use_cases.store_ports import FeeConsent, Store
from shared_kernel.clock import Clock
from shared_kernel.money import Money

CONSENT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class CancellationPreview:
    """The fee, until when it holds, and the token to consent with (empty when the cancel is free)."""

    fee: Money
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewCancellation:
    """PreviewCancellation. The latest preview of a ride is the one that counts."""

    store: Store
    clock: Clock
    tokens: random.Random

    async def __call__(self, rider_id: UUID, ride_id: UUID) -> CancellationPreview:
        """Return the preview. Raises NotFound `ride_not_found`, Conflict `not_cancellable`."""
        async with self.store.transaction() as tx:
            ride = await ride_of_rider(tx, ride_id, rider_id)
            now = self.clock.now()
            expires_at = now + timedelta(seconds=CONSENT_SECONDS)
            # One that grows is told as it will be at most before the token ends: the cancel costs no more than this.
            fee = most_cancel_fee(ride, now, expires_at)
            if fee.amount_minor == 0 or ride.assigned_at is None:
                # Free, but not for longer than the free period, unless it stays free after that: the driver is late, or
                # the city takes no fee.
                free_until = free_cancel_until(ride)
                if free_until is not None and free_until > now:
                    expires_at = min(expires_at, free_until)
                return CancellationPreview(fee, "", expires_at)
            token = f"{self.tokens.getrandbits(128):032x}"
            await tx.keep_consent(FeeConsent(ride.id, token, fee, ride.assigned_at, expires_at))
            return CancellationPreview(fee, token, expires_at)
