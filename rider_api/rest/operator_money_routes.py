"""Riders' wallets, credit and debts as operators see and change them."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.wallets import (
    Arrears,
    RiderAdjustment,
    RiderAdjustmentRequest,
    RiderAdjustments,
    RiderAdjustmentsQuery,
    RiderPath,
    Wallet,
    WalletEntries,
    Withdrawals,
    arrears,
    rider_adjustment,
    wallet,
    wallet_entries,
    withdrawal,
)
from ridesharing.payment.v1 import (
    wallet_service_pb2,
)

routes = Routes("operator_money", "Operating: money of riders", area="operate_money")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/riders/<rider_id>/wallet", roles=_OPERATOR, answer=Wallet)
def read_wallet_of_rider(path: RiderPath) -> Wallet:
    """Return what a rider has here and owes, by currency."""
    request = wallet_service_pb2.GetWalletRequest(rider_id=str(path.rider_id))
    return wallet(ask(edge().backends.wallets.GetWallet, request))


@routes.route("GET", "/operator/riders/<rider_id>/wallet/entries", roles=_OPERATOR, answer=WalletEntries)
def list_wallet_entries_of_rider(path: RiderPath, query: PageQuery) -> WalletEntries:
    """Page through what came into a rider's wallet and credit and went out of them, newest first."""
    request = wallet_service_pb2.ListWalletEntriesRequest(
        rider_id=str(path.rider_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.wallets.ListWalletEntries, request)
    return wallet_entries(page, next_cursor(page.next_page_token))


@routes.route("GET", "/operator/riders/<rider_id>/withdrawals", roles=_OPERATOR, answer=Withdrawals)
def list_withdrawals_of_rider(path: RiderPath, query: PageQuery) -> Withdrawals:
    """Page through a rider's withdrawals, newest first."""
    request = wallet_service_pb2.ListWithdrawalsRequest(
        rider_id=str(path.rider_id), page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.wallets.ListWithdrawals, request)
    return Withdrawals(
        items=[withdrawal(item) for item in page.withdrawals], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/riders/<rider_id>/arrears", roles=_OPERATOR, answer=Arrears)
def read_arrears_of_rider(path: RiderPath) -> Arrears:
    """Return what a rider owes, and whether it stops them from riding."""
    request = wallet_service_pb2.GetArrearsRequest(rider_id=str(path.rider_id))
    return arrears(ask(edge().backends.wallets.GetArrears, request))


@routes.route(
    "POST", "/operator/riders/<rider_id>/credits", roles=_OPERATOR, answer=RiderAdjustment, status=201, needs_key=True
)
def grant_credit(path: RiderPath, body: RiderAdjustmentRequest) -> RiderAdjustment:
    """Give a rider credit at the platform's expense; rides use it before anything else."""
    request = wallet_service_pb2.GrantCreditRequest(
        request_id=call().key, rider_id=str(path.rider_id), amount=body.amount.message(), reason=body.reason
    )
    return rider_adjustment(ask(edge().backends.wallets.GrantCredit, request).adjustment)


@routes.route(
    "POST",
    "/operator/riders/<rider_id>/credits/revoke",
    roles=_OPERATOR,
    answer=RiderAdjustment,
    status=201,
    needs_key=True,
)
def revoke_credit(path: RiderPath, body: RiderAdjustmentRequest) -> RiderAdjustment:
    """Take granted credit back, as far as it is neither used nor held by a ride."""
    request = wallet_service_pb2.RevokeCreditRequest(
        request_id=call().key, rider_id=str(path.rider_id), amount=body.amount.message(), reason=body.reason
    )
    return rider_adjustment(ask(edge().backends.wallets.RevokeCredit, request).adjustment)


@routes.route(
    "POST",
    "/operator/riders/<rider_id>/arrears/write-offs",
    roles=_OPERATOR,
    answer=RiderAdjustment,
    status=201,
    needs_key=True,
)
def write_off_arrears(path: RiderPath, body: RiderAdjustmentRequest) -> RiderAdjustment:
    """Give up a part of what a rider owes, as a bad debt."""
    request = wallet_service_pb2.WriteOffArrearsRequest(
        request_id=call().key, rider_id=str(path.rider_id), amount=body.amount.message(), reason=body.reason
    )
    return rider_adjustment(ask(edge().backends.wallets.WriteOffArrears, request).adjustment)


@routes.route("GET", "/operator/credits", roles=_OPERATOR, answer=RiderAdjustments)
def list_credit_grants(query: RiderAdjustmentsQuery) -> RiderAdjustments:
    """Page through granted and revoked credit, newest first."""
    request = wallet_service_pb2.ListCreditGrantsRequest(
        rider_id="" if query.rider_id is None else str(query.rider_id),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.wallets.ListCreditGrants, request)
    return RiderAdjustments(
        items=[rider_adjustment(item) for item in page.adjustments], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/write-offs", roles=_OPERATOR, answer=RiderAdjustments)
def list_write_offs(query: RiderAdjustmentsQuery) -> RiderAdjustments:
    """Page through debts that were given up, newest first."""
    request = wallet_service_pb2.ListWriteOffsRequest(
        rider_id="" if query.rider_id is None else str(query.rider_id),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.wallets.ListWriteOffs, request)
    return RiderAdjustments(
        items=[rider_adjustment(item) for item in page.adjustments], next_cursor=next_cursor(page.next_page_token)
    )
