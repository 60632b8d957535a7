"""Hold an amount for a ride: at most one hold a ride, whatever the request keys."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.amounts import refuse_nothing
from payment_service.domain.events import HoldDeclined, HoldPlaced
from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.operation import Operation
from payment_service.domain.orders import HoldOrder
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_method import PaymentMethod
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.rider_limits import RiderLimits
from payment_service.use_cases.answers import PaymentAnswer
from payment_service.use_cases.mutate import Join, Mutate, Step, UnresolvedError, payment_after
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.rider_accounts import credit_account, wallet_account
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import AlreadyExists, Conflict, NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money, charge_step


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What is asked for; a card must be the rider's, and is named where the funding is a card."""

    ride_id: UUID
    rider_id: UUID
    funding: Funding
    payment_method_id: UUID | None
    amount: Money


class PlaceHold:
    """The use case."""

    def __init__(
        self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource, limits: RiderLimits
    ) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def __call__(self, request: RequestKey, hold: HoldRequest) -> Payment:
        """Return the payment: held, declined, or pending while the outcome is unknown.

        The rider's granted credit is set aside first; card, wallet or cash has to hold the rest.

        Raises:
            InvalidInput: `invalid_amount`.
            NotFound: `payment_method_not_found`.
            Conflict: `ride_closed`, the ride was voided before or after its hold; `rider_in_arrears`, the rider owes
                more than the operator allows, and it is not being collected.
            AlreadyExists: `payment_exists`, the ride has a payment with another rider, funding, card or amount.
        """

        # Before anything is looked up: what is wrong with the request is said first.
        refuse_nothing(hold.amount)

        async def begin(work: Work) -> Step:
            standing = await work.payments.lock_of_ride(hold.ride_id)
            if standing is None:
                step = await self._begin(work, hold)
                if step is not None:
                    return step
                standing = await work.payments.lock_of_ride(hold.ride_id)
            return await self._join(work, standing, hold)

        return await payment_after(self._store, request, await self._mutate(request, begin), hold.ride_id)

    async def _begin(self, work: Work, hold: HoldRequest) -> Step | None:
        method = None
        if hold.payment_method_id is not None:
            method = await work.payment_methods.lock(hold.rider_id, hold.payment_method_id)
        payment, declined = await self._funded(work, hold)
        if declined:
            payment = payment.declined_at_once("insufficient_funds")
        elif hold.funding is not Funding.CARD or payment.to_hold.amount_minor == 0:
            payment = payment.held_at_once()
        if not await work.payments.insert(payment):
            return None
        if declined:
            await work.tell(HoldDeclined(payment), self._clock.now())
            return PaymentAnswer(payment)
        if payment.credit_held_minor:
            await work.ledger.hold(credit_account(payment), Money(payment.currency_code, payment.credit_held_minor))
        if payment.status is PaymentStatus.HOLD_PENDING and method is not None:
            return await self._ask(work, payment, method, hold)
        if payment.funding is Funding.WALLET and payment.authorized_minor:
            await work.ledger.hold(wallet_account(payment), payment.to_hold)
        await work.tell(HoldPlaced(payment), self._clock.now())
        return PaymentAnswer(payment)

    async def _funded(self, work: Work, hold: HoldRequest) -> tuple[Payment, bool]:
        credit, wallet, debt = (
            Account(kind, str(hold.rider_id))
            for kind in (AccountKind.RIDER_CREDIT, AccountKind.RIDER_WALLET, AccountKind.RIDER_RECEIVABLE)
        )
        balances = await work.ledger.lock(credit, wallet, debt, currency_code=hold.amount.currency_code)
        # What is being collected does not count: the rider does not have to act on it.
        self._limits.refuse_rider_who_owes(balances[debt].available)
        credit_held_minor = min(balances[credit].available.amount_minor, hold.amount.amount_minor)
        if credit_held_minor < hold.amount.amount_minor:
            # Credit is whatever was granted: what it leaves to the card has to be what a card can be charged.
            credit_held_minor -= credit_held_minor % charge_step(hold.amount.currency_code)
        payment = Payment.begin(
            self._ids(),
            Purpose.RIDE,
            hold.funding,
            hold.rider_id,
            hold.amount,
            self._clock.now(),
            ride_id=hold.ride_id,
            payment_method_id=hold.payment_method_id,
            credit_held_minor=max(0, credit_held_minor),
        )
        return payment, hold.funding is Funding.WALLET and balances[wallet].available < payment.to_hold

    async def _ask(self, work: Work, payment: Payment, method: PaymentMethod, hold: HoldRequest) -> Operation:
        operation = Operation.begin(
            self._ids(),
            HoldOrder(hold.ride_id, method.customer_id, method.psp_card_id, payment.to_hold),
            self._clock.now(),
            self._settle.lease_seconds,
            rider_id=hold.rider_id,
            payment_id=payment.id,
        )
        await work.operations.insert(operation)
        return operation

    async def _join(self, work: Work, standing: Payment | None, hold: HoldRequest) -> Step:
        if standing is None:
            raise NotFound("payment_not_found", "the payment of this ride is gone")
        if standing.status in (PaymentStatus.VOIDED, PaymentStatus.VOID_PENDING):
            raise Conflict(
                "ride_closed", "no payment may follow for this ride", metadata={"ride_id": str(hold.ride_id)}
            )
        if not standing.same_hold(hold.rider_id, hold.funding, hold.payment_method_id, hold.amount):
            raise AlreadyExists("payment_exists", "the ride has a different payment")
        if standing.status.is_pending:
            operation = await work.operations.open_of(standing.id)
            if operation is not None and standing.status is PaymentStatus.HOLD_PENDING:
                return Join(operation.id)
            if operation is not None:
                # A payment under way is no answer to keep: it would be told as pending for ever.
                raise UnresolvedError(operation.id)
        return PaymentAnswer(standing)
