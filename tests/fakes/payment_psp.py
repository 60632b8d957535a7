"""A PSP in memory, by the same rules as the sandbox: effects happen once a key, and answers can be lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from payment_service.domain.dispute import DisputeStatus
from payment_service.domain.operation import Operation
from payment_service.domain.orders import (
    AcceptDisputeOrder,
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
from payment_service.domain.payment_method import Card
from payment_service.domain.payout_orders import PayoutOrder
from payment_service.domain.psp_transaction import PspTransaction, TransactionKind
from payment_service.use_cases.outcomes import (
    ActionRequired,
    Declined,
    HolderAction,
    NotSent,
    Outcome,
    Pending,
    Succeeded,
    TransactionPage,
    Unknown,
)
from shared_kernel.money import Money
from tests.fakes.payment_connect import FakeConnect
from tests.fakes.payment_psp_objects import FakeObjects, Intent

_TYPES = {
    TransactionKind.SETTLEMENT: "payout",
    TransactionKind.DISPUTE: "adjustment",
    TransactionKind.FEE: "stripe_fee",
}
DECLINES_AT_ATTACH = {"pm_card_visa_chargeDeclined": "generic_decline"}
DECLINES_WHEN_CHARGED = {"pm_card_chargeCustomerFail": "generic_decline"}
ASKS_HOLDER_AT_SETUP = {"pm_card_authenticationRequiredOnSetup": ("visa", "3155")}
GOOD = {"pm_card_visa": ("visa", "4242"), "pm_card_mastercard": ("mastercard", "4444")}


class Fault(StrEnum):
    """What goes wrong with a call."""

    TIMEOUT_BEFORE_EFFECT = "timeout_before_effect"
    TIMEOUT_AFTER_EFFECT = "timeout_after_effect"
    ERROR_BEFORE_EFFECT = "error_before_effect"
    """500; the same key brings the same 500 from then on."""
    ERROR_AFTER_EFFECT = "error_after_effect"
    NOT_CONNECTED = "not_connected"
    PENDING = "pending"
    """It is done, and the answer says that it is under way."""
    CALLER_DIES = "caller_dies"
    """It is done, and whoever asked does not live to hear it."""


class CallerDiedError(Exception):
    """Ends the caller where it stands."""


@dataclass
class FakePsp(FakeObjects, FakeConnect):
    """See `ports.PaymentServiceProvider`."""

    faults: list[tuple[str, Fault]] = field(default_factory=list[tuple[str, Fault]])
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Method and key of every call that got through."""
    gate: asyncio.Event | None = None
    """While set to an event that is not set, calls wait for it."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a call waits at the gate."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    transactions: list[PspTransaction] = field(default_factory=list[PspTransaction])
    """What moved our balance, the oldest first."""
    decline_charges: bool = False
    refuses: dict[str, str] = field(default_factory=dict[str, str])
    """Methods whose calls are declined without an effect, and the reason."""
    increments_up_to_minor: int = 10**9
    """Above it, a hold is not raised."""
    setups: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    """How each set-up of a card stands."""
    _tokens: dict[str, str] = field(default_factory=dict[str, str])
    _answers: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    _cards: dict[str, str] = field(default_factory=dict[str, str])
    _customers: int = 0
    _detached: set[str] = field(default_factory=set[str])

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go wrong, one after another."""
        self.faults += [(method, fault) for fault in faults]

    async def create_customer(self, key: str, rider_id: UUID) -> Outcome:
        def effect() -> Outcome:
            self._customers += 1
            return Succeeded(f"cus_{self.prefix}_{self._customers}")

        return await self._once("create_customer", key, effect)

    async def attach_card(self, key: str, customer_id: str, token: str) -> Outcome:
        def effect() -> Outcome:
            if token in DECLINES_AT_ATTACH:
                return Declined(DECLINES_AT_ATTACH[token])
            if token not in GOOD and token not in DECLINES_WHEN_CHARGED:
                return Declined("invalid_card_token")
            card = self._card(token)
            return Succeeded(card.psp_card_id, card)

        return await self._once("attach_card", key, effect)

    async def set_up_card(self, key: str, operation_id: UUID, customer_id: str, order: SetUpCardOrder) -> Outcome:
        def effect() -> Outcome:
            if order.token in DECLINES_AT_ATTACH:
                return Declined(DECLINES_AT_ATTACH[order.token])
            if order.token not in GOOD and order.token not in ASKS_HOLDER_AT_SETUP:
                return Declined("invalid_card_token")
            setup_id = f"seti_{self.prefix}_{len(self.setups) + 1}"
            asks = order.token in ASKS_HOLDER_AT_SETUP
            self.setups[setup_id] = _asked(setup_id) if asks else self._set_up(setup_id, order.token)
            self._tokens[setup_id] = order.token
            return self.setups[setup_id]

        return await self._once("set_up_card", key, effect)

    async def read_card_setup(self, psp_setup_id: str) -> Outcome:
        fault = self._draw("read_card_setup")
        if fault is not None:
            return NotSent("refused") if fault is Fault.NOT_CONNECTED else Unknown("ReadTimeout")
        return self.setups[psp_setup_id]

    def authenticate(self, psp_setup_id: str, *, succeed: bool) -> None:
        """Do what the holder of a card does when it is set up."""
        done = self._set_up(psp_setup_id, self._tokens[psp_setup_id])
        self.setups[psp_setup_id] = done if succeed else Declined("setup_intent_authentication_failure")

    async def detach_card(self, key: str, order: RemoveCardOrder) -> Outcome:
        def effect() -> Outcome:
            self._detached.add(order.psp_card_id)
            return Succeeded(order.psp_card_id)

        return await self._once("detach_card", key, effect)

    async def authorize(self, key: str, operation_id: UUID, order: HoldOrder) -> Outcome:
        return await self._once("authorize", key, lambda: self._intent(operation_id, order, order.ride_id))

    async def charge(self, key: str, operation_id: UUID, order: ChargeOrder) -> Outcome:
        def effect() -> Outcome:
            made = self._intent(operation_id, order, None)
            if isinstance(made, Succeeded):
                intent = self.intents[made.psp_object_id]
                intent.captures, intent.captured_minor = 1, order.amount.amount_minor
                self.lists(TransactionKind.CHARGE, order.amount, parent_id=intent.id)
            return made

        return await self._once("charge", key, effect)

    async def increment(self, key: str, operation_id: UUID, order: IncrementOrder) -> Outcome:
        def effect() -> Outcome:
            intent = self.intents[order.psp_payment_id]
            if intent.voided:
                return Declined("hold_released")
            if order.amount.amount_minor > self.increments_up_to_minor:
                return Declined("card_declined")
            intent.amount_minor = order.amount.amount_minor
            return Succeeded(intent.id)

        return await self._once("increment", key, effect)

    async def capture(self, key: str, operation_id: UUID, order: CaptureOrder) -> Outcome:
        def effect() -> Outcome:
            intent = self.intents[order.psp_payment_id]
            if intent.voided:
                return Declined("hold_released")
            if not intent.captures:
                intent.captures += 1
                intent.captured_minor = order.amount.amount_minor
                self.lists(TransactionKind.CHARGE, order.amount, parent_id=intent.id)
            return Succeeded(intent.id)

        return await self._once("capture", key, effect)

    async def void(self, key: str, order: VoidOrder) -> Outcome:
        def effect() -> Outcome:
            intent = self.intents[order.psp_payment_id]
            if intent.captures:
                return Declined("already_captured")
            intent.voided = True
            return Succeeded(intent.id)

        return await self._once("void", key, effect)

    def lists(
        self,
        kind: TransactionKind,
        amount: Money,
        *,
        fee_minor: int | None = None,
        parent_id: str = "",
        source_id: str = "",
    ) -> PspTransaction:
        """Let the balance move; a charge costs a fee as at Stripe unless told otherwise."""
        number = len(self.transactions) + 1
        if fee_minor is None:
            fee_minor = (amount.amount_minor * 29 + 500) // 1000 + 30 if kind is TransactionKind.CHARGE else 0
        made = PspTransaction(
            id=f"txn_{self.prefix}_{number:06}",
            kind=kind,
            type=_TYPES.get(kind, kind.value),
            amount=amount,
            fee=Money(amount.currency_code, fee_minor),
            source_id=source_id or f"obj_{self.prefix}_{number}",
            parent_id=parent_id,
            created_at=self.now(),
            available_at=self.now() + timedelta(days=2),
        )
        self.transactions.append(made)
        return made

    def settles(self) -> None:
        """Pay out to our bank all that there is, by currency."""
        sums: dict[str, Money] = {}
        for one in self.transactions:
            code = one.net.currency_code
            sums[code] = sums.get(code, Money.zero(code)) + one.net
        for total in sums.values():
            if total.amount_minor > 0:
                self.lists(TransactionKind.SETTLEMENT, -total)

    async def list_transactions(self, since: datetime | None, after: str, limit: int) -> TransactionPage | Outcome:
        if self._draw("list_transactions") is not None:
            return Unknown("ReadTimeout")
        wanted = [one for one in reversed(self.transactions) if since is None or one.created_at >= since]
        if after:
            wanted = wanted[[one.id for one in wanted].index(after) + 1 :]
        return TransactionPage(tuple(wanted[:limit]), len(wanted) > limit)

    async def refund(self, key: str, operation_id: UUID, order: RefundOrder) -> Outcome:
        def effect() -> Outcome:
            intent = self.intents[order.psp_payment_id]
            left = intent.captured_minor - self.refunded_minor(intent.id)
            if order.amount.amount_minor > left:
                return Declined("amount_too_large" if left else "charge_already_refunded")
            made = self.make_refund(operation_id, order.refund_id, intent.id, order.amount)
            self.lists(TransactionKind.REFUND, -order.amount, source_id=made.psp_refund_id, parent_id=intent.id)
            return Succeeded(made.psp_refund_id, refund=made)

        return await self._once("refund", key, effect)

    async def submit_evidence(self, key: str, operation_id: UUID, order: EvidenceOrder) -> Outcome:
        def effect() -> Outcome:
            dispute = self.disputes[order.psp_dispute_id]
            if dispute.status is DisputeStatus.NEEDS_RESPONSE:
                self.dispute_ends(dispute.psp_dispute_id, DisputeStatus.UNDER_REVIEW)
            elif dispute.status is not DisputeStatus.INQUIRY:
                return Declined("dispute_evidence_already_submitted")
            self.dispute_operations[operation_id] = dispute.psp_dispute_id
            return Succeeded(dispute.psp_dispute_id, dispute=self.disputes[dispute.psp_dispute_id])

        return await self._once("submit_evidence", key, effect)

    async def accept_dispute(self, key: str, order: AcceptDisputeOrder) -> Outcome:
        def effect() -> Outcome:
            dispute = self.disputes[order.psp_dispute_id]
            if not dispute.status.is_over:
                is_inquiry = dispute.status is DisputeStatus.INQUIRY
                self.dispute_ends(dispute.psp_dispute_id, DisputeStatus.CLOSED if is_inquiry else DisputeStatus.LOST)
            return Succeeded(dispute.psp_dispute_id, dispute=self.disputes[dispute.psp_dispute_id])

        return await self._once("accept_dispute", key, effect)

    async def look_up(self, operation: Operation) -> Outcome | None:
        if isinstance(operation.order, PayoutOrder):
            return self.look_up_payout(operation, operation.order)
        return self._look_up(operation)

    def _look_up(self, operation: Operation) -> Outcome | None:
        order = operation.order
        match order:
            case HoldOrder() | ChargeOrder():
                found = [intent for intent in self.intents.values() if intent.operation_id == operation.id]
                return Succeeded(found[0].id) if found else None
            case IncrementOrder() | CaptureOrder() | VoidOrder():
                return _as_it_stands(self.intents[order.psp_payment_id], order)
            case SetUpCardOrder() | FinishCardSetupOrder() if operation.psp_object_id:
                return self.setups[operation.psp_object_id]
            case RefundOrder():
                name = self.refund_operations.get(operation.id)
                return None if name is None else Succeeded(name, refund=self.refunds[name])
            case EvidenceOrder() | AcceptDisputeOrder():
                dispute = self.disputes[order.psp_dispute_id]
                submitted = operation.id in self.dispute_operations
                done = submitted if isinstance(order, EvidenceOrder) else dispute.status.is_over
                return Succeeded(dispute.psp_dispute_id, dispute=dispute) if done else None
            case _:
                return Unknown("leaves_no_trace")

    def _card(self, token: str) -> Card:
        card_id = f"pm_{self.prefix}_{len(self._cards) + 1}"
        self._cards[card_id] = token
        brand, last_digits = (GOOD | ASKS_HOLDER_AT_SETUP).get(token, ("visa", "0341"))
        return Card(card_id, brand, last_digits, 12, 2040)

    def _set_up(self, psp_setup_id: str, token: str) -> Outcome:
        return Succeeded(psp_setup_id, self._card(token))

    def _name(self, kind: str, number: int) -> str:
        return f"{kind}_{self.prefix}_{number}"

    def _intent(self, operation_id: UUID, order: HoldOrder | ChargeOrder, ride_id: UUID | None) -> Outcome:
        if order.psp_card_id in self._detached:
            return Declined("invalid_request")
        refusal = DECLINES_WHEN_CHARGED.get(self._cards[order.psp_card_id])
        if self.decline_charges and isinstance(order, ChargeOrder):
            refusal = "insufficient_funds"
        if refusal:
            return Declined(refusal)
        intent = Intent(f"pi_{self.prefix}_{len(self.intents) + 1}", operation_id, ride_id, order.amount.amount_minor)
        self.intents[intent.id] = intent
        return Succeeded(intent.id)

    async def _once(self, method: str, key: str, effect: Callable[[], Outcome]) -> Outcome:
        fault = self._draw(method)
        if self.gate is not None:
            self.asked.set()
            await self.gate.wait()
        if fault is Fault.NOT_CONNECTED:
            return NotSent("refused")
        self.calls.append((method, key))
        if fault is Fault.TIMEOUT_BEFORE_EFFECT:
            return Unknown("ReadTimeout")
        answer = self._answers.get(key)
        if answer is None and method in self.refuses:
            answer = self._answers[key] = Declined(self.refuses[method])
        elif answer is None:
            answer = self._answers[key] = _told(effect, fault)
        elif isinstance(answer, Unknown):
            answer = Unknown(answer.detail, key_is_spent=True)
        if fault is Fault.CALLER_DIES:
            raise CallerDiedError
        return Unknown("ReadTimeout") if fault is Fault.TIMEOUT_AFTER_EFFECT else answer

    def _draw(self, method: str) -> Fault | None:
        for index, (named, fault) in enumerate(self.faults):
            if named == method:
                del self.faults[index]
                return fault
        return None


def _asked(psp_setup_id: str) -> Outcome:
    return ActionRequired(psp_setup_id, HolderAction("use_stripe_sdk", f"{psp_setup_id}_secret"))


def _as_it_stands(intent: Intent, order: IncrementOrder | CaptureOrder | VoidOrder) -> Outcome | None:
    match order:
        case IncrementOrder():
            done, refusal = intent.amount_minor == order.amount.amount_minor, "hold_released" if intent.voided else ""
        case CaptureOrder():
            done, refusal = bool(intent.captures), "hold_released" if intent.voided else ""
        case VoidOrder():
            done, refusal = intent.voided, "already_captured" if intent.captures else ""
    if refusal:
        return Declined(refusal)
    return Succeeded(intent.id) if done else None


def _told(effect: Callable[[], Outcome], fault: Fault | None) -> Outcome:
    error = Unknown("http_500")
    if fault is Fault.ERROR_BEFORE_EFFECT:
        return error
    outcome = effect()
    if fault is Fault.PENDING and isinstance(outcome, Succeeded):
        return Pending(outcome.psp_object_id)
    return error if fault is Fault.ERROR_AFTER_EFFECT else outcome
