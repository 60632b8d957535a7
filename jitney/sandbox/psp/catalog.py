"""Every operation of the processor, by resource."""

from __future__ import annotations

from jitney.sandbox.psp import (
    accounts,
    balance,
    charges,
    customers,
    disputes,
    events,
    external_accounts,
    intents,
    methods,
    payouts,
    refunds,
    settlement,
    setups,
    transfers,
)
from jitney.sandbox.psp.operations import AnyOperation

OPERATIONS: list[AnyOperation] = [
    *customers.OPERATIONS,
    *methods.OPERATIONS,
    *setups.OPERATIONS,
    *intents.OPERATIONS,
    *settlement.OPERATIONS,
    *charges.OPERATIONS,
    *refunds.OPERATIONS,
    *accounts.OPERATIONS,
    *external_accounts.OPERATIONS,
    *transfers.OPERATIONS,
    *payouts.OPERATIONS,
    *disputes.OPERATIONS,
    *balance.OPERATIONS,
    *events.OPERATIONS,
]
