"""What drivers and platform owe each other, over gRPC: reads the request, calls the use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from payment_service.entrypoints import driver_account_wire as wire
from payment_service.entrypoints.callers import driver_asked, only_of_driver, request_key, the_driver_asked
from payment_service.entrypoints.pages import page_size, read_token, write_token
from payment_service.entrypoints.values import time_from_wire
from payment_service.entrypoints.wire import money_from_wire
from payment_service.use_cases.driver_terms import GetDriverTerms, SetDriverTerms, TermsAsked
from payment_service.use_cases.get_driver_standing import GetDriverStanding
from payment_service.use_cases.get_earnings_statement import GetEarningsStatement, StatementAsked
from payment_service.use_cases.patronage import DeclarePatronage, ListPatronage, PatronageAsked
from payment_service.use_cases.record_driver_payment import RecordDriverPayment
from ridesharing.payment.v1 import driver_account_service_pb2 as pb
from ridesharing.payment.v1 import driver_account_service_pb2_grpc

SERVICE_NAME = "ridesharing.payment.v1.DriverAccountService"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class DriverAccountUseCases:
    """All that the service does."""

    get_driver_standing: GetDriverStanding
    record_driver_payment: RecordDriverPayment
    set_driver_terms: SetDriverTerms
    get_driver_terms: GetDriverTerms
    declare_patronage: DeclarePatronage
    list_patronage: ListPatronage
    get_earnings_statement: GetEarningsStatement


class DriverAccountServicer(driver_account_service_pb2_grpc.DriverAccountServiceServicer):
    """See the contract. Access is judged by the interceptor, ownership by what the use cases are told to look for."""

    def __init__(self, use_cases: DriverAccountUseCases) -> None:
        self._do = use_cases

    async def GetDriverStanding(
        self, request: pb.GetDriverStandingRequest, context: Context
    ) -> pb.GetDriverStandingResponse:
        standing = await self._do.get_driver_standing(the_driver_asked(request.driver_id), request.currency_code)
        return pb.GetDriverStandingResponse(standing=wire.standing_to_wire(standing))

    async def RecordDriverPayment(
        self, request: pb.RecordDriverPaymentRequest, context: Context
    ) -> pb.RecordDriverPaymentResponse:
        driver_id, amount = UUID(request.driver_id), money_from_wire(request.amount, "amount")
        key = request_key(
            "RecordDriverPayment",
            request.request_id,
            str(driver_id),
            amount.currency_code,
            amount.amount_minor,
            request.reference,
        )
        recorded = await self._do.record_driver_payment(
            key, driver_id, amount, request.reference, current_actor().subject
        )
        standing = await self._do.get_driver_standing(driver_id, amount.currency_code)
        return pb.RecordDriverPaymentResponse(driver_payment_id=str(recorded), standing=wire.standing_to_wire(standing))

    async def SetDriverTerms(self, request: pb.SetDriverTermsRequest, context: Context) -> pb.SetDriverTermsResponse:
        asked = TermsAsked(
            driver_id=UUID(request.driver_id),
            model=wire.model_from_wire(request.model),
            effective_from=time_from_wire(request.effective_time, "effective_time")
            if request.HasField("effective_time")
            else None,
            fee=money_from_wire(request.fee, "fee") if request.HasField("fee") else None,
            period_days=request.period_days,
            set_by=current_actor().subject,
        )
        key = request_key(
            "SetDriverTerms",
            request.request_id,
            str(asked.driver_id),
            asked.model.value,
            "" if asked.effective_from is None else asked.effective_from.isoformat(),
            *([] if asked.fee is None else [asked.fee.currency_code, asked.fee.amount_minor]),
            asked.period_days,
        )
        terms = await self._do.set_driver_terms(key, asked)
        return pb.SetDriverTermsResponse(terms=wire.terms_to_wire(asked.driver_id, terms))

    async def GetDriverTerms(self, request: pb.GetDriverTermsRequest, context: Context) -> pb.GetDriverTermsResponse:
        driver_id = the_driver_asked(request.driver_id)
        in_force, upcoming = await self._do.get_driver_terms(driver_id)
        return pb.GetDriverTermsResponse(
            terms=wire.terms_to_wire(driver_id, in_force),
            upcoming=[wire.terms_to_wire(driver_id, terms) for terms in upcoming],
        )

    async def DeclarePatronage(
        self, request: pb.DeclarePatronageRequest, context: Context
    ) -> pb.DeclarePatronageResponse:
        asked = PatronageAsked(
            period_from=time_from_wire(request.start_time, "start_time"),
            period_to=time_from_wire(request.end_time, "end_time"),
            amount=money_from_wire(request.amount, "amount"),
            declared_by=current_actor().subject,
        )
        key = request_key(
            "DeclarePatronage",
            request.request_id,
            asked.period_from.isoformat(),
            asked.period_to.isoformat(),
            asked.amount.currency_code,
            asked.amount.amount_minor,
        )
        record = await self._do.declare_patronage(key, asked)
        return pb.DeclarePatronageResponse(patronage=wire.patronage_to_wire(record, None))

    async def ListPatronage(self, request: pb.ListPatronageRequest, context: Context) -> pb.ListPatronageResponse:
        records, last = await self._do.list_patronage(
            driver_asked(request.driver_id), read_token(request.page_token, UUID), page_size(request.page_size)
        )
        shown = [wire.patronage_to_wire(record, only_of_driver()) for record in records]
        return pb.ListPatronageResponse(patronages=shown, next_page_token="" if last is None else write_token(last))

    async def GetEarningsStatement(
        self, request: pb.GetEarningsStatementRequest, context: Context
    ) -> pb.GetEarningsStatementResponse:
        asked = StatementAsked(
            driver_id=the_driver_asked(request.driver_id),
            currency_code=request.currency_code,
            start=time_from_wire(request.start_time, "start_time"),
            end=time_from_wire(request.end_time, "end_time"),
            before=read_token(request.page_token, UUID),
            limit=page_size(request.page_size),
        )
        statement = await self._do.get_earnings_statement(asked)
        return wire.statement_to_wire(
            statement, "" if statement.next_after is None else write_token(statement.next_after)
        )
