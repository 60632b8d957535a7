"""PromotionService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from matching_service.domain.promotion import Promotion, PromotionState, Redemption, normal_code
from matching_service.domain.quote import Discount
from matching_service.entrypoints import wire
from matching_service.entrypoints.grpc_rides import DEFAULT_PAGE
from matching_service.use_cases.manage_promotions import (
    CreatePromotion,
    CreatePromotionCommand,
    EndPromotion,
    ReadPromotions,
)
from matching_service.use_cases.promotion_ports import PromotionRecord
from matching_service.use_cases.redeem_promotion import ListRedemptions, RedeemPromotion
from ridesharing.matching.v1 import promotion_service_pb2 as pb
from ridesharing.matching.v1 import promotion_service_pb2_grpc
from shared_kernel.clock import Clock

SERVICE_NAME = "ridesharing.matching.v1.PromotionService"
DEFAULT_LEAST_PAID_MINOR = 100
"""Above what PSPs charge a card at the least (Stripe: 50 cents)."""

PROMOTION_STATES = {state: pb.PromotionState.Value(f"PROMOTION_STATE_{state.name}") for state in PromotionState}

Context = grpc.aio.ServicerContext[Any, Any]


class PromotionServicer(promotion_service_pb2_grpc.PromotionServiceServicer):
    """Codes that take something off fares."""

    def __init__(
        self,
        *,
        create: CreatePromotion,
        end: EndPromotion,
        read: ReadPromotions,
        redeem: RedeemPromotion,
        redemptions: ListRedemptions,
        clock: Clock,
    ) -> None:
        self._create = create
        self._end = end
        self._read = read
        self._redeem = redeem
        self._redemptions = redemptions
        self._clock = clock

    async def CreatePromotion(self, request: pb.CreatePromotionRequest, context: Context) -> pb.CreatePromotionResponse:
        record = await self._create(request.request_id, current_actor().account_id, _command(request))
        return pb.CreatePromotionResponse(promotion=self._message(record))

    async def ListPromotions(self, request: pb.ListPromotionsRequest, context: Context) -> pb.ListPromotionsResponse:
        page = await self._read.page(request.page_size or DEFAULT_PAGE, wire.before_from(request.page_token))
        return pb.ListPromotionsResponse(
            promotions=map(self._message, page.records), next_page_token=wire.page_token(page.next_before)
        )

    async def GetPromotion(self, request: pb.GetPromotionRequest, context: Context) -> pb.GetPromotionResponse:
        return pb.GetPromotionResponse(promotion=self._message(await self._read.get(UUID(request.promotion_id))))

    async def EndPromotion(self, request: pb.EndPromotionRequest, context: Context) -> pb.EndPromotionResponse:
        record = await self._end(
            request.request_id, current_actor().account_id, UUID(request.promotion_id), request.note
        )
        return pb.EndPromotionResponse(promotion=self._message(record))

    async def RedeemPromotion(self, request: pb.RedeemPromotionRequest, context: Context) -> pb.RedeemPromotionResponse:
        redemption = await self._redeem(request.request_id, current_actor().account_id, request.code)
        return pb.RedeemPromotionResponse(promotion=self._redeemed_message(redemption))

    async def ListRedemptions(self, request: pb.ListRedemptionsRequest, context: Context) -> pb.ListRedemptionsResponse:
        found = await self._redemptions(current_actor().account_id)
        return pb.ListRedemptionsResponse(promotions=map(self._redeemed_message, found))

    def _message(self, record: PromotionRecord) -> pb.Promotion:
        promotion = record.promotion
        message = pb.Promotion(
            promotion_id=str(promotion.id),
            terms=_terms_message(promotion),
            start_time=wire.timestamp(promotion.starts_at),
            end_time=wire.timestamp(promotion.ends_at),
            state=PROMOTION_STATES[promotion.state(self._clock.now())],
            redemption_limit=promotion.redemption_limit or 0,
            redemption_count=promotion.redemption_count,
            use_count=record.use_count,
            taken_off=wire.money_message(record.taken_off),
            version=promotion.version,
            note=promotion.note,
            create_time=wire.timestamp(promotion.made_at),
            operator_id=str(promotion.made_by),
            stop_operator_id="" if promotion.ended_by is None else str(promotion.ended_by),
            stop_note=promotion.end_note,
        )
        if promotion.ended_at is not None:
            message.stop_time.FromDatetime(promotion.ended_at)
        return message

    def _redeemed_message(self, redemption: Redemption) -> pb.RedeemedPromotion:
        promotion = redemption.promotion
        return pb.RedeemedPromotion(
            promotion_id=str(promotion.id),
            terms=_terms_message(promotion),
            start_time=wire.timestamp(promotion.starts_at),
            end_time=wire.timestamp(promotion.ends_at),
            state=PROMOTION_STATES[promotion.state(self._clock.now())],
            uses_left=redemption.uses_left,
            redeem_time=wire.timestamp(redemption.redeemed_at),
        )


def _command(request: pb.CreatePromotionRequest) -> CreatePromotionCommand:
    terms = request.terms
    return CreatePromotionCommand(
        discount=Discount(
            code=normal_code(terms.code),
            currency_code=terms.currency_code,
            percent_off_basis_points=terms.percent_off_basis_points,
            amount_off_minor=terms.amount_off_minor,
            most_off_minor=terms.most_off_minor or None,
            least_paid_minor=terms.least_paid_minor or DEFAULT_LEAST_PAID_MINOR,
        ),
        starts_at=wire.moment_from(request.start_time, "start_time") if request.HasField("start_time") else None,
        ends_at=wire.moment_from(request.end_time, "end_time"),
        city=terms.city,
        products=tuple(sorted(terms.products)),
        redemption_limit=request.redemption_limit,
        uses_per_rider=terms.uses_per_rider,
        first_ride_only=terms.first_ride_only,
        note=request.note,
    )


def _terms_message(promotion: Promotion) -> pb.PromotionTerms:
    discount = promotion.discount
    return pb.PromotionTerms(
        code=discount.code,
        currency_code=discount.currency_code,
        percent_off_basis_points=discount.percent_off_basis_points,
        amount_off_minor=discount.amount_off_minor,
        most_off_minor=discount.most_off_minor or 0,
        least_paid_minor=discount.least_paid_minor,
        city=promotion.city,
        products=sorted(promotion.products),
        uses_per_rider=promotion.uses_per_rider,
        first_ride_only=promotion.first_ride_only,
    )
