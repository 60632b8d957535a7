"""A rider's wallet, credit, debts, and what was paid."""

from __future__ import annotations

from flask import Response

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.ride_routes import versioned
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.books import OwnStatementQuery, Statement, statement
from rider_api.schemas.charges import (
    ChosenCardRequest,
    Payment,
    Payments,
    RideAccount,
    TipRequest,
    payment,
    ride_account,
)
from rider_api.schemas.common import PageQuery, timestamp_message
from rider_api.schemas.refunds import Refund, RefundPath, Refunds, refund
from rider_api.schemas.ride_requests import RidePath
from rider_api.schemas.wallets import (
    Arrears,
    TopUpRequest,
    Wallet,
    WalletEntries,
    Withdrawal,
    WithdrawalRequest,
    Withdrawals,
    arrears,
    wallet,
    wallet_entries,
    withdrawal,
)
from ridesharing.payment.v1 import (
    payment_service_pb2,
    payments_pb2,
    refund_service_pb2,
    statement_service_pb2,
    wallet_service_pb2,
)

routes = Routes("wallet", "Wallet and payments", area="payments")
_RIDER = (Role.RIDER,)
# The card is charged within it: its outcome, when it comes soon, is in the answer.
_CHARGE_SECONDS = 8.0


def _charged(message: payments_pb2.Payment) -> Payment:
    """Tell of a charge; while its outcome is not known, the same key asks for it again."""
    call().is_final = not message.outcome_unknown
    return payment(message)


@routes.route("GET", "/wallet", roles=_RIDER, answer=Wallet)
def read_wallet() -> Wallet:
    """Return what the caller has here and owes, by currency."""
    return wallet(ask(edge().backends.wallets.GetWallet, wallet_service_pb2.GetWalletRequest()))


@routes.route("GET", "/wallet/entries", roles=_RIDER, answer=WalletEntries)
def list_wallet_entries(query: PageQuery) -> WalletEntries:
    """Page through what came into the caller's wallet and credit and went out of them, newest first."""
    request = wallet_service_pb2.ListWalletEntriesRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.wallets.ListWalletEntries, request)
    return wallet_entries(page, next_cursor(page.next_page_token))


@routes.route(
    "POST",
    "/wallet/top-ups",
    roles=_RIDER,
    answer=Payment,
    status=201,
    problems=(404,),
    needs_key=True,
    seconds=_CHARGE_SECONDS,
)
def top_up_wallet(body: TopUpRequest) -> Payment:
    """Charge a card at once and put the money into the wallet; a decline is an answer with the status `declined`."""
    request = wallet_service_pb2.TopUpWalletRequest(
        request_id=call().key,
        payment_method_id="" if body.payment_method_id is None else str(body.payment_method_id),
        amount=body.amount.message(),
    )
    return _charged(ask(edge().backends.wallets.TopUpWallet, request).payment)


@routes.route("POST", "/wallet/withdrawals", roles=_RIDER, answer=Withdrawal, status=201, needs_key=True)
def withdraw_from_wallet(body: WithdrawalRequest) -> Withdrawal:
    """Send money of the wallet back to the cards it came from, the newest top-up first."""
    request = wallet_service_pb2.WithdrawFromWalletRequest(request_id=call().key, amount=body.amount.message())
    return withdrawal(ask(edge().backends.wallets.WithdrawFromWallet, request).withdrawal)


@routes.route("GET", "/wallet/withdrawals", roles=_RIDER, answer=Withdrawals)
def list_withdrawals(query: PageQuery) -> Withdrawals:
    """Page through the caller's withdrawals, newest first."""
    request = wallet_service_pb2.ListWithdrawalsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.wallets.ListWithdrawals, request)
    return Withdrawals(
        items=[withdrawal(item) for item in page.withdrawals], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/wallet/statement", roles=_RIDER, answer=Statement, problems=(404,))
def read_wallet_statement(query: OwnStatementQuery) -> Statement:
    """Return what moved on one of the caller's accounts in a period, oldest first, with the balances at its ends."""
    request = statement_service_pb2.GetStatementRequest(
        account_kind=query.account_kind,
        currency_code=query.currency_code,
        from_time=None if query.start_at is None else timestamp_message(query.start_at),
        to_time=None if query.end_at is None else timestamp_message(query.end_at),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.statements.GetStatement, request)
    return statement(page, next_cursor(page.next_page_token))


@routes.route("GET", "/arrears", roles=_RIDER, answer=Arrears)
def read_arrears() -> Arrears:
    """Return what the caller owes, and whether it stops them from riding."""
    return arrears(ask(edge().backends.wallets.GetArrears, wallet_service_pb2.GetArrearsRequest()))


@routes.route(
    "POST",
    "/arrears/payments",
    roles=_RIDER,
    answer=Payment,
    status=201,
    problems=(404,),
    needs_key=True,
    seconds=_CHARGE_SECONDS,
)
def pay_arrears(body: ChosenCardRequest) -> Payment:
    """Charge a card at once with all that the caller owes in a currency; a decline is an answer."""
    request = wallet_service_pb2.PayArrearsRequest(
        request_id=call().key,
        payment_method_id="" if body.payment_method_id is None else str(body.payment_method_id),
        currency_code=body.currency_code,
    )
    return _charged(ask(edge().backends.wallets.PayArrears, request).payment)


@routes.route("GET", "/payments", roles=_RIDER, answer=Payments)
def list_payments(query: PageQuery) -> Payments:
    """Page through the caller's payments, newest first."""
    request = statement_service_pb2.ListPaymentsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.statements.ListPayments, request)
    return Payments(items=[payment(item) for item in page.payments], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/rides/<ride_id>/payment", roles=_RIDER, answer=Payment, problems=(404,))
def read_ride_payment(path: RidePath) -> Reply | Response:
    """Return where the payment of the caller's ride stands; with If-None-Match, 304 while it has not changed."""
    request = payment_service_pb2.GetPaymentRequest(ride_id=str(path.ride_id))
    found = ask(edge().backends.payments.GetPayment, request).payment
    return versioned(payment(found), found.version)


@routes.route("GET", "/rides/<ride_id>/account", roles=_RIDER, answer=RideAccount, problems=(404, 409))
def read_ride_account(path: RidePath) -> RideAccount:
    """Return all that the caller paid for a ride and got back, tips and refunds included."""
    request = payment_service_pb2.GetReceiptRequest(ride_id=str(path.ride_id))
    return ride_account(ask(edge().backends.payments.GetReceipt, request))


@routes.route(
    "POST",
    "/rides/<ride_id>/tips",
    roles=_RIDER,
    answer=Payment,
    status=201,
    problems=(404,),
    needs_key=True,
    seconds=_CHARGE_SECONDS,
)
def add_tip(path: RidePath, body: TipRequest) -> Payment:
    """Tip the driver of a ride, once, from what paid it; a decline is an answer, and another try may follow."""
    request = payment_service_pb2.AddTipRequest(
        request_id=call().key, ride_id=str(path.ride_id), amount=body.amount.message()
    )
    return _charged(ask(edge().backends.payments.AddTip, request).payment)


@routes.route("GET", "/rides/<ride_id>/refunds", roles=_RIDER, answer=Refunds)
def list_ride_refunds(path: RidePath, query: PageQuery) -> Refunds:
    """Page through what came back to the caller for a ride, newest first."""
    request = refund_service_pb2.ListRefundsRequest(
        ride_id=str(path.ride_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.refunds.ListRefunds, request)
    return Refunds(items=[refund(item) for item in page.refunds], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/refunds/<refund_id>", roles=_RIDER, answer=Refund, problems=(404,))
def read_refund(path: RefundPath) -> Reply | Response:
    """Return a refund of the caller's; with If-None-Match, 304 while it has not changed."""
    found = ask(
        edge().backends.refunds.GetRefund, refund_service_pb2.GetRefundRequest(refund_id=str(path.refund_id))
    ).refund
    return versioned(refund(found), found.version)
