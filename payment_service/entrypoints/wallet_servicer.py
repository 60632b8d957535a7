"""WalletService on gRPC: reads the messages, names the request, calls the use case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from payment_service.domain.adjustment import CREDIT_KINDS, AdjustmentKind
from payment_service.domain.rider_limits import RiderLimits
from payment_service.entrypoints import wallet_wire as wire
from payment_service.entrypoints.callers import request_key, rider_asked_for
from payment_service.entrypoints.pages import page_size, read_token
from payment_service.entrypoints.wire import money_from_wire, payment_to_wire
from payment_service.use_cases.adjust_rider import AdjustmentRequest, AdjustRider
from payment_service.use_cases.get_wallet import GetWallet
from payment_service.use_cases.list_adjustments import ListAdjustments
from payment_service.use_cases.list_wallet_entries import ListWalletEntries
from payment_service.use_cases.list_withdrawals import ListWithdrawals
from payment_service.use_cases.pay_arrears import PayArrears
from payment_service.use_cases.top_up_wallet import TopUpWallet
from payment_service.use_cases.withdraw_from_wallet import WithdrawFromWallet
from ridesharing.payment.v1 import wallet_service_pb2 as pb
from ridesharing.payment.v1 import wallet_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.payment.v1.WalletService"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class WalletUseCases:
    """All that the service does, and the limits that its answers explain."""

    get_wallet: GetWallet
    top_up_wallet: TopUpWallet
    withdraw_from_wallet: WithdrawFromWallet
    list_withdrawals: ListWithdrawals
    list_wallet_entries: ListWalletEntries
    pay_arrears: PayArrears
    adjust_rider: AdjustRider
    list_adjustments: ListAdjustments
    limits: RiderLimits


class WalletServicer(wallet_service_pb2_grpc.WalletServiceServicer):
    """See the contract. Access is judged by the interceptor, whose wallet it is by `_asked_for`."""

    def __init__(self, use_cases: WalletUseCases) -> None:
        self._do = use_cases

    async def GetWallet(self, request: pb.GetWalletRequest, context: Context) -> pb.GetWalletResponse:
        rider_id = _asked_for(request.rider_id)
        balances = await self._do.get_wallet(rider_id)
        return pb.GetWalletResponse(rider_id=str(rider_id), balances=[wire.balance_to_wire(row) for row in balances])

    async def TopUpWallet(self, request: pb.TopUpWalletRequest, context: Context) -> pb.TopUpWalletResponse:
        amount, method_id = money_from_wire(request.amount, "amount"), _id_or_none(request.payment_method_id)
        key = request_key("TopUpWallet", request.request_id, str(method_id), amount.currency_code, amount.amount_minor)
        payment = await self._do.top_up_wallet(key, current_actor().account_id, method_id, amount)
        return pb.TopUpWalletResponse(payment=payment_to_wire(payment))

    async def WithdrawFromWallet(
        self, request: pb.WithdrawFromWalletRequest, context: Context
    ) -> pb.WithdrawFromWalletResponse:
        amount = money_from_wire(request.amount, "amount")
        key = request_key("WithdrawFromWallet", request.request_id, amount.currency_code, amount.amount_minor)
        withdrawal = await self._do.withdraw_from_wallet(key, current_actor().account_id, amount)
        return pb.WithdrawFromWalletResponse(withdrawal=wire.withdrawal_to_wire(withdrawal))

    async def ListWithdrawals(self, request: pb.ListWithdrawalsRequest, context: Context) -> pb.ListWithdrawalsResponse:
        size, before = page_size(request.page_size), read_token(request.page_token, UUID)
        found, following = await self._do.list_withdrawals(_asked_for(request.rider_id), size, before)
        return pb.ListWithdrawalsResponse(
            withdrawals=[wire.withdrawal_to_wire(row) for row in found], next_page_token=wire.id_token(following)
        )

    async def ListWalletEntries(
        self, request: pb.ListWalletEntriesRequest, context: Context
    ) -> pb.ListWalletEntriesResponse:
        size, before = page_size(request.page_size), read_token(request.page_token, wire.entry_place)
        entries, following = await self._do.list_wallet_entries(_asked_for(request.rider_id), size, before)
        return pb.ListWalletEntriesResponse(
            entries=[wire.entry_to_wire(entry) for entry in entries], next_page_token=wire.entry_token(following)
        )

    async def GetArrears(self, request: pb.GetArrearsRequest, context: Context) -> pb.GetArrearsResponse:
        balances = await self._do.get_wallet(_asked_for(request.rider_id))
        return pb.GetArrearsResponse(
            arrears=[wire.arrears_to_wire(row, self._do.limits) for row in balances if row.arrears.amount_minor]
        )

    async def PayArrears(self, request: pb.PayArrearsRequest, context: Context) -> pb.PayArrearsResponse:
        method_id = _id_or_none(request.payment_method_id)
        key = request_key("PayArrears", request.request_id, str(method_id), request.currency_code)
        payment = await self._do.pay_arrears(key, current_actor().account_id, method_id, request.currency_code)
        return pb.PayArrearsResponse(payment=payment_to_wire(payment))

    async def GrantCredit(self, request: pb.GrantCreditRequest, context: Context) -> pb.GrantCreditResponse:
        return pb.GrantCreditResponse(
            adjustment=await self._adjust("GrantCredit", request, AdjustmentKind.CREDIT_GRANT)
        )

    async def RevokeCredit(self, request: pb.RevokeCreditRequest, context: Context) -> pb.RevokeCreditResponse:
        return pb.RevokeCreditResponse(
            adjustment=await self._adjust("RevokeCredit", request, AdjustmentKind.CREDIT_REVOKED)
        )

    async def WriteOffArrears(self, request: pb.WriteOffArrearsRequest, context: Context) -> pb.WriteOffArrearsResponse:
        return pb.WriteOffArrearsResponse(
            adjustment=await self._adjust("WriteOffArrears", request, AdjustmentKind.WRITE_OFF)
        )

    async def ListCreditGrants(
        self, request: pb.ListCreditGrantsRequest, context: Context
    ) -> pb.ListCreditGrantsResponse:
        adjustments, token = await self._list(request, CREDIT_KINDS)
        return pb.ListCreditGrantsResponse(adjustments=adjustments, next_page_token=token)

    async def ListWriteOffs(self, request: pb.ListWriteOffsRequest, context: Context) -> pb.ListWriteOffsResponse:
        adjustments, token = await self._list(request, [AdjustmentKind.WRITE_OFF])
        return pb.ListWriteOffsResponse(adjustments=adjustments, next_page_token=token)

    async def _adjust(
        self,
        method: str,
        request: pb.GrantCreditRequest | pb.RevokeCreditRequest | pb.WriteOffArrearsRequest,
        kind: AdjustmentKind,
    ) -> pb.RiderAdjustment:
        rider_id, amount = UUID(request.rider_id), money_from_wire(request.amount, "amount")
        fields = (str(rider_id), amount.currency_code, amount.amount_minor, request.reason)
        wanted = AdjustmentRequest(kind, rider_id, current_actor().account_id, amount, request.reason)
        done = await self._do.adjust_rider(request_key(method, request.request_id, *fields), wanted)
        return wire.adjustment_to_wire(done)

    async def _list(
        self, request: pb.ListCreditGrantsRequest | pb.ListWriteOffsRequest, kinds: Collection[AdjustmentKind]
    ) -> tuple[list[pb.RiderAdjustment], str]:
        size, before = page_size(request.page_size), read_token(request.page_token, UUID)
        found, following = await self._do.list_adjustments(kinds, _id_or_none(request.rider_id), size, before)
        return [wire.adjustment_to_wire(row) for row in found], wire.id_token(following)


def _asked_for(rider_id: str) -> UUID:
    """Return whose wallet is asked for: a rider's own, or the one that an operator or a service names."""
    asked_for = rider_asked_for(rider_id)
    if asked_for is None:
        violation = FieldViolation("rider_id", "must be set where the caller is not a rider")
        raise InvalidInput("invalid_argument", "whose wallet is asked for is not told", violations=[violation])
    return asked_for


def _id_or_none(text: str) -> UUID | None:
    return UUID(text) if text else None
