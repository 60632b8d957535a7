"""What drivers and platform owe each other, as operators see and settle it."""

from __future__ import annotations

from flask import Response

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.ride_routes import versioned
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.common import CurrencyQuery, PageQuery, timestamp_message
from rider_api.schemas.driver_money import (
    MODELS,
    AgreedTerms,
    DriverPaymentRequest,
    DriverStanding,
    DriverTerms,
    DriverTermsRequest,
    EarningsStatement,
    Patronage,
    PatronageRequest,
    Patronages,
    StatementQuery,
    agreed_terms,
    driver_standing,
    driver_terms,
    earnings_statement,
    patronage,
)
from rider_api.schemas.operators import DriverPath
from rider_api.schemas.payouts import (
    PAYOUT_STATUSES,
    OperatorPayout,
    OperatorPayouts,
    PayoutAccount,
    PayoutPath,
    PayoutSearchQuery,
    operator_payout,
    payout_account,
)
from ridesharing.payment.v1 import driver_account_service_pb2, payout_service_pb2

routes = Routes("operator_driver_money", "Operating: money of drivers", area="operate_money")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/payouts", roles=_OPERATOR, answer=OperatorPayouts)
def search_payouts(query: PayoutSearchQuery) -> OperatorPayouts:
    """Page through payouts, newest first."""
    request = payout_service_pb2.ListPayoutsRequest(
        driver_id="" if query.driver_id is None else str(query.driver_id),
        status=payout_service_pb2.PayoutStatus.ValueType(PAYOUT_STATUSES.number(query.status)),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.payouts.ListPayouts, request)
    return OperatorPayouts(
        items=[operator_payout(item) for item in page.payouts], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/payouts/<payout_id>", roles=_OPERATOR, answer=OperatorPayout, problems=(404,))
def read_any_payout(path: PayoutPath) -> Reply | Response:
    """Return a payout; with If-None-Match, 304 while it has not changed."""
    request = payout_service_pb2.GetPayoutRequest(payout_id=str(path.payout_id))
    found = ask(edge().backends.payouts.GetPayout, request).payout
    return versioned(operator_payout(found), found.version)


@routes.route(
    "POST",
    "/operator/payouts/<payout_id>/retry",
    roles=_OPERATOR,
    answer=OperatorPayout,
    problems=(404,),
    needs_key=True,
)
def retry_payout(path: PayoutPath) -> OperatorPayout:
    """Send a payout that waits at once, or ask anew for one that failed; the answer is the one under way now."""
    request = payout_service_pb2.RetryPayoutRequest(request_id=call().key, payout_id=str(path.payout_id))
    return operator_payout(ask(edge().backends.payouts.RetryPayout, request).payout)


@routes.route(
    "GET", "/operator/drivers/<driver_id>/payout-account", roles=_OPERATOR, answer=PayoutAccount, problems=(404,)
)
def read_payout_account_of_driver(path: DriverPath, query: CurrencyQuery) -> PayoutAccount:
    """Return the bank account that a driver's payouts in a currency go to."""
    request = payout_service_pb2.GetPayoutAccountRequest(
        driver_id=str(path.driver_id), currency_code=query.currency_code
    )
    return payout_account(ask(edge().backends.payouts.GetPayoutAccount, request).payout_account)


@routes.route("GET", "/operator/drivers/<driver_id>/standing", roles=_OPERATOR, answer=DriverStanding)
def read_standing_of_driver(path: DriverPath, query: CurrencyQuery) -> DriverStanding:
    """Return what is owed to a driver in a currency, and whether they may take cash rides."""
    request = driver_account_service_pb2.GetDriverStandingRequest(
        driver_id=str(path.driver_id), currency_code=query.currency_code
    )
    return driver_standing(ask(edge().backends.driver_accounts.GetDriverStanding, request).standing)


@routes.route("GET", "/operator/drivers/<driver_id>/earnings-statement", roles=_OPERATOR, answer=EarningsStatement)
def read_statement_of_driver(path: DriverPath, query: StatementQuery) -> EarningsStatement:
    """Return a driver's balance at the ends of a period, the sums of what lies between, and a page of its lines."""
    request = driver_account_service_pb2.GetEarningsStatementRequest(
        driver_id=str(path.driver_id),
        currency_code=query.currency_code,
        start_time=timestamp_message(query.start_at),
        end_time=timestamp_message(query.end_at),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    found = ask(edge().backends.driver_accounts.GetEarningsStatement, request)
    return earnings_statement(found, next_cursor(found.next_page_token))


@routes.route(
    "POST",
    "/operator/drivers/<driver_id>/payments",
    roles=_OPERATOR,
    answer=DriverStanding,
    status=201,
    needs_key=True,
)
def record_driver_payment(path: DriverPath, body: DriverPaymentRequest) -> DriverStanding:
    """Take down money that a driver paid in at a desk; the answer is how the driver stands now."""
    request = driver_account_service_pb2.RecordDriverPaymentRequest(
        request_id=call().key,
        driver_id=str(path.driver_id),
        amount=body.amount.message(),
        reference=body.reference,
    )
    return driver_standing(ask(edge().backends.driver_accounts.RecordDriverPayment, request).standing)


@routes.route("GET", "/operator/drivers/<driver_id>/terms", roles=_OPERATOR, answer=AgreedTerms)
def read_terms_of_driver(path: DriverPath) -> AgreedTerms:
    """Return how the platform is paid for a driver's rides, now and later."""
    request = driver_account_service_pb2.GetDriverTermsRequest(driver_id=str(path.driver_id))
    return agreed_terms(ask(edge().backends.driver_accounts.GetDriverTerms, request))


@routes.route(
    "POST", "/operator/drivers/<driver_id>/terms", roles=_OPERATOR, answer=DriverTerms, status=201, needs_key=True
)
def set_driver_terms(path: DriverPath, body: DriverTermsRequest) -> DriverTerms:
    """Say how the platform is paid for a driver's rides from a time on."""
    request = driver_account_service_pb2.SetDriverTermsRequest(
        request_id=call().key,
        driver_id=str(path.driver_id),
        model=driver_account_service_pb2.RemunerationModel.ValueType(MODELS.number(body.model)),
        effective_time=None if body.effective_at is None else timestamp_message(body.effective_at),
        fee=None if body.fee is None else body.fee.message(),
        period_days=body.period_days,
    )
    return driver_terms(ask(edge().backends.driver_accounts.SetDriverTerms, request).terms)


@routes.route("GET", "/operator/patronages", roles=_OPERATOR, answer=Patronages)
def list_patronages(query: PageQuery) -> Patronages:
    """Page through the surplus that was declared, newest first."""
    request = driver_account_service_pb2.ListPatronageRequest(
        page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.driver_accounts.ListPatronage, request)
    return Patronages(
        items=[patronage(item) for item in page.patronages], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("POST", "/operator/patronages", roles=_OPERATOR, answer=Patronage, status=201, needs_key=True)
def declare_patronage(body: PatronageRequest) -> Patronage:
    """Give a part of the commission of a period back to the member drivers, in proportion to what they brought."""
    request = driver_account_service_pb2.DeclarePatronageRequest(
        request_id=call().key,
        start_time=timestamp_message(body.start_at),
        end_time=timestamp_message(body.end_at),
        amount=body.amount.message(),
    )
    return patronage(ask(edge().backends.driver_accounts.DeclarePatronage, request).patronage)
