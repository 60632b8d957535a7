"""What a driver earned, and its way to the driver's bank."""

from __future__ import annotations

from flask import Response

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.ride_routes import versioned
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.common import CurrencyQuery, PageQuery, timestamp_message
from rider_api.schemas.driver_money import (
    AgreedTerms,
    DriverStanding,
    EarningsStatement,
    PatronageShares,
    StatementQuery,
    agreed_terms,
    driver_standing,
    earnings_statement,
    patronage_share,
)
from rider_api.schemas.payouts import (
    PAYOUT_STATUSES,
    Payout,
    PayoutAccount,
    PayoutAccountRequest,
    PayoutPath,
    PayoutRequest,
    Payouts,
    PayoutsQuery,
    payout,
    payout_account,
)
from ridesharing.payment.v1 import driver_account_service_pb2, payout_service_pb2

routes = Routes("earnings", "Earnings", area="earnings")
_DRIVER = (Role.DRIVER,)


@routes.route("GET", "/driver/earnings/statement", roles=_DRIVER, answer=EarningsStatement)
def read_earnings_statement(query: StatementQuery) -> EarningsStatement:
    """Return the caller's balance at the ends of a period, the sums of what lies between, and a page of its lines."""
    request = driver_account_service_pb2.GetEarningsStatementRequest(
        currency_code=query.currency_code,
        start_time=timestamp_message(query.start_at),
        end_time=timestamp_message(query.end_at),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    found = ask(edge().backends.driver_accounts.GetEarningsStatement, request)
    return earnings_statement(found, next_cursor(found.next_page_token))


@routes.route("GET", "/driver/standing", roles=_DRIVER, answer=DriverStanding)
def read_driver_standing(query: CurrencyQuery) -> DriverStanding:
    """Return what is owed to the caller in a currency, and whether they may take cash rides."""
    request = driver_account_service_pb2.GetDriverStandingRequest(currency_code=query.currency_code)
    return driver_standing(ask(edge().backends.driver_accounts.GetDriverStanding, request).standing)


@routes.route("GET", "/driver/terms", roles=_DRIVER, answer=AgreedTerms)
def read_driver_terms() -> AgreedTerms:
    """Return how the platform is paid for the caller's rides, now and later."""
    request = driver_account_service_pb2.GetDriverTermsRequest()
    return agreed_terms(ask(edge().backends.driver_accounts.GetDriverTerms, request))


@routes.route("GET", "/driver/patronages", roles=_DRIVER, answer=PatronageShares)
def list_patronage_shares(query: PageQuery) -> PatronageShares:
    """Page through the surplus that was given back to the caller, newest first."""
    request = driver_account_service_pb2.ListPatronageRequest(
        page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.driver_accounts.ListPatronage, request)
    return PatronageShares(
        items=[patronage_share(item) for item in page.patronages], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("PUT", "/driver/payout-account", roles=_DRIVER, answer=PayoutAccount, needs_key=True, seconds=8.0)
def set_payout_account(body: PayoutAccountRequest) -> PayoutAccount:
    """Keep the bank account that payouts in its currency go to."""
    request = payout_service_pb2.SetPayoutAccountRequest(
        request_id=call().key, bank_token=body.bank_token, country_code=body.country_code
    )
    return payout_account(ask(edge().backends.payouts.SetPayoutAccount, request).payout_account)


@routes.route("GET", "/driver/payout-account", roles=_DRIVER, answer=PayoutAccount, problems=(404,))
def read_payout_account(query: CurrencyQuery) -> PayoutAccount:
    """Return the bank account that the caller's payouts in a currency go to."""
    request = payout_service_pb2.GetPayoutAccountRequest(currency_code=query.currency_code)
    return payout_account(ask(edge().backends.payouts.GetPayoutAccount, request).payout_account)


@routes.route("POST", "/driver/payouts", roles=_DRIVER, answer=Payout, status=201, needs_key=True)
def request_payout(body: PayoutRequest) -> Payout:
    """Send an amount, or all that is available, to the caller's bank; the payout tells what becomes of it."""
    request = payout_service_pb2.RequestPayoutRequest(
        request_id=call().key, currency_code=body.currency_code, amount_minor=body.amount_minor
    )
    return payout(ask(edge().backends.payouts.RequestPayout, request).payout)


@routes.route("GET", "/driver/payouts", roles=_DRIVER, answer=Payouts)
def list_payouts(query: PayoutsQuery) -> Payouts:
    """Page through the caller's payouts, newest first."""
    request = payout_service_pb2.ListPayoutsRequest(
        status=payout_service_pb2.PayoutStatus.ValueType(PAYOUT_STATUSES.number(query.status)),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.payouts.ListPayouts, request)
    return Payouts(items=[payout(item) for item in page.payouts], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/driver/payouts/<payout_id>", roles=_DRIVER, answer=Payout, problems=(404,))
def read_payout(path: PayoutPath) -> Reply | Response:
    """Return one of the caller's payouts; with If-None-Match, 304 while it has not changed."""
    request = payout_service_pb2.GetPayoutRequest(payout_id=str(path.payout_id))
    found = ask(edge().backends.payouts.GetPayout, request).payout
    return versioned(payout(found), found.version)
