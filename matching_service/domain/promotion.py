"""Promotions: what a code takes off a fare, for whom, where and until when. The platform bears it, never the driver.

operator makes it ──▶ rider redeems the code ──▶ quote shows the price after it ──▶ ride takes a use
                                                                    a ride that costs no fare ──▶ gives it back
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from matching_service.domain.quote import Discount, Fare
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput, NotFound
from shared_kernel.money import exponent

MAX_USES_PER_RIDER = 100
MAX_NOTE_LENGTH = 500


class PromotionState(StrEnum):
    """Where a promotion stands by its times; the names are those of the contract's PromotionState."""

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion. Its terms never change; what an operator can do is end it, which makes its version 2.

    `city` empty and `products` empty ask nothing. `redemption_limit` is how many riders may redeem the code, None for
    all; `uses_per_rider` for how many rides each of them has it.
    """

    id: UUID
    discount: Discount
    starts_at: datetime
    ends_at: datetime
    city: str
    products: frozenset[str]
    redemption_limit: int | None
    uses_per_rider: int
    first_ride_only: bool
    note: str
    made_by: UUID
    made_at: datetime
    redemption_count: int = 0
    version: int = 1
    ended_at: datetime | None = None
    ended_by: UUID | None = None
    end_note: str = ""

    @property
    def code(self) -> str:
        """What riders type, in capitals."""
        return self.discount.code

    def state(self, now: datetime) -> PromotionState:
        """Tell where it stands; the moment of its end no longer counts."""
        if self.ended_at is not None or now >= self.ends_at:
            return PromotionState.ENDED
        return PromotionState.IN_FORCE if now >= self.starts_at else PromotionState.UPCOMING

    def is_for(self, city: str, product: str) -> bool:
        """Whether a product's rides of a city are meant."""
        return self.city in ("", city) and (not self.products or product in self.products)

    def refuse_unless_redeemable(self, now: datetime) -> None:
        """Raise the Conflict that tells why the code cannot be redeemed.

        `promotion_ended`, `promotion_not_begun` or `promotion_used_up`; the database judges the last one.
        """
        state = self.state(now)
        if state is PromotionState.ENDED:
            raise Conflict("promotion_ended", "the promotion is over")
        if state is PromotionState.UPCOMING:
            raise Conflict("promotion_not_begun", "the promotion has not begun yet")
        if self.redemption_limit is not None and self.redemption_count >= self.redemption_limit:
            raise used_up()

    def ended(self, operator_id: UUID, note: str, now: datetime) -> Self:
        """End it now: nobody redeems the code or is quoted by it any more; quotes and rides that have it keep it.

        Raises Conflict `promotion_ended`.
        """
        if self.ended_at is not None:
            raise Conflict("promotion_ended", "the promotion was ended before")
        return replace(self, ended_at=now, ended_by=operator_id, end_note=note, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A promotion on a rider's account; `uses` are the rides that have it, under way or made."""

    promotion: Promotion
    rider_id: UUID
    redeemed_at: datetime
    uses: int = 0

    @property
    def uses_left(self) -> int:
        """How many more rides can have it."""
        return self.promotion.uses_per_rider - self.uses


def best_of(promotions: Iterable[Promotion], city: str, product: str, fare: Fare) -> Promotion | None:
    """Return the promotion that takes the most off a fare, of equal ones that which ends first; None where none does.

    A ride has one promotion at most.
    """
    meant = [promotion for promotion in promotions if promotion.is_for(city, product)]
    best = min(
        meant,
        key=lambda promotion: (-promotion.discount.off(fare).amount_minor, promotion.ends_at, promotion.code),
        default=None,
    )
    return best if best is not None and best.discount.off(fare).amount_minor else None


def normal_code(code: str) -> str:
    """Write a code as it is kept: whoever types it need not care for capitals."""
    return code.strip().upper()


def check_promotion(promotion: Promotion) -> None:
    """Check what an operator wants to make.

    Raises InvalidInput `invalid_promotion`, naming each wrong field.
    """
    discount, violations = promotion.discount, list[FieldViolation]()
    try:
        exponent(discount.currency_code)
    except InvalidInput as unknown:
        violations += unknown.violations
    if (discount.percent_off_basis_points > 0) == (discount.amount_off_minor > 0):
        violations.append(FieldViolation("percent_off_basis_points", "exactly one of this and amount_off must be set"))
    if promotion.ends_at <= promotion.starts_at:
        violations.append(FieldViolation("end_time", "must be after the start"))
    if promotion.ends_at <= promotion.made_at:
        violations.append(FieldViolation("end_time", "is past"))
    if promotion.first_ride_only and promotion.uses_per_rider != 1:
        violations.append(FieldViolation("uses_per_rider", "must be 1: nobody has two first rides"))
    if violations:
        raise InvalidInput("invalid_promotion", "the promotion cannot be made", violations=violations)


def used_up() -> Conflict:
    """Make the refusal of a code that was redeemed as often as it may be."""
    return Conflict("promotion_used_up", "the promotion was used as often as it may be")


def first_ride_only() -> Conflict:
    """Make the refusal for a rider who has ridden before."""
    return Conflict("promotion_first_ride_only", "the promotion is for a first ride")


def promotion_not_found() -> NotFound:
    """Make the refusal of a code or an id that there is not."""
    return NotFound("promotion_not_found", "there is no such promotion")
