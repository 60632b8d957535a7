"""The table of operations: how each is asked of the service, what its answer says, and the rule that judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message

from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2, refunds_pb2
from ridesharing.payment.v1 import payout_service_pb2 as payout_pb
from ridesharing.payment.v1 import refund_service_pb2 as refund_pb
from ridesharing.payment.v1 import wallet_service_pb2 as wallet_pb
from tests.proof import payout_rules, refund_rules, rider_rules, rules
from tests.proof.oracle import Rule
from tests.proof.world import LATE, Answer, Ask


@dataclass
class Names:
    """What the world calls things, and what the service does."""

    ids: dict[str, str] = field(default_factory=dict[str, str])
    play: str = field(default_factory=lambda: str(uuid4()))
    """Sets the keys of one play apart from those of another, of the same callers."""

    def key_of(self, ask: Ask) -> str:
        """The request's key as it is sent."""
        return f"{self.play}:{ask.key}"

    def id_of(self, name: str) -> str:
        """The id of a thing; one that was never heard of gets one nobody knows."""
        return self.ids.setdefault(name, str(uuid4()))

    def name_of(self, account: str) -> str:
        """An account's name with its owner's name in place of the id."""
        kind, _, owner = account.partition(":")
        names = [name for name, known in self.ids.items() if known == owner]
        return f"{kind}:{names[0]}" if names else account


@dataclass(frozen=True)
class Operation:
    """A row of the table.

    `orders` are the kinds of orders to the PSP it may begin (their failpoints are `<kind>.<step>`), each with the PSP's
    operations it leads to, where faults can be laid.
    """

    rpc: str
    rule: Rule
    request: Callable[[Ask, Names], Message]
    read: Callable[[Any, Ask, Names], Answer]
    service: str = "payment"
    """Of which service it is: payment, wallet, refund or payout."""
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @property
    def at_psp(self) -> Sequence[str]:
        """Every operation of the PSP that it may lead to."""
        return [name for names in self.orders.values() for name in names]

    @property
    def failpoints(self) -> Sequence[str]:
        """Every step between two others at which the process may die."""
        return [
            *(f"{self.rpc}.{step}" for step in ("claimed", "begun")),
            *(f"{kind}.{step}" for kind in self.orders for step in ("intended", "asked", "concluded", "recorded")),
        ]


def money(currency: str, amount: int) -> Money:
    return Money(currency_code=currency, amount_minor=amount)


RECONCILED = ("psp_fee", "settlement")
"""Entries that reconciliation makes of what the PSP tells of itself: they say nothing of what was asked for."""
NOT_YET = ("payment_busy",)
"""Refusals that only say to ask again later."""
_STATUS = {
    payments_pb2.PAYMENT_STATUS_HELD: "held",
    payments_pb2.PAYMENT_STATUS_DECLINED: "declined",
    payments_pb2.PAYMENT_STATUS_CAPTURED: "captured",
    payments_pb2.PAYMENT_STATUS_VOIDED: "voided",
    payments_pb2.PAYMENT_STATUS_EXPIRED: "expired",
}


def payment_of(response: Any, ask: Ask, names: Names) -> Answer:
    told: payments_pb2.Payment = response.payment
    if told.status == payments_pb2.PAYMENT_STATUS_PENDING:
        return LATE
    amounts = (told.authorized, told.captured, told.credit_used, told.receivable, told.refunded)
    return Answer("payment", (_STATUS[told.status], *(amount.amount_minor for amount in amounts), told.decline_reason))


def _card_of(response: pb.AddPaymentMethodResponse, ask: Ask, names: Names) -> Answer:
    name = rules.card_name(ask)
    told = response.payment_method.payment_method_id
    if names.ids.setdefault(name, told) != told:
        return Answer("card", (f"another than {name}",))
    return Answer("card", (name,))


def _receipt_of(response: pb.GetReceiptResponse, ask: Ask, names: Names) -> Answer:
    told = response.receipt
    lines = tuple(
        (
            payments_pb2.ChargeLineKind.Name(line.kind).removeprefix("CHARGE_LINE_KIND_").lower(),
            line.amount.amount_minor,
            line.commission_basis_points,
            line.tax_jurisdiction,
        )
        for line in told.lines
    )
    return Answer(
        "receipt", (*(amount.amount_minor for amount in (told.captured, told.credit_used, told.receivable)), lines)
    )


def _earnings_of(response: pb.GetEarningsResponse, ask: Ask, names: Names) -> Answer:
    owed = {amount.currency_code: amount.amount_minor for amount in response.balances if amount.amount_minor}
    return Answer("earnings", tuple(sorted(owed.items())))


def _journal_of(response: pb.ListJournalEntriesResponse, ask: Ask, names: Names) -> Answer:
    found = [
        (
            entry.kind,
            tuple(sorted((names.name_of(leg.account), leg.amount.amount_minor) for leg in entry.postings)),
        )
        for entry in response.entries
        if entry.kind not in RECONCILED
    ]
    return Answer("journal", tuple(sorted(found)))


def _wallet_of(response: wallet_pb.GetWalletResponse, ask: Ask, names: Names) -> Answer:
    rows = [
        (
            row.wallet.currency_code,
            tuple(
                amount.amount_minor
                for amount in (
                    row.wallet,
                    row.wallet_held,
                    row.credit,
                    row.credit_held,
                    row.arrears,
                    row.arrears_in_collection,
                )
            ),
        )
        for row in response.balances
    ]
    return Answer("wallet", tuple(sorted(row for row in rows if any(row[1]))))


def _refund_of(response: refund_pb.CreateRefundResponse, ask: Ask, names: Names) -> Answer:
    told = response.refund
    if told.status == refunds_pb2.REFUND_STATUS_PENDING:
        return LATE
    state = refunds_pb2.RefundStatus.Name(told.status).removeprefix("REFUND_STATUS_").lower()
    to = refunds_pb2.RefundDestination.Name(told.destination).removeprefix("REFUND_DESTINATION_").lower()
    return Answer("refund", (told.amount.amount_minor, state, to))


def _adjusted_of(response: Any, ask: Ask, names: Names) -> Answer:
    return Answer("adjusted", (response.adjustment.amount.amount_minor,))


def _adjustment(rpc: str, rule: Rule) -> Operation:
    def request(ask: Ask, names: Names) -> Message:
        message: Any = getattr(wallet_pb, f"{rpc}Request")
        return message(
            request_id=names.key_of(ask),
            rider_id=names.id_of(ask["rider"]),
            amount=money(ask["currency"], ask["amount"]),
            reason="as it was agreed",
        )

    return Operation(rpc, rule, request, _adjusted_of, service="wallet")


def _lines(ask: Ask) -> list[payments_pb2.ChargeLine]:
    return [
        payments_pb2.ChargeLine(
            kind=payments_pb2.ChargeLineKind.Value(f"CHARGE_LINE_KIND_{kind.upper()}"),
            amount=money(ask["currency"], amount),
            commission_basis_points=basis_points,
            tax_jurisdiction=owner,
        )
        for kind, amount, basis_points, owner in ask["lines"]
    ]


OPERATIONS = {
    "add_card": Operation(
        "AddPaymentMethod",
        rules.add_card,
        lambda ask, names: pb.AddPaymentMethodRequest(request_id=names.key_of(ask), psp_token=ask["token"]),
        _card_of,
        orders={"add_card": ("payment_methods.attach", "customers.create")},
    ),
    "remove_card": Operation(
        "RemovePaymentMethod",
        rules.remove_card,
        lambda ask, names: pb.RemovePaymentMethodRequest(
            request_id=names.key_of(ask), payment_method_id=names.id_of(ask["card"])
        ),
        lambda response, ask, names: Answer("removed"),
        orders={"remove_card": ("payment_methods.detach",)},
    ),
    "place_hold": Operation(
        "PlaceHold",
        rules.place_hold,
        lambda ask, names: pb.PlaceHoldRequest(
            request_id=names.key_of(ask),
            ride_id=names.id_of(ask["ride"]),
            rider_id=names.id_of(ask["rider"]),
            payment_method_id=names.id_of(ask["card"]) if ask["card"] else "",
            amount=money(ask["currency"], ask["amount"]),
            funding=payments_pb2.Funding.Value(f"FUNDING_{ask['funding'].upper()}"),
        ),
        payment_of,
        orders={"hold": ("payment_intents.create",)},
    ),
    "increment_hold": Operation(
        "IncrementHold",
        rules.increment_hold,
        lambda ask, names: pb.IncrementHoldRequest(
            request_id=names.key_of(ask), ride_id=names.id_of(ask["ride"]), amount=money(ask["currency"], ask["amount"])
        ),
        payment_of,
        orders={"increment": ("payment_intents.increment_authorization",)},
    ),
    "capture_payment": Operation(
        "CapturePayment",
        rules.capture_payment,
        lambda ask, names: pb.CapturePaymentRequest(
            request_id=names.key_of(ask),
            ride_id=names.id_of(ask["ride"]),
            driver_id=names.id_of(ask["driver"]),
            lines=_lines(ask),
        ),
        payment_of,
        orders={"capture": ("payment_intents.capture",), "charge": ("payment_intents.create",)},
    ),
    "void_hold": Operation(
        "VoidHold",
        rules.void_hold,
        lambda ask, names: pb.VoidHoldRequest(request_id=names.key_of(ask), ride_id=names.id_of(ask["ride"])),
        payment_of,
        orders={"void": ("payment_intents.cancel",)},
    ),
    "add_tip": Operation(
        "AddTip",
        rider_rules.add_tip,
        lambda ask, names: pb.AddTipRequest(
            request_id=names.key_of(ask),
            ride_id=names.id_of(ask["ride"]),
            amount=money(ask["currency"], ask["amount"]),
        ),
        payment_of,
        orders={"charge": ("payment_intents.create",)},
    ),
    "top_up": Operation(
        "TopUpWallet",
        rider_rules.top_up,
        lambda ask, names: wallet_pb.TopUpWalletRequest(
            request_id=names.key_of(ask),
            payment_method_id=names.id_of(ask["card"]),
            amount=money(ask["currency"], ask["amount"]),
        ),
        payment_of,
        "wallet",
        {"charge": ("payment_intents.create",)},
    ),
    "pay_arrears": Operation(
        "PayArrears",
        rider_rules.pay_arrears,
        lambda ask, names: wallet_pb.PayArrearsRequest(
            request_id=names.key_of(ask),
            payment_method_id=names.id_of(ask["card"]),
            currency_code=ask["currency"],
        ),
        payment_of,
        "wallet",
        {"charge": ("payment_intents.create",)},
    ),
    "create_refund": Operation(
        "CreateRefund",
        refund_rules.create_refund,
        lambda ask, names: refund_pb.CreateRefundRequest(
            request_id=names.key_of(ask),
            ride_id=names.id_of(ask["ride"]),
            amount=money(ask["currency"], ask["amount"]) if ask["amount"] else None,
            reason="as it was agreed",
            borne_by=refunds_pb2.RefundBorneBy.Value(f"REFUND_BORNE_BY_{ask['borne_by'].upper() or 'UNSPECIFIED'}"),
        ),
        _refund_of,
        "refund",
        {"refund": ("refunds.create",)},
    ),
    "set_bank": Operation(
        "SetPayoutAccount",
        payout_rules.set_bank,
        lambda ask, names: payout_pb.SetPayoutAccountRequest(
            request_id=names.key_of(ask), bank_token=ask["bank_token"], country_code="US"
        ),
        lambda response, ask, names: Answer("bank", (ask.caller,)),
        "payout",
        {"add_bank": ("external_accounts.create", "accounts.create")},
    ),
    "request_payout": Operation(
        "RequestPayout",
        payout_rules.request_payout,
        lambda ask, names: payout_pb.RequestPayoutRequest(
            request_id=names.key_of(ask), currency_code=ask["currency"], amount_minor=ask["amount"]
        ),
        lambda response, ask, names: Answer("payout", (response.payout.amount.amount_minor,)),
        "payout",
        {"send_payout": ("payouts.create",), "transfer": ("transfers.create",)},
    ),
    "grant_credit": _adjustment("GrantCredit", rider_rules.grant_credit),
    "revoke_credit": _adjustment("RevokeCredit", rider_rules.revoke_credit),
    "write_off": _adjustment("WriteOffArrears", rider_rules.write_off),
    "get_wallet": Operation(
        "GetWallet",
        rider_rules.get_wallet,
        lambda ask, names: wallet_pb.GetWalletRequest(rider_id=names.id_of(ask["rider"])),
        _wallet_of,
        "wallet",
    ),
    "get_payment": Operation(
        "GetPayment",
        rules.get_payment,
        lambda ask, names: pb.GetPaymentRequest(ride_id=names.id_of(ask["ride"])),
        payment_of,
    ),
    "get_receipt": Operation(
        "GetReceipt",
        rules.get_receipt,
        lambda ask, names: pb.GetReceiptRequest(ride_id=names.id_of(ask["ride"])),
        _receipt_of,
    ),
    "list_cards": Operation(
        "ListPaymentMethods",
        rules.list_cards,
        lambda ask, names: pb.ListPaymentMethodsRequest(),
        lambda response, ask, names: Answer("cards", (len(response.payment_methods),)),
    ),
    "get_earnings": Operation(
        "GetEarnings", rules.get_earnings, lambda ask, names: pb.GetEarningsRequest(), _earnings_of
    ),
    "list_journal": Operation(
        "ListJournalEntries",
        rules.list_journal,
        lambda ask, names: pb.ListJournalEntriesRequest(ride_id=names.id_of(ask["ride"])),
        _journal_of,
    ),
}
ENDS = (rules.ends_of_rides, rider_rules.ends_of_charges, refund_rules.ends_of_refunds, payout_rules.ends_of_payouts)
RULES = {name: row.rule for name, row in OPERATIONS.items()}
