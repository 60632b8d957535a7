"""Put a promotion's code on a rider's account, and show what is on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain.promotion import Redemption, first_ride_only, normal_code, promotion_not_found
from matching_service.use_cases.promotion_ports import PromotionReader, PromotionStore
from matching_service.use_cases.store_ports import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, LimitExceeded

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class RedeemPromotion:
    """RedeemPromotion. Each try is counted before the code is looked up, so that many at once are counted as well."""

    store: PromotionStore
    clock: Clock

    async def __call__(self, request_id: str, rider_id: UUID, typed_code: str) -> Redemption:
        """Return the promotion on the rider's account, or for a repeated request the one that it put there.

        Raises:
            LimitExceeded: `too_many_codes`, too many that were none within an hour.
            NotFound: `promotion_not_found`.
            Conflict: `promotion_redeemed` (it is on the account already), `promotion_ended`, `promotion_not_begun`,
                `promotion_used_up`, `promotion_first_ride_only`.
        """
        now, code = self.clock.now(), normal_code(typed_code)
        # By itself: what follows is rolled back when it is refused, and the count must stay.
        async with self.store.transaction() as tx:
            wait_seconds = await tx.promotions.count_try(rider_id, now)
        if wait_seconds is not None:
            raise LimitExceeded(
                "too_many_codes", "too many codes were tried that are none", retry_after_seconds=wait_seconds
            )
        try:
            redemption = await self._redeemed(RequestKey(rider_id, "RedeemPromotion", request_id, (code,)), code, now)
        except Conflict:
            # The code is one: that something else is in its way is no guess.
            async with self.store.transaction() as tx:
                await tx.promotions.forgive_try(rider_id)
            raise
        if redemption is None:
            raise promotion_not_found()
        return redemption

    async def _redeemed(self, request: RequestKey, code: str, now: datetime) -> Redemption | None:
        rider_id = request.principal
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is None:
                promotion = await tx.promotions.by_code(code)
                if promotion is None:
                    raise promotion_not_found()
                if await tx.promotions.redemption(promotion.id, rider_id) is not None:
                    raise Conflict("promotion_redeemed", "the promotion is on the account already")
                promotion.refuse_unless_redeemable(now)
                if promotion.first_ride_only and await tx.promotions.has_ridden(rider_id):
                    raise first_ride_only()
                await tx.promotions.redeem(promotion.id, rider_id, now)
                answer = promotion.id.bytes
                await tx.complete(answer)
            await tx.promotions.forgive_try(rider_id)
            return await tx.promotions.redemption(UUID(bytes=answer), rider_id)


@dataclass(frozen=True, slots=True)
class ListRedemptions:
    """ListRedemptions."""

    reader: PromotionReader

    async def __call__(self, rider_id: UUID) -> list[Redemption]:
        """Return the promotions on a rider's account, newest first; at most a hundred."""
        return await self.reader.redeemed(rider_id, MOST_SHOWN)
