"""Promotions: what operators make, and what riders have on their accounts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from rider_api.schemas.common import (
    Answer,
    Moment,
    Money,
    OpenEnum,
    Parameters,
    PromotionId,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
    timestamp_message,
    timestamp_or_none,
)
from ridesharing.matching.v1 import promotion_service_pb2 as pb

STATES = OpenEnum(pb.PromotionState.items(), "PROMOTION_STATE")
_MOST_MINOR = 1_000_000_000
_Code = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9-]{4,24}$")]
_Product = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class PromotionPath(Parameters):
    """Names a promotion."""

    promotion_id: PromotionId


class PromotionRequest(Request):
    """What is made: a part or an amount that is taken off, from which fares, for whom and how often."""

    code: _Code = Field(description="What riders type, in capitals or not.", examples=["WELCOME-20"])
    currency_code: str = Field(pattern="^[A-Z]{3}$", description="Of the fares and all amounts.", examples=["USD"])
    percent_off_basis_points: int = Field(
        default=0, ge=0, le=10_000, description="In hundredths of a percent; 0 where an amount is.", examples=[2000]
    )
    amount_off_minor: int = Field(default=0, ge=0, le=_MOST_MINOR, description="0 where a part is.", examples=[0])
    most_off_minor: int = Field(default=0, ge=0, le=_MOST_MINOR, description="A ride; 0 for no cap.", examples=[1000])
    least_paid_minor: int = Field(
        default=0, ge=0, le=_MOST_MINOR, description="At least this is left to pay; 0 for 100.", examples=[100]
    )
    starts_at: Moment | None = Field(default=None, description="At once, where it is not said.")
    ends_at: Moment
    city: str = Field(
        default="", pattern="^([a-z][a-z0-9_]{0,39})?$", description="Empty for all.", examples=["san_francisco"]
    )
    products: list[_Product] = Field(default=[], max_length=20, description="Empty for all.", examples=[["economy"]])
    redemption_limit: int = Field(
        default=0, ge=0, le=2_147_483_647, description="How many riders may redeem it; 0 for all.", examples=[500]
    )
    uses_per_rider: int = Field(default=1, ge=1, le=100, description="For how many rides each has it.", examples=[1])
    first_ride_only: bool = Field(default=False, description="Only for riders who have not ridden yet.")
    note: str = Field(default="", max_length=500, description="For the record.", examples=["spring campaign"])

    def message(self, request_id: str) -> pb.CreatePromotionRequest:
        """Convert to the request of the service."""
        return pb.CreatePromotionRequest(
            request_id=request_id,
            terms=pb.PromotionTerms(
                code=self.code,
                currency_code=self.currency_code,
                percent_off_basis_points=self.percent_off_basis_points,
                amount_off_minor=self.amount_off_minor,
                most_off_minor=self.most_off_minor,
                least_paid_minor=self.least_paid_minor,
                city=self.city,
                products=dict.fromkeys(self.products),
                uses_per_rider=self.uses_per_rider,
                first_ride_only=self.first_ride_only,
            ),
            start_time=None if self.starts_at is None else timestamp_message(self.starts_at),
            end_time=timestamp_message(self.ends_at),
            redemption_limit=self.redemption_limit,
            note=self.note,
        )


class PromotionEnd(Request):
    """Why a promotion is ended."""

    note: str = Field(default="", max_length=500, description="For the record.", examples=["the budget is spent"])


class PromotionTerms(Answer):
    """What a promotion takes off which fares."""

    id: str = Field(examples=["promo_01h4556qpqexqvskwzpczs00jq"])
    code: str = Field(examples=["WELCOME-20"])
    currency_code: str = Field(examples=["USD"])
    percent_off_basis_points: int | None = Field(description="In hundredths of a percent.", examples=[2000])
    amount_off: Money | None
    most_off: Money | None = Field(description="No more is taken off a ride.")
    least_paid: Money = Field(description="At least this is left to pay.")
    city: str | None
    products: list[str]
    uses_per_rider: int
    first_ride_only: bool
    starts_at: Timestamp
    ends_at: Timestamp
    state: str = Field(description="upcoming, in_force or ended.", examples=["in_force"])


class Promotion(PromotionTerms):
    """A promotion as operators see it."""

    redemption_limit: int | None
    redemption_count: int = Field(description="How many riders have it on their accounts.")
    use_count: int = Field(description="How many rides have it, under way or made.")
    taken_off: Money = Field(description="From rides that were made, so far.")
    version: int
    note: str
    created_at: Timestamp
    operator_id: str
    stopped_at: Timestamp | None = Field(description="When an operator ended it.")
    stopped_by: str | None
    stop_note: str | None


class Promotions(Answer):
    """A page of promotions, newest first."""

    items: list[Promotion]
    next_cursor: str | None


class RedeemRequest(Request):
    """Shows a code."""

    code: _Code = Field(description="In capitals or not.", examples=["welcome-20"])


class RedeemedPromotion(PromotionTerms):
    """A promotion on the caller's account."""

    uses_left: int = Field(description="For how many more rides; one that came to cost no fare gives its use back.")
    redeemed_at: Timestamp


class RedeemedPromotions(Answer):
    """The promotions on the caller's account, newest first; at most a hundred."""

    items: list[RedeemedPromotion]


def promotion(message: pb.Promotion) -> Promotion:
    """Convert a promotion for operators."""
    return Promotion(
        **_terms(message),
        redemption_limit=message.redemption_limit or None,
        redemption_count=message.redemption_count,
        use_count=message.use_count,
        taken_off=money(message.taken_off),
        version=message.version,
        note=message.note,
        created_at=timestamp(message.create_time),
        operator_id=public_id("acct", message.operator_id),
        stopped_at=timestamp_or_none(message, "stop_time"),
        stopped_by=public_id_or_none("acct", message.stop_operator_id),
        stop_note=message.stop_note or None,
    )


def redeemed_promotion(message: pb.RedeemedPromotion) -> RedeemedPromotion:
    """Convert a promotion for the rider who has it."""
    return RedeemedPromotion(**_terms(message), uses_left=message.uses_left, redeemed_at=timestamp(message.redeem_time))


def _terms(message: pb.Promotion | pb.RedeemedPromotion) -> dict[str, Any]:
    terms = message.terms

    def amount(minor: int) -> Money | None:
        return Money(currency_code=terms.currency_code, amount_minor=minor) if minor else None

    return {
        "id": public_id("promo", message.promotion_id),
        "code": terms.code,
        "currency_code": terms.currency_code,
        "percent_off_basis_points": terms.percent_off_basis_points or None,
        "amount_off": amount(terms.amount_off_minor),
        "most_off": amount(terms.most_off_minor),
        "least_paid": Money(currency_code=terms.currency_code, amount_minor=terms.least_paid_minor),
        "city": terms.city or None,
        "products": list(terms.products),
        "uses_per_rider": terms.uses_per_rider,
        "first_ride_only": terms.first_ride_only,
        "starts_at": timestamp(message.start_time),
        "ends_at": timestamp(message.end_time),
        "state": STATES.text(message.state),
    }
