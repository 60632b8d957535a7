"""Promotions: made by operators, redeemed by riders."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.promotions import (
    Promotion,
    PromotionEnd,
    PromotionPath,
    PromotionRequest,
    Promotions,
    RedeemedPromotion,
    RedeemedPromotions,
    RedeemRequest,
    promotion,
    redeemed_promotion,
)
from ridesharing.matching.v1 import promotion_service_pb2 as pb

routes = Routes("promotions", "Promotions", area="operate_money")
_OPERATOR, _RIDER = (Role.OPERATOR,), (Role.RIDER,)


@routes.route(
    "POST",
    "/promotions/redeem",
    roles=_RIDER,
    area="payments",
    answer=RedeemedPromotion,
    status=201,
    needs_key=True,
    problems=(404, 409),
    urgency=Urgency.DEFERRABLE,
)
def redeem_promotion(body: RedeemRequest) -> RedeemedPromotion:
    """Put a promotion on the caller's account by its code; quotes contain it from then on."""
    request = pb.RedeemPromotionRequest(request_id=call().key, code=body.code)
    return redeemed_promotion(ask(edge().backends.promotions.RedeemPromotion, request).promotion)


@routes.route("GET", "/promotions", roles=_RIDER, area="payments", answer=RedeemedPromotions)
def list_own_promotions() -> RedeemedPromotions:
    """Return the promotions on the caller's account, also those that are over."""
    found = ask(edge().backends.promotions.ListRedemptions, pb.ListRedemptionsRequest())
    return RedeemedPromotions(items=[redeemed_promotion(each) for each in found.promotions])


@routes.route(
    "POST",
    "/operator/promotions",
    roles=_OPERATOR,
    answer=Promotion,
    status=201,
    needs_key=True,
    problems=(404, 409),
)
def create_promotion(body: PromotionRequest) -> Promotion:
    """Make a promotion; its terms never change afterwards."""
    return promotion(ask(edge().backends.promotions.CreatePromotion, body.message(call().key)).promotion)


@routes.route("GET", "/operator/promotions", roles=_OPERATOR, answer=Promotions)
def list_promotions(query: PageQuery) -> Promotions:
    """Page through the promotions, newest first."""
    request = pb.ListPromotionsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.promotions.ListPromotions, request)
    return Promotions(
        items=[promotion(each) for each in page.promotions], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/promotions/<promotion_id>", roles=_OPERATOR, answer=Promotion, problems=(404,))
def read_promotion(path: PromotionPath) -> Promotion:
    """Return a promotion, how often it was redeemed and used, and what it took off."""
    request = pb.GetPromotionRequest(promotion_id=str(path.promotion_id))
    return promotion(ask(edge().backends.promotions.GetPromotion, request).promotion)


@routes.route(
    "POST",
    "/operator/promotions/<promotion_id>/end",
    roles=_OPERATOR,
    answer=Promotion,
    needs_key=True,
    problems=(404, 409),
)
def end_promotion(path: PromotionPath, body: PromotionEnd) -> Promotion:
    """End a promotion: nobody redeems it or is quoted by it any more; quotes and rides that have it keep it."""
    request = pb.EndPromotionRequest(request_id=call().key, promotion_id=str(path.promotion_id), note=body.note)
    return promotion(ask(edge().backends.promotions.EndPromotion, request).promotion)
