"""What the end of an operation on a driver's bank account or payout means."""

from __future__ import annotations

import logging

from payment_service.domain.operation import retry_after_seconds
from payment_service.domain.payout import Payout
from payment_service.domain.payout_account import PayoutAccount
from payment_service.domain.payout_orders import (
    AddBankOrder,
    PayoutOrder,
    SendPayoutOrder,
    TakeBackOrder,
    TransferOrder,
)
from payment_service.use_cases import payout_steps
from payment_service.use_cases.answers import Answer, Recorded, Refusal
from payment_service.use_cases.conclusions.parts import Concluding, Definite, reason_of
from payment_service.use_cases.outcomes import Succeeded
from payment_service.use_cases.payout_psp import SHORT

_log = logging.getLogger(__name__)


async def bank_added(concluding: Concluding, order: AddBankOrder, outcome: Definite) -> Answer:
    if not isinstance(outcome, Succeeded) or outcome.bank is None:
        reason = reason_of(outcome)
        if reason == "invalid_bank_token":
            message = "the PSP does not know this token of a bank account"
            return Refusal("invalid_input", reason, message, "", field="bank_token")
        return Refusal("conflict", "payout_account_refused", "the PSP refused the bank account", reason)
    accounts, bank = concluding.work.payout_accounts, outcome.bank
    await accounts.save(
        PayoutAccount(
            driver_id=order.driver_id,
            currency_code=bank.currency_code,
            psp_account_id=await accounts.psp_account_of(order.driver_id) or "",
            psp_bank_id=bank.psp_bank_id,
            country_code=bank.country_code,
            bank_name=bank.bank_name,
            last_digits=bank.last_digits,
            operation_id=concluding.operation.id,
            set_at=concluding.now,
        )
    )
    return Recorded(concluding.operation.id)


async def transferred(concluding: Concluding, order: TransferOrder, outcome: Definite) -> Answer:
    work, now, ids = concluding.work, concluding.now, concluding.ids
    payout = await work.payouts.lock(order.payout_id)
    if isinstance(outcome, Succeeded):
        payout = payout.transferred(outcome.psp_object_id)
        await work.payouts.save(payout)
        send = SendPayoutOrder(payout.id, payout.psp_account_id, payout.psp_bank_id, payout.amount)
        await payout_steps.next_step(work, payout, send, now, ids)
    elif outcome == SHORT:
        await _put_off(concluding, payout, order, reason_of(outcome))
    else:
        _tell_refusal(payout, "the PSP refused to transfer to a driver's account", reason_of(outcome))
        await payout_steps.give_back(work, payout.refused(reason_of(outcome), now), now, ids)
    return Recorded(payout.id)


async def payout_sent(concluding: Concluding, order: SendPayoutOrder, outcome: Definite) -> Answer:
    work, now = concluding.work, concluding.now
    payout = await work.payouts.lock(order.payout_id)
    if isinstance(outcome, Succeeded):
        await work.payouts.save(payout.sent(outcome.psp_object_id, now))
    elif outcome == SHORT:
        await _put_off(concluding, payout, order, reason_of(outcome))
    else:
        _tell_refusal(payout, "the PSP refused to pay out to a driver's bank", reason_of(outcome))
        await payout_steps.come_back(work, payout, reason_of(outcome), now, concluding.ids)
    return Recorded(payout.id)


async def taken_back(concluding: Concluding, order: TakeBackOrder, outcome: Definite) -> Answer:
    payout = await concluding.work.payouts.lock(order.payout_id)
    if isinstance(outcome, Succeeded):
        await payout_steps.give_back(concluding.work, payout.recovered(concluding.now), concluding.now, concluding.ids)
    else:
        # The money is still in the driver's account at the PSP, and ours to take back: it is tried until it works.
        _tell_refusal(payout, "the PSP refused to take a transfer back", reason_of(outcome))
        await _put_off(concluding, payout, order, reason_of(outcome))
    return Recorded(payout.id)


async def _put_off(concluding: Concluding, payout: Payout, order: PayoutOrder, reason: str) -> None:
    """Try the same again later, under a new key: this one is spent, and nothing was done."""
    payout = payout.put_off(reason)
    await concluding.work.payouts.save(payout)
    wait_seconds = retry_after_seconds(payout.waits)
    await payout_steps.next_step(
        concluding.work, payout, order, concluding.now, concluding.ids, after_seconds=wait_seconds
    )


def _tell_refusal(payout: Payout, message: str, reason: str) -> None:
    _log.error(message, extra={"payout_id": str(payout.id), "psp_reason": reason})
