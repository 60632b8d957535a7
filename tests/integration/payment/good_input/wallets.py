"""Good requests about riders' wallets, credit and debts."""

from __future__ import annotations

from uuid import UUID, uuid4

from ridesharing.payment.v1 import wallet_service_pb2 as pb
from tests.integration.payment.bad_input import Told
from tests.integration.payment.good_input.stage import (
    Ask,
    Row,
    Stage,
    as_operator,
    as_rider,
    key,
    not_found,
    usd,
)

_NO_CARD, _NO_RIDER = not_found("payment_method_not_found"), not_found("rider_not_found")
_ANY_CURRENCY = {"amount: another currency": None}


async def rider_with_wallet(stage: Stage) -> UUID:
    ask = await top_up(stage)
    await stage.call("WalletService.TopUpWallet", ask)
    return UUID(ask.subject)


async def get_wallet(stage: Stage) -> Ask:
    rider_id = uuid4()
    return as_rider(rider_id, pb.GetWalletRequest(rider_id=str(rider_id)))


async def top_up(stage: Stage) -> Ask:
    rider_id, card = await stage.rider_with_card()
    return as_rider(rider_id, pb.TopUpWalletRequest(request_id=key(), payment_method_id=card, amount=usd(1000)))


async def withdraw(stage: Stage) -> Ask:
    return as_rider(await rider_with_wallet(stage), pb.WithdrawFromWalletRequest(request_id=key(), amount=usd(300)))


async def withdrawals(stage: Stage) -> Ask:
    rider_id = uuid4()
    return as_rider(rider_id, pb.ListWithdrawalsRequest(rider_id=str(rider_id)))


async def wallet_entries(stage: Stage) -> Ask:
    rider_id = await rider_with_wallet(stage)
    return as_rider(rider_id, pb.ListWalletEntriesRequest(rider_id=str(rider_id)))


async def get_arrears(stage: Stage) -> Ask:
    rider_id = uuid4()
    return as_rider(rider_id, pb.GetArrearsRequest(rider_id=str(rider_id)))


async def pay_arrears(stage: Stage) -> Ask:
    return as_rider(await stage.rider_who_owes(), pb.PayArrearsRequest(request_id=key(), currency_code="USD"))


async def grant(stage: Stage) -> Ask:
    return as_operator(pb.GrantCreditRequest(request_id=key(), rider_id=key(), amount=usd(500), reason="a late driver"))


async def revoke(stage: Stage) -> Ask:
    granted = await grant(stage)
    await stage.call("WalletService.GrantCredit", granted)
    rider_id = granted.request.rider_id
    return as_operator(pb.RevokeCreditRequest(request_id=key(), rider_id=rider_id, amount=usd(400), reason="a mistake"))


async def credit_grants(stage: Stage) -> Ask:
    return as_operator(pb.ListCreditGrantsRequest(rider_id=key()))


async def write_off(stage: Stage) -> Ask:
    rider_id = str(await stage.rider_who_owes())
    return as_operator(
        pb.WriteOffArrearsRequest(request_id=key(), rider_id=rider_id, amount=usd(700), reason="a mistake")
    )


async def write_offs(stage: Stage) -> Ask:
    return as_operator(pb.ListWriteOffsRequest(rider_id=key()))


def _too_much(reason: str) -> Told:
    return Told("FAILED_PRECONDITION", reason)


WALLETS = {
    "WalletService.GetWallet": Row(get_wallet, unknown={"rider_id": _NO_RIDER}, foreign=_NO_RIDER),
    "WalletService.TopUpWallet": Row(
        top_up, unknown={"payment_method_id": _NO_CARD}, otherwise=_ANY_CURRENCY, foreign=_NO_CARD
    ),
    "WalletService.WithdrawFromWallet": Row(
        withdraw,
        otherwise={"amount: another currency": _too_much("exceeds_top_ups")},
        same=lambda answer: answer.withdrawal.withdrawal_id,
    ),
    "WalletService.ListWithdrawals": Row(withdrawals, unknown={"rider_id": _NO_RIDER}, foreign=_NO_RIDER),
    "WalletService.ListWalletEntries": Row(wallet_entries, unknown={"rider_id": _NO_RIDER}, foreign=_NO_RIDER),
    "WalletService.GetArrears": Row(get_arrears, unknown={"rider_id": _NO_RIDER}, foreign=_NO_RIDER),
    "WalletService.PayArrears": Row(
        pay_arrears, unknown={"payment_method_id": _NO_CARD}, other={"currency_code": "EUR"}
    ),
    "WalletService.GrantCredit": Row(grant, unknown={"rider_id": None}, otherwise=_ANY_CURRENCY),
    "WalletService.RevokeCredit": Row(
        revoke,
        unknown={"rider_id": _too_much("insufficient_credit")},
        otherwise={"amount: another currency": _too_much("insufficient_credit")},
    ),
    "WalletService.ListCreditGrants": Row(credit_grants, unknown={"rider_id": None}),
    "WalletService.WriteOffArrears": Row(
        write_off,
        unknown={"rider_id": _too_much("exceeds_arrears")},
        otherwise={"amount: another currency": _too_much("exceeds_arrears")},
    ),
    "WalletService.ListWriteOffs": Row(write_offs, unknown={"rider_id": None}),
}
