"""Payment methods, receipts, earnings and the ledger."""

from __future__ import annotations

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    Money,
    OpenEnum,
    Parameters,
    PaymentMethodId,
    Request,
    SetupId,
    Timestamp,
    money,
    public_id,
    public_id_or_none,
    timestamp,
)
from ridesharing.payment.v1 import payment_service_pb2, payments_pb2

FUNDINGS = OpenEnum(payments_pb2.Funding.items(), "FUNDING")
SETUP_STATUSES = OpenEnum(payments_pb2.PaymentMethodSetupStatus.items(), "PAYMENT_METHOD_SETUP_STATUS")
CHARGE_LINE_KINDS = OpenEnum(payments_pb2.ChargeLineKind.items(), "CHARGE_LINE_KIND")


class PaymentMethodRequest(Request):
    """Keeps a card that the PSP knows by a token."""

    psp_token: str = Field(pattern="^[A-Za-z0-9_]{3,128}$", examples=["pm_card_visa"])


class PaymentMethodPath(Parameters):
    """Names a payment method."""

    payment_method_id: PaymentMethodId


class PaymentMethod(Answer):
    """A card."""

    id: str = Field(examples=["pm_01h4556qpqexqvskwzpczs00jq"])
    brand: str = Field(examples=["visa"])
    last_digits: str = Field(examples=["4242"])
    expire_month: int = Field(ge=1, le=12)
    expire_year: int
    is_default: bool = Field(description="Taken where none is named.")


class PaymentMethods(Answer):
    """A page of a rider's cards, newest first."""

    items: list[PaymentMethod]
    next_cursor: str | None


def payment_method(message: payments_pb2.PaymentMethod) -> PaymentMethod:
    """Convert a card."""
    return PaymentMethod(
        id=public_id("pm", message.payment_method_id),
        brand=message.brand,
        last_digits=message.last_digits,
        expire_month=message.expire_month,
        expire_year=message.expire_year,
        is_default=message.is_default,
    )


class PaymentMethodSetupPath(Parameters):
    """Names the set-up of a card."""

    setup_id: SetupId


class PaymentMethodSetup(Answer):
    """The way of a card from a token to one that may be charged in its holder's absence."""

    id: str = Field(examples=["setup_01h4556qpqexqvskwzpczs00jq"])
    status: str = Field(examples=["succeeded"])
    payment_method: PaymentMethod | None = Field(description="The card, once it is kept.")
    client_secret: str | None = Field(description="For the PSP's own library, while the bank asks for the holder.")
    next_action: str | None = Field(description="What the bank asks for, in the PSP's words.")
    redirect_url: str | None = Field(description="The bank's page, where it is one.")
    decline_reason: str | None
    created_at: Timestamp


def payment_method_setup(message: payments_pb2.PaymentMethodSetup) -> PaymentMethodSetup:
    """Convert a set-up."""
    return PaymentMethodSetup(
        id=public_id("setup", message.setup_id),
        status=SETUP_STATUSES.text(message.status),
        payment_method=payment_method(message.payment_method) if message.HasField("payment_method") else None,
        client_secret=message.client_secret or None,
        next_action=message.next_action or None,
        redirect_url=message.redirect_url or None,
        decline_reason=message.decline_reason or None,
        created_at=timestamp(message.create_time),
    )


class ChargeLine(Answer):
    """One line of what was charged."""

    kind: str = Field(examples=["fare"])
    amount: Money


class Receipt(Answer):
    """What a rider was charged for a ride: the total is what was captured, used of credit, and is still receivable."""

    payment_id: str
    ride_id: str
    captured_at: Timestamp
    lines: list[ChargeLine]
    total: Money
    funding: str = Field(description="Where the captured part came from.", examples=["card"])
    captured: Money = Field(description="Paid by card, from the wallet or in cash.")
    credit_used: Money = Field(description="Paid by credit that was granted.")
    receivable: Money = Field(description="Not covered: charged by itself afterwards, and owed until then.")
    brand: str | None = Field(description="Of the card; null without one.", examples=["visa"])
    last_digits: str | None = Field(description="Of the card; null without one.", examples=["4242"])


def receipt(message: payments_pb2.Receipt) -> Receipt:
    """Convert a receipt."""
    return Receipt(
        payment_id=public_id("pay", message.payment_id),
        ride_id=public_id("ride", message.ride_id),
        captured_at=timestamp(message.capture_time),
        lines=[ChargeLine(kind=CHARGE_LINE_KINDS.text(line.kind), amount=money(line.amount)) for line in message.lines],
        total=money(message.total),
        funding=FUNDINGS.text(message.funding or payments_pb2.FUNDING_CARD),
        captured=money(message.captured),
        credit_used=money(message.credit_used),
        receivable=money(message.receivable),
        brand=message.brand or None,
        last_digits=message.last_digits or None,
    )


class EarningsEntry(Answer):
    """One change of what is owed to a driver."""

    ride_id: str | None
    kind: str = Field(examples=["capture"])
    amount: Money
    created_at: Timestamp


class Earnings(Answer):
    """What is owed to a driver, by currency, and the latest changes."""

    balances: list[Money]
    entries: list[EarningsEntry]


def earnings(message: payment_service_pb2.GetEarningsResponse) -> Earnings:
    """Convert earnings."""
    return Earnings(
        balances=[money(balance) for balance in message.balances],
        entries=[
            EarningsEntry(
                ride_id=public_id_or_none("ride", entry.ride_id),
                kind=entry.kind,
                amount=money(entry.amount),
                created_at=timestamp(entry.create_time),
            )
            for entry in message.entries
        ],
    )


class Posting(Answer):
    """One leg of a journal entry: debit above zero, credit below."""

    account: str
    amount: Money


class JournalEntry(Answer):
    """An immutable set of postings that sums to zero in each currency."""

    id: str
    kind: str
    source_id: str
    created_at: Timestamp
    postings: list[Posting]


class Journal(Answer):
    """A page of the entries of a ride's payments, oldest first."""

    items: list[JournalEntry]
    next_cursor: str | None


def journal(message: payment_service_pb2.ListJournalEntriesResponse, next_cursor: str | None) -> Journal:
    """Convert journal entries; their ids and accounts are the ledger's own."""
    return Journal(
        items=[
            JournalEntry(
                id=entry.entry_id,
                kind=entry.kind,
                source_id=entry.source_id,
                created_at=timestamp(entry.create_time),
                postings=[Posting(account=leg.account, amount=money(leg.amount)) for leg in entry.postings],
            )
            for entry in message.entries
        ],
        next_cursor=next_cursor,
    )


class CurrencyBalance(Answer):
    """The sum of all postings of a currency; anything but zero is a defect."""

    currency_code: str
    sum_minor: int
    entry_count: int


class AccountKindBalance(Answer):
    """Debits less credits of all accounts of a kind."""

    account_kind: str
    balance: Money


class TrialBalance(Answer):
    """The ledger summed up."""

    currencies: list[CurrencyBalance]
    accounts: list[AccountKindBalance]
    read_at: Timestamp


def trial_balance(message: payment_service_pb2.GetTrialBalanceResponse) -> TrialBalance:
    """Convert a trial balance."""
    return TrialBalance(
        currencies=[
            CurrencyBalance(currency_code=item.currency_code, sum_minor=item.sum_minor, entry_count=item.entry_count)
            for item in message.currencies
        ],
        accounts=[
            AccountKindBalance(account_kind=item.account_kind, balance=money(item.balance)) for item in message.accounts
        ],
        read_at=timestamp(message.read_time),
    )
