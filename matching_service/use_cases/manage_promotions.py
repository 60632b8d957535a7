"""Make, end and read promotions, for the people who run the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain.promotion import Promotion, check_promotion, promotion_not_found
from matching_service.domain.quote import Discount
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.promotion_ports import PromotionReader, PromotionRecord, PromotionStore
from matching_service.use_cases.store_ports import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class CreatePromotionCommand:
    """What an operator makes; `starts_at` None is at once, `redemption_limit` 0 none."""

    discount: Discount
    starts_at: datetime | None
    ends_at: datetime
    city: str
    products: tuple[str, ...]
    redemption_limit: int
    uses_per_rider: int
    first_ride_only: bool
    note: str

    def fields(self) -> tuple[str, ...]:
        """Write it for the fingerprint of a request."""
        return tuple(map(str, (self.discount, self.starts_at, self.ends_at, self.city, self.products))) + tuple(
            map(str, (self.redemption_limit, self.uses_per_rider, self.first_ride_only, self.note))
        )


@dataclass(frozen=True, slots=True)
class CreatePromotion:
    """CreatePromotion: its terms never change afterwards."""

    store: PromotionStore
    reader: PromotionReader
    cities: Cities
    clock: Clock
    new_id: IdSource

    async def __call__(self, request_id: str, operator_id: UUID, command: CreatePromotionCommand) -> PromotionRecord:
        """Return the promotion, or for a repeated request the one that it made.

        Raises:
            InvalidInput: `invalid_promotion`.
            NotFound: `city_not_found`.
            Conflict: `promotion_code_taken`.
        """
        now = self.clock.now()
        promotion = Promotion(
            id=self.new_id(),
            discount=command.discount,
            starts_at=command.starts_at or now,
            ends_at=command.ends_at,
            city=command.city,
            products=frozenset(command.products),
            redemption_limit=command.redemption_limit or None,
            uses_per_rider=command.uses_per_rider,
            first_ride_only=command.first_ride_only,
            note=command.note,
            made_by=operator_id,
            made_at=now,
        )
        await self._check_place(promotion)
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(operator_id, "CreatePromotion", request_id, command.fields()))
            if answer is None:
                # Only now: the same request later, when the end is past, gives the promotion that it made.
                check_promotion(promotion)
                await tx.promotions.add(promotion)
                await tx.complete(promotion.id.bytes)
        return await _read(self.reader, promotion.id if answer is None else UUID(bytes=answer))

    async def _check_place(self, promotion: Promotion) -> None:
        if not promotion.city:
            return
        city = (await self.cities.in_force()).named(promotion.city)
        if city is None:
            raise NotFound("city_not_found", f"there is no city {promotion.city!r}")
        violations = [
            FieldViolation("products", f"the city does not sell {product}")
            for product in sorted(promotion.products - city.products.keys())
        ]
        if city.currency_code != promotion.discount.currency_code:
            violations.append(FieldViolation("currency_code", f"must be {city.currency_code}, as the city's prices"))
        if violations:
            raise InvalidInput("invalid_promotion", "the promotion cannot be made", violations=violations)


@dataclass(frozen=True, slots=True)
class EndPromotion:
    """EndPromotion: from now on nobody redeems it or is quoted by it. Quotes and rides that have it keep it."""

    store: PromotionStore
    reader: PromotionReader
    clock: Clock

    async def __call__(self, request_id: str, operator_id: UUID, promotion_id: UUID, note: str) -> PromotionRecord:
        """Return the promotion, ended.

        Raises:
            NotFound: `promotion_not_found`.
            Conflict: `promotion_ended`, it was ended before by another request.
        """
        async with self.store.transaction() as tx:
            request = RequestKey(operator_id, "EndPromotion", request_id, (str(promotion_id), note))
            if await tx.claim(request) is None:
                promotion = await tx.promotions.lock(promotion_id)
                if promotion is None:
                    raise promotion_not_found()
                await tx.promotions.save_end(promotion.ended(operator_id, note, self.clock.now()))
                await tx.complete(promotion_id.bytes)
        return await _read(self.reader, promotion_id)


@dataclass(frozen=True, slots=True)
class PromotionPage:
    """Promotions, newest first; `next_before` names the last one when there are more."""

    records: list[PromotionRecord]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class ReadPromotions:
    """GetPromotion and ListPromotions."""

    reader: PromotionReader

    async def get(self, promotion_id: UUID) -> PromotionRecord:
        """Return a promotion. Raises NotFound `promotion_not_found`."""
        return await _read(self.reader, promotion_id)

    async def page(self, size: int, before: UUID | None) -> PromotionPage:
        """Return a page of at most `size` promotions after the one named."""
        found = await self.reader.page(size + 1, before)
        return PromotionPage(found[:size], found[size - 1].promotion.id if len(found) > size else None)


async def _read(reader: PromotionReader, promotion_id: UUID) -> PromotionRecord:
    record = await reader.get(promotion_id)
    if record is None:
        raise promotion_not_found()
    return record
