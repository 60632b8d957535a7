"""Write down what a definite outcome means: the guarded change, the postings, the event and the stored answer."""

from __future__ import annotations

from dataclasses import replace

from payment_service.domain.operation import Operation, OperationState
from payment_service.domain.orders import (
    AcceptDisputeOrder,
    AddCardOrder,
    CaptureOrder,
    ChargeOrder,
    EvidenceOrder,
    FinishCardSetupOrder,
    HoldOrder,
    IncrementOrder,
    RefundOrder,
    RemoveCardOrder,
    SetUpCardOrder,
    VoidOrder,
)
from payment_service.domain.payout_orders import AddBankOrder, SendPayoutOrder, TakeBackOrder, TransferOrder
from payment_service.use_cases.answers import Answer, CardRemoved, Refusal
from payment_service.use_cases.conclusions.captures import captured
from payment_service.use_cases.conclusions.cards import card_added, card_set_up
from payment_service.use_cases.conclusions.charges import charged
from payment_service.use_cases.conclusions.disputes import dispute_accepted, evidence_submitted
from payment_service.use_cases.conclusions.holds import hold_incremented, hold_placed, hold_voided
from payment_service.use_cases.conclusions.parts import Concluding, Definite, reason_of
from payment_service.use_cases.conclusions.payouts import bank_added, payout_sent, taken_back, transferred
from payment_service.use_cases.conclusions.refunds import refund_ended
from payment_service.use_cases.outcomes import Succeeded
from payment_service.use_cases.ports import Work
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class Conclude:
    """Ends operations. The caller holds the locks of the operation and of what it is about."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids

    async def __call__(self, work: Work, operation: Operation, outcome: Definite) -> Answer:
        """End an operation in the caller's transaction and return its answer."""
        concluding = Concluding(work, operation, self._clock.now(), self._ids)
        succeeded = isinstance(outcome, Succeeded)
        ended = replace(
            operation,
            state=OperationState.SUCCEEDED if succeeded else OperationState.REFUSED,
            psp_object_id=outcome.psp_object_id if isinstance(outcome, Succeeded) else operation.psp_object_id,
        )
        # First, since what comes of it may be the next operation on the same subject.
        await work.operations.finish(ended, concluding.now, reason_of(outcome))
        answer = await _answer(concluding, outcome)
        if isinstance(answer, Refusal) and answer.passes:
            await work.requests.forget_waiting(operation.id)
        else:
            await work.requests.answer_waiting(operation.id, answer)
        return answer


async def _answer(concluding: Concluding, outcome: Definite) -> Answer:
    order = concluding.operation.order
    match order:
        case HoldOrder():
            return await hold_placed(concluding, outcome)
        case IncrementOrder():
            return await hold_incremented(concluding, order, outcome)
        case CaptureOrder():
            return await captured(concluding, order, outcome)
        case VoidOrder():
            return await hold_voided(concluding, outcome)
        case ChargeOrder():
            return await charged(concluding, outcome)
        case RefundOrder():
            return await refund_ended(concluding, order, outcome)
        case EvidenceOrder():
            return await evidence_submitted(concluding, order, outcome)
        case AcceptDisputeOrder():
            return await dispute_accepted(concluding, order, outcome)
        case TransferOrder():
            return await transferred(concluding, order, outcome)
        case SendPayoutOrder():
            return await payout_sent(concluding, order, outcome)
        case TakeBackOrder():
            return await taken_back(concluding, order, outcome)
        case AddBankOrder():
            return await bank_added(concluding, order, outcome)
        case AddCardOrder():
            return await card_added(concluding, order, outcome)
        case SetUpCardOrder() | FinishCardSetupOrder():
            return await card_set_up(concluding, order, outcome)
        case RemoveCardOrder():
            # What the PSP says to it changes nothing here: the card is forgotten already.
            return CardRemoved()
