"""What the processor does when a task is due: one function for each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jitney.sandbox.psp import (
    bank_settlement,
    captures,
    dispute_outcomes,
    disputes,
    payout_outcomes,
    refund_outcomes,
    settlement,
)
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.tasks import TaskKind

CHORES: Final[dict[TaskKind, Callable[[Call, str, str], None]]] = {
    TaskKind.HOLD_EXPIRES: settlement.hold_expires,
    TaskKind.CAPTURE_SETTLES: captures.capture_settles,
    TaskKind.CAPTURE_FAILS: captures.capture_fails,
    TaskKind.CHARGE_SETTLES: captures.charge_settles,
    TaskKind.REFUND_SUCCEEDS: refund_outcomes.refund_succeeds,
    TaskKind.REFUND_FAILS: refund_outcomes.refund_fails,
    TaskKind.DISPUTE_OPENS: disputes.dispute_opens,
    TaskKind.DISPUTE_DECIDED: dispute_outcomes.dispute_decided,
    TaskKind.DISPUTE_LAPSES: dispute_outcomes.dispute_lapses,
    TaskKind.PAYOUT_LEAVES: payout_outcomes.payout_leaves,
    TaskKind.PAYOUT_ARRIVES: payout_outcomes.payout_arrives,
    TaskKind.PAYOUT_FAILS: payout_outcomes.payout_fails,
    TaskKind.SETTLE: bank_settlement.settle_daily,
}
"""Given the call, the subject and the task's data."""
