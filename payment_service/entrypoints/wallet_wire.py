"""Between WalletService's messages and the domain."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.domain.ledger import AccountKind
from payment_service.domain.refund import RefundStatus
from payment_service.domain.rider_limits import RiderLimits
from payment_service.domain.wallet import WalletBalance, WalletEntry
from payment_service.domain.withdrawal import Withdrawal
from payment_service.entrypoints.pages import write_token
from payment_service.entrypoints.wire import money_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import wallet_service_pb2 as pb

MAX_SEQ = 32_767
"""The last posting that an entry can have."""

_ACCOUNTS = {
    AccountKind.RIDER_WALLET: pb.WALLET_ACCOUNT_WALLET,
    AccountKind.RIDER_CREDIT: pb.WALLET_ACCOUNT_CREDIT,
}
_KINDS = {kind: pb.RiderAdjustmentKind.Value(f"RIDER_ADJUSTMENT_KIND_{kind.name}") for kind in AdjustmentKind}


def balance_to_wire(balance: WalletBalance) -> pb.WalletBalance:
    return pb.WalletBalance(
        wallet=money_to_wire(balance.wallet),
        wallet_held=money_to_wire(balance.wallet_held),
        credit=money_to_wire(balance.credit),
        credit_held=money_to_wire(balance.credit_held),
        arrears=money_to_wire(balance.arrears),
        arrears_in_collection=money_to_wire(balance.arrears_in_collection),
    )


def arrears_to_wire(balance: WalletBalance, limits: RiderLimits) -> pb.Arrears:
    return pb.Arrears(
        owed=money_to_wire(balance.arrears),
        in_collection=money_to_wire(balance.arrears_in_collection),
        blocks_rides=limits.blocks_rides(balance.arrears - balance.arrears_in_collection),
    )


def entry_to_wire(entry: WalletEntry) -> pb.WalletEntry:
    return pb.WalletEntry(
        entry_id=str(entry.entry_id),
        account=_ACCOUNTS[entry.account],
        kind=entry.kind,
        amount=money_to_wire(entry.amount),
        balance=money_to_wire(entry.balance),
        ride_id=text_of(entry.ride_id),
        payment_id=text_of(entry.payment_id),
        create_time=time_to_wire(entry.created_at),
    )


def withdrawal_to_wire(withdrawal: Withdrawal) -> pb.Withdrawal:
    return pb.Withdrawal(
        withdrawal_id=str(withdrawal.id),
        rider_id=str(withdrawal.rider_id),
        amount=money_to_wire(withdrawal.amount),
        paid=money_to_wire(withdrawal.sum_of(RefundStatus.PAID)),
        pending=money_to_wire(withdrawal.sum_of(RefundStatus.PENDING)),
        returned=money_to_wire(withdrawal.sum_of(RefundStatus.FAILED)),
        parts=[
            pb.WithdrawalPart(
                refund_id=str(part.refund_id), payment_id=str(part.payment_id), amount=money_to_wire(part.amount)
            )
            for part in withdrawal.parts
        ],
        create_time=time_to_wire(withdrawal.created_at),
    )


def adjustment_to_wire(adjustment: RiderAdjustment) -> pb.RiderAdjustment:
    return pb.RiderAdjustment(
        adjustment_id=str(adjustment.id),
        kind=_KINDS[adjustment.kind],
        rider_id=str(adjustment.rider_id),
        operator_id=str(adjustment.operator_id),
        amount=money_to_wire(adjustment.amount),
        reason=adjustment.reason,
        create_time=time_to_wire(adjustment.created_at),
    )


def entry_token(place: tuple[UUID, int] | None) -> str:
    """Write where a page of a statement ended; empty on the last."""
    return "" if place is None else write_token(*place)


def entry_place(entry_id: str, seq: str) -> tuple[UUID, int]:
    """Read the parts of a statement's token; ValueError for what we did not write."""
    if not 1 <= int(seq) <= MAX_SEQ:
        raise ValueError(seq)
    return UUID(entry_id), int(seq)


def id_token(last: UUID | None) -> str:
    """Write where a page of rows with ids ended; empty on the last."""
    return "" if last is None else write_token(last)
