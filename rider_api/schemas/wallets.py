"""What riders have here beside their cards: paid-in money, granted credit, and what they owe."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import (
    AccountId,
    Answer,
    Money,
    MoneyRequest,
    OpenEnum,
    PageQuery,
    Parameters,
    PaymentMethodId,
    Request,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
)
from ridesharing.payment.v1 import wallet_service_pb2

WALLET_ACCOUNTS = OpenEnum(wallet_service_pb2.WalletAccount.items(), "WALLET_ACCOUNT")
ADJUSTMENT_KINDS = OpenEnum(wallet_service_pb2.RiderAdjustmentKind.items(), "RIDER_ADJUSTMENT_KIND")


class RiderPath(Parameters):
    """Names a rider."""

    rider_id: AccountId


class WalletBalance(Answer):
    """What a rider has here in one currency."""

    wallet: Money = Field(description="Paid-in money, what rides hold included.")
    wallet_held: Money
    credit: Money = Field(description="Granted credit, what rides hold included.")
    credit_held: Money
    arrears: Money = Field(description="What the rider owes.")
    arrears_in_collection: Money


class Wallet(Answer):
    """A rider's wallet, by currency."""

    rider_id: str
    balances: list[WalletBalance]


def wallet(message: wallet_service_pb2.GetWalletResponse) -> Wallet:
    """Convert a wallet."""
    return Wallet(
        rider_id=public_id("acct", message.rider_id),
        balances=[
            WalletBalance(
                wallet=money(item.wallet),
                wallet_held=money(item.wallet_held),
                credit=money(item.credit),
                credit_held=money(item.credit_held),
                arrears=money(item.arrears),
                arrears_in_collection=money(item.arrears_in_collection),
            )
            for item in message.balances
        ],
    )


class TopUpRequest(Request):
    """Charges a card at once and puts the money into the wallet."""

    amount: MoneyRequest
    payment_method_id: PaymentMethodId | None = Field(default=None, description="The default card without it.")


class WithdrawalRequest(Request):
    """Sends money of the wallet back to the cards it came from."""

    amount: MoneyRequest


class WithdrawalPart(Answer):
    """What of a withdrawal goes back by one top-up."""

    refund_id: str
    payment_id: str
    amount: Money


class Withdrawal(Answer):
    """Money on its way from a wallet to cards: its amount is the sum of paid, pending and returned."""

    id: str = Field(examples=["wdr_01h4556qpqexqvskwzpczs00jq"])
    rider_id: str
    amount: Money
    paid: Money
    pending: Money
    returned: Money = Field(description="What the cards' banks did not take: it is in the wallet again.")
    parts: list[WithdrawalPart]
    created_at: Timestamp


def withdrawal(message: wallet_service_pb2.Withdrawal) -> Withdrawal:
    """Convert a withdrawal."""
    return Withdrawal(
        id=public_id("wdr", message.withdrawal_id),
        rider_id=public_id("acct", message.rider_id),
        amount=money(message.amount),
        paid=money(message.paid),
        pending=money(message.pending),
        returned=money(message.returned),
        parts=[
            WithdrawalPart(
                refund_id=public_id("rfnd", part.refund_id),
                payment_id=public_id("pay", part.payment_id),
                amount=money(part.amount),
            )
            for part in message.parts
        ],
        created_at=timestamp(message.create_time),
    )


class Withdrawals(Answer):
    """A page of withdrawals, newest first."""

    items: list[Withdrawal]
    next_cursor: str | None


class WalletEntry(Answer):
    """One line of what came into a wallet or credit and went out of it."""

    id: str
    account: str = Field(examples=["wallet"])
    kind: str = Field(examples=["top_up"])
    amount: Money = Field(description="Above zero what came in, below zero what went out.")
    balance: Money = Field(description="What the account had after it.")
    ride_id: str | None
    payment_id: str | None
    created_at: Timestamp


class WalletEntries(Answer):
    """A page of a rider's statement, newest first."""

    items: list[WalletEntry]
    next_cursor: str | None


def wallet_entries(page: wallet_service_pb2.ListWalletEntriesResponse, next_cursor: str | None) -> WalletEntries:
    """Convert a page; the ids of its lines are the ledger's own."""
    return WalletEntries(
        items=[
            WalletEntry(
                id=entry.entry_id,
                account=WALLET_ACCOUNTS.text(entry.account),
                kind=entry.kind,
                amount=money(entry.amount),
                balance=money(entry.balance),
                ride_id=public_id_or_none("ride", entry.ride_id),
                payment_id=public_id_or_none("pay", entry.payment_id),
                created_at=timestamp(entry.create_time),
            )
            for entry in page.entries
        ],
        next_cursor=next_cursor,
    )


class ArrearsOfCurrency(Answer):
    """What a rider owes in one currency."""

    owed: Money
    in_collection: Money
    blocks_rides: bool = Field(description="True while a new ride in this currency is refused for it.")


class Arrears(Answer):
    """What a rider owes."""

    items: list[ArrearsOfCurrency]


def arrears(message: wallet_service_pb2.GetArrearsResponse) -> Arrears:
    """Convert arrears."""
    return Arrears(
        items=[
            ArrearsOfCurrency(
                owed=money(item.owed), in_collection=money(item.in_collection), blocks_rides=item.blocks_rides
            )
            for item in message.arrears
        ]
    )


class RiderAdjustmentRequest(Request):
    """Changes a rider's accounts by an amount, for a reason."""

    amount: MoneyRequest
    reason: str = Field(min_length=1, max_length=500)


class RiderAdjustment(Answer):
    """What an operator changed in a rider's accounts, and why."""

    id: str = Field(examples=["adj_01h4556qpqexqvskwzpczs00jq"])
    kind: str = Field(examples=["credit_grant"])
    rider_id: str
    operator_id: str
    amount: Money
    reason: str
    created_at: Timestamp


def rider_adjustment(message: wallet_service_pb2.RiderAdjustment) -> RiderAdjustment:
    """Convert an adjustment."""
    return RiderAdjustment(
        id=public_id("adj", message.adjustment_id),
        kind=ADJUSTMENT_KINDS.text(message.kind),
        rider_id=public_id("acct", message.rider_id),
        operator_id=public_id("acct", message.operator_id),
        amount=money(message.amount),
        reason=message.reason,
        created_at=timestamp(message.create_time),
    )


class RiderAdjustments(Answer):
    """A page of adjustments, newest first."""

    items: list[RiderAdjustment]
    next_cursor: str | None


class RiderAdjustmentsQuery(PageQuery):
    """Whose adjustments."""

    rider_id: AccountId | None = Field(default=None, description="All riders' without it.")
