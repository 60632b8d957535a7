"""Payouts over gRPC: reads the request, calls the use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from payment_service.entrypoints import payout_wire as wire
from payment_service.entrypoints.callers import driver_asked, only_of_driver, request_key, the_driver_asked
from payment_service.entrypoints.pages import page_size, read_token, write_token
from payment_service.use_cases.get_payout import GetPayout, ListPayouts
from payment_service.use_cases.get_payout_account import GetPayoutAccount
from payment_service.use_cases.request_payout import RequestPayout
from payment_service.use_cases.retry_payout import RetryPayout
from payment_service.use_cases.set_payout_account import SetPayoutAccount
from ridesharing.payment.v1 import payout_service_pb2 as pb
from ridesharing.payment.v1 import payout_service_pb2_grpc
from shared_kernel.money import exponent

SERVICE_NAME = "ridesharing.payment.v1.PayoutService"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class PayoutUseCases:
    """All that the service does."""

    set_payout_account: SetPayoutAccount
    get_payout_account: GetPayoutAccount
    request_payout: RequestPayout
    get_payout: GetPayout
    list_payouts: ListPayouts
    retry_payout: RetryPayout


class PayoutServicer(payout_service_pb2_grpc.PayoutServiceServicer):
    """See the contract. Access is judged by the interceptor, ownership by what the use cases are told to look for."""

    def __init__(self, use_cases: PayoutUseCases) -> None:
        self._do = use_cases

    async def SetPayoutAccount(
        self, request: pb.SetPayoutAccountRequest, context: Context
    ) -> pb.SetPayoutAccountResponse:
        key = request_key("SetPayoutAccount", request.request_id, request.bank_token, request.country_code)
        account = await self._do.set_payout_account(
            key, current_actor().account_id, request.bank_token, request.country_code
        )
        return pb.SetPayoutAccountResponse(payout_account=wire.account_to_wire(account))

    async def GetPayoutAccount(
        self, request: pb.GetPayoutAccountRequest, context: Context
    ) -> pb.GetPayoutAccountResponse:
        exponent(request.currency_code)
        account = await self._do.get_payout_account(the_driver_asked(request.driver_id), request.currency_code)
        return pb.GetPayoutAccountResponse(payout_account=wire.account_to_wire(account))

    async def RequestPayout(self, request: pb.RequestPayoutRequest, context: Context) -> pb.RequestPayoutResponse:
        amount = wire.payout_amount_from_wire(request.currency_code, request.amount_minor)
        key = request_key("RequestPayout", request.request_id, request.currency_code, request.amount_minor)
        payout = await self._do.request_payout(key, current_actor().account_id, amount)
        return pb.RequestPayoutResponse(payout=wire.payout_to_wire(payout, only_of_driver()))

    async def GetPayout(self, request: pb.GetPayoutRequest, context: Context) -> pb.GetPayoutResponse:
        payout = await self._do.get_payout(UUID(request.payout_id), only_of_driver())
        return pb.GetPayoutResponse(payout=wire.payout_to_wire(payout, only_of_driver()))

    async def ListPayouts(self, request: pb.ListPayoutsRequest, context: Context) -> pb.ListPayoutsResponse:
        payouts, last = await self._do.list_payouts(
            driver_asked(request.driver_id),
            wire.payout_status_from_wire(request.status),
            read_token(request.page_token, UUID),
            page_size(request.page_size),
        )
        shown = [wire.payout_to_wire(payout, only_of_driver()) for payout in payouts]
        return pb.ListPayoutsResponse(payouts=shown, next_page_token="" if last is None else write_token(last))

    async def RetryPayout(self, request: pb.RetryPayoutRequest, context: Context) -> pb.RetryPayoutResponse:
        payout_id = UUID(request.payout_id)
        key = request_key("RetryPayout", request.request_id, str(payout_id))
        payout = await self._do.retry_payout(key, payout_id)
        return pb.RetryPayoutResponse(payout=wire.payout_to_wire(payout, None))
