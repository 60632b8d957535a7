"""PaymentService on gRPC: reads the messages, names the request, calls the use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from payment_service.domain.payment import Funding
from payment_service.entrypoints import wire
from payment_service.entrypoints.callers import only_of_rider, request_key
from payment_service.entrypoints.pages import page_size, read_token, write_token
from payment_service.entrypoints.positions import time_and_id
from payment_service.use_cases.add_payment_method import AddPaymentMethod
from payment_service.use_cases.add_tip import AddTip
from payment_service.use_cases.capture_payment import CapturePayment, Charge
from payment_service.use_cases.finish_payment_method_setup import FinishPaymentMethodSetup
from payment_service.use_cases.get_earnings import GetEarnings
from payment_service.use_cases.get_payment import GetPayment
from payment_service.use_cases.get_receipt import GetReceipt
from payment_service.use_cases.get_trial_balance import GetTrialBalance
from payment_service.use_cases.increment_hold import IncrementHold
from payment_service.use_cases.list_journal_entries import ListJournalEntries
from payment_service.use_cases.list_payment_methods import ListPaymentMethods
from payment_service.use_cases.place_hold import HoldRequest, PlaceHold
from payment_service.use_cases.remove_payment_method import RemovePaymentMethod
from payment_service.use_cases.set_default_payment_method import SetDefaultPaymentMethod
from payment_service.use_cases.set_up_payment_method import SetUpPaymentMethod
from payment_service.use_cases.void_hold import VoidHold
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payment_service_pb2_grpc

SERVICE_NAME = "ridesharing.payment.v1.PaymentService"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class UseCases:
    """All that the service does."""

    add_payment_method: AddPaymentMethod
    list_payment_methods: ListPaymentMethods
    remove_payment_method: RemovePaymentMethod
    set_up_payment_method: SetUpPaymentMethod
    finish_payment_method_setup: FinishPaymentMethodSetup
    set_default_payment_method: SetDefaultPaymentMethod
    place_hold: PlaceHold
    increment_hold: IncrementHold
    capture_payment: CapturePayment
    void_hold: VoidHold
    add_tip: AddTip
    get_payment: GetPayment
    get_receipt: GetReceipt
    get_earnings: GetEarnings
    get_trial_balance: GetTrialBalance
    list_journal_entries: ListJournalEntries


class PaymentServicer(payment_service_pb2_grpc.PaymentServiceServicer):
    """See the contract. Access is judged by the interceptor, ownership by what the use cases are told to look for."""

    def __init__(self, use_cases: UseCases) -> None:
        self._do = use_cases

    async def AddPaymentMethod(
        self, request: pb.AddPaymentMethodRequest, context: Context
    ) -> pb.AddPaymentMethodResponse:
        key = request_key("AddPaymentMethod", request.request_id, request.psp_token)
        method = await self._do.add_payment_method(key, current_actor().account_id, request.psp_token)
        return pb.AddPaymentMethodResponse(payment_method=wire.method_to_wire(method))

    async def ListPaymentMethods(
        self, request: pb.ListPaymentMethodsRequest, context: Context
    ) -> pb.ListPaymentMethodsResponse:
        size, before = page_size(request.page_size), read_token(request.page_token, time_and_id)
        methods = await self._do.list_payment_methods(current_actor().account_id, size, before)
        return pb.ListPaymentMethodsResponse(
            payment_methods=[wire.method_to_wire(method) for method in methods],
            next_page_token=write_token(methods[-1].created_at, methods[-1].id) if len(methods) == size else "",
        )

    async def SetUpPaymentMethod(
        self, request: pb.SetUpPaymentMethodRequest, context: Context
    ) -> pb.SetUpPaymentMethodResponse:
        key = request_key("SetUpPaymentMethod", request.request_id, request.psp_token)
        shown = await self._do.set_up_payment_method(key, current_actor().account_id, request.psp_token)
        return pb.SetUpPaymentMethodResponse(setup=wire.card_setup_to_wire(shown))

    async def FinishPaymentMethodSetup(
        self, request: pb.FinishPaymentMethodSetupRequest, context: Context
    ) -> pb.FinishPaymentMethodSetupResponse:
        setup_id = UUID(request.setup_id)
        key = request_key("FinishPaymentMethodSetup", request.request_id, str(setup_id))
        shown = await self._do.finish_payment_method_setup(key, current_actor().account_id, setup_id)
        return pb.FinishPaymentMethodSetupResponse(setup=wire.card_setup_to_wire(shown))

    async def SetDefaultPaymentMethod(
        self, request: pb.SetDefaultPaymentMethodRequest, context: Context
    ) -> pb.SetDefaultPaymentMethodResponse:
        method_id = UUID(request.payment_method_id)
        key = request_key("SetDefaultPaymentMethod", request.request_id, str(method_id))
        method = await self._do.set_default_payment_method(key, current_actor().account_id, method_id)
        return pb.SetDefaultPaymentMethodResponse(payment_method=wire.method_to_wire(method))

    async def RemovePaymentMethod(
        self, request: pb.RemovePaymentMethodRequest, context: Context
    ) -> pb.RemovePaymentMethodResponse:
        method_id = UUID(request.payment_method_id)
        key = request_key("RemovePaymentMethod", request.request_id, str(method_id))
        await self._do.remove_payment_method(key, current_actor().account_id, method_id)
        return pb.RemovePaymentMethodResponse()

    async def PlaceHold(self, request: pb.PlaceHoldRequest, context: Context) -> pb.PlaceHoldResponse:
        hold = HoldRequest(
            ride_id=UUID(request.ride_id),
            rider_id=UUID(request.rider_id),
            funding=wire.funding_from_wire(request.funding),
            payment_method_id=UUID(request.payment_method_id) if request.payment_method_id else None,
            amount=wire.money_from_wire(request.amount, "amount"),
        )
        key = request_key(
            "PlaceHold",
            request.request_id,
            str(hold.ride_id),
            str(hold.rider_id),
            str(hold.payment_method_id),
            hold.amount.currency_code,
            hold.amount.amount_minor,
            *([] if hold.funding is Funding.CARD else [hold.funding.value]),
        )
        return pb.PlaceHoldResponse(payment=wire.payment_to_wire(await self._do.place_hold(key, hold)))

    async def IncrementHold(self, request: pb.IncrementHoldRequest, context: Context) -> pb.IncrementHoldResponse:
        ride_id, amount = UUID(request.ride_id), wire.money_from_wire(request.amount, "amount")
        key = request_key("IncrementHold", request.request_id, str(ride_id), amount.currency_code, amount.amount_minor)
        return pb.IncrementHoldResponse(
            payment=wire.payment_to_wire(await self._do.increment_hold(key, ride_id, amount))
        )

    async def CapturePayment(self, request: pb.CapturePaymentRequest, context: Context) -> pb.CapturePaymentResponse:
        charge = Charge(
            ride_id=UUID(request.ride_id),
            driver_id=UUID(request.driver_id),
            lines=tuple(wire.line_from_wire(line, f"lines[{index}]") for index, line in enumerate(request.lines)),
            payer_absent=request.payer_absent,
        )
        lines = [
            [
                line.kind.value,
                line.amount.currency_code,
                line.amount.amount_minor,
                line.commission_basis_points,
                line.tax_jurisdiction,
            ]
            for line in charge.lines
        ]
        fields = [str(charge.ride_id), str(charge.driver_id), lines]
        # Where it is not said, the key is that of a release which could not say it: what that one asked is answered.
        fields += ["payer_absent"] if charge.payer_absent else []
        key = request_key("CapturePayment", request.request_id, *fields)
        return pb.CapturePaymentResponse(payment=wire.payment_to_wire(await self._do.capture_payment(key, charge)))

    async def VoidHold(self, request: pb.VoidHoldRequest, context: Context) -> pb.VoidHoldResponse:
        ride_id = UUID(request.ride_id)
        key = request_key("VoidHold", request.request_id, str(ride_id))
        return pb.VoidHoldResponse(payment=wire.payment_to_wire(await self._do.void_hold(key, ride_id)))

    async def AddTip(self, request: pb.AddTipRequest, context: Context) -> pb.AddTipResponse:
        ride_id, amount = UUID(request.ride_id), wire.money_from_wire(request.amount, "amount")
        key = request_key("AddTip", request.request_id, str(ride_id), amount.currency_code, amount.amount_minor)
        payment = await self._do.add_tip(key, current_actor().account_id, ride_id, amount)
        return pb.AddTipResponse(payment=wire.payment_to_wire(payment))

    async def GetPayment(self, request: pb.GetPaymentRequest, context: Context) -> pb.GetPaymentResponse:
        payment = await self._do.get_payment(UUID(request.ride_id), only_of_rider())
        return pb.GetPaymentResponse(payment=wire.payment_to_wire(payment))

    async def GetReceipt(self, request: pb.GetReceiptRequest, context: Context) -> pb.GetReceiptResponse:
        ride_id, rider_id = UUID(request.ride_id), only_of_rider()
        receipt = await self._do.get_receipt(ride_id, rider_id)
        account = await self._do.get_receipt.account(ride_id, rider_id)
        return pb.GetReceiptResponse(receipt=wire.receipt_to_wire(receipt), account=wire.ride_account_to_wire(account))

    async def GetEarnings(self, request: pb.GetEarningsRequest, context: Context) -> pb.GetEarningsResponse:
        earnings = await self._do.get_earnings(current_actor().account_id)
        return pb.GetEarningsResponse(
            balances=wire.amounts_to_wire(earnings.balances),
            entries=[wire.driver_entry_to_wire(entry) for entry in earnings.entries],
        )

    async def GetTrialBalance(self, request: pb.GetTrialBalanceRequest, context: Context) -> pb.GetTrialBalanceResponse:
        return wire.trial_balance_to_wire(await self._do.get_trial_balance())

    async def ListJournalEntries(
        self, request: pb.ListJournalEntriesRequest, context: Context
    ) -> pb.ListJournalEntriesResponse:
        size, after = page_size(request.page_size), read_token(request.page_token, time_and_id)
        entries = await self._do.list_journal_entries(UUID(request.ride_id), size, after)
        return pb.ListJournalEntriesResponse(
            entries=[wire.journal_entry_to_wire(entry) for entry in entries],
            next_page_token=write_token(entries[-1].created_at, entries[-1].id) if len(entries) == size else "",
        )
