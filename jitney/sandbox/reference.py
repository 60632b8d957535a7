"""What `/reference` shows: test cards, bank accounts, operations, faults and controls, from where they are defined."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from jitney.sandbox.fault_kinds import FAULTS, Fault
from jitney.sandbox.psp import cards
from jitney.sandbox.psp.banks import RETURNED, TOKENS, outcome_of
from jitney.sandbox.psp.cards import TestCard
from jitney.sandbox.psp.catalog import OPERATIONS

CONTROLS: Final = (
    (
        "GET, POST, DELETE",
        "/_sim/faults",
        "the scripted faults; take one back, and let go of whom it keeps waiting, with DELETE /_sim/faults/{id}",
    ),
    ("GET, POST", "/_sim/clock", 'the sandbox\'s clock: {"advance_seconds": 86400}'),
    ("GET", "/_sim/ledger", "payments as they were, and the totals; ?payment_intent= or ?metadata[op_id]="),
    ("GET", "/_sim/ledger/{kind}", "refunds, disputes, transfers or payouts; ?id= or ?metadata[op_id]="),
    ("GET", "/_sim/ledger/keys", "what was done under each idempotency key; ?prefix="),
    ("GET", "/_sim/messages", "text messages; ?to="),
    ("GET", "/_sim/calls", "calls, with what was said; ?to="),
    ("GET", "/_sim/posts", "pushes and mails; ?to= a device's token or an address"),
    ("GET", "/_sim/deliveries", "webhooks and states of SMS that are owed and were not taken yet"),
    ("POST", "/_sim/settle", "the available balance goes to our bank: {}"),
    ("POST", "/_sim/payment_intents/{id}/authenticate", 'the cardholder: {"succeed": true}'),
    ("POST", "/_sim/setup_intents/{id}/authenticate", 'the cardholder: {"succeed": true}'),
    ("POST", "/_sim/refunds/{id}/succeed", "a pending refund succeeds: {}"),
    ("POST", "/_sim/refunds/{id}/fail", 'a refund comes back: {"failure_code": "declined"}'),
    ("POST", "/_sim/charges/{id}/dispute", 'the cardholder disputes: {"reason": "fraudulent"}'),
    ("POST", "/_sim/disputes/{id}/decide", 'the bank decides: {"outcome": "won"}'),
    ("POST", "/_sim/payouts/{id}/arrive", "a payout arrives: {}"),
    ("POST", "/_sim/payouts/{id}/fail", 'a payout fails or is returned: {"failure_code": "no_account"}'),
)
_REFUNDS: Final = {"pending": "refunds are pending first", "fails": "refunds fail later"}
_AUTHENTICATION: Final = {
    "always": "the cardholder must always authenticate",
    "unless_set_up": "the cardholder must authenticate, but not in absence once it was set up",
    "on_session": "the cardholder must authenticate when present",
}


def reference() -> dict[str, Any]:
    """Gather it."""
    families: dict[str, list[str]] = defaultdict(list)
    for operation in OPERATIONS:
        family, _, name = operation.name.partition(".")
        families[family].append(name)
    return {
        "cards": [(f"pm_card_{name}", words_of(cards.card_named(name))) for name in cards.all_names()],
        "banks": [(token, _bank(outcome_of(number))) for token, number in TOKENS.items()],
        "operations": sorted(families.items()),
        "faults": [(kind, _where(fault), fault.words) for kind, fault in FAULTS.items()],
        "controls": CONTROLS,
    }


def _where(fault: Fault) -> str:
    return fault.operations if fault.operations != "*" else ", ".join(fault.targets)


def words_of(card: TestCard) -> str:
    """Say in words how a test card behaves."""
    said = [
        _AUTHENTICATION.get(card.authentication, ""),
        _REFUNDS.get(card.refund, ""),
        f"{card.dispute.replace('_', ' ')}: disputed as soon as it is captured" if card.dispute else "",
        "money is available at once" if card.bypasses_pending else "",
    ]
    if card.decline:
        when = "when it is attached or charged" if card.declines_at_attach else "when it is charged"
        said.append(f"declined {when}: {card.decline.decline_code.replace('_', ' ')}")
    return "; ".join(text for text in said if text) or "succeeds"


def _bank(outcome: str) -> str:
    if outcome == RETURNED:
        return "payouts are paid, and returned a day later"
    return f"payouts fail: {outcome.replace('_', ' ')}" if outcome else "payouts are paid"
