"""Pay the driver of a ride a tip, once a ride."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.charge import charge_total
from payment_service.domain.events import ChargeCollected, ChargeDeclined
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.rider_limits import RiderLimits
from payment_service.use_cases.answers import PaymentAnswer
from payment_service.use_cases.charge_now import card_to_charge, charge_now, payment_told
from payment_service.use_cases.conclusions.charges import charge_entry
from payment_service.use_cases.mutate import Join, Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.rider_accounts import wallet_account
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import AlreadyExists, Conflict, NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


class AddTip:
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

    async def __call__(self, request: RequestKey, rider_id: UUID, ride_id: UUID, amount: Money) -> Payment:
        """Return the tip's payment: captured, declined (another may be tried), or pending while unknown.

        Raises:
            NotFound: `payment_not_found` (also for a ride of another rider), `payment_method_not_found`.
            InvalidInput: `invalid_amount`, `currency_mismatch`.
            Conflict: `not_captured`, `cash_tip_not_taken`, `tip_window_over`.
            AlreadyExists: `tip_exists`, the ride has a tip of another amount.
        """

        async def begin(work: Work) -> Step:
            # Its lock parts two tips of one ride.
            ride = await work.payments.lock_of_ride(ride_id)
            if ride is None or ride.rider_id != rider_id:
                raise NotFound("payment_not_found", "there is no payment for this ride")
            standing = await work.payments.tip_of_ride(ride_id)
            if standing is not None:
                return await self._join(work, standing, amount)
            self._refuse(ride, amount)
            payment = Payment.begin(
                self._ids(),
                Purpose.TIP,
                ride.funding,
                rider_id,
                amount,
                self._clock.now(),
                ride_id=ride_id,
                payment_method_id=ride.payment_method_id,
                driver_id=ride.driver_id,
            )
            if payment.funding is Funding.WALLET:
                return await self._from_wallet(work, payment)
            method = await card_to_charge(work, rider_id, payment.payment_method_id)
            await work.payments.insert(payment)
            return await charge_now(work, payment, method, self._clock.now(), self._settle.lease_seconds, self._ids)

        return await payment_told(self._store, request, await self._mutate(request, begin))

    def _refuse(self, ride: Payment, amount: Money) -> None:
        if ride.status is not PaymentStatus.CAPTURED or ride.captured_at is None or ride.lines is None:
            raise Conflict("not_captured", "a tip follows the ride's charge")
        if ride.funding is Funding.CASH:
            raise Conflict("cash_tip_not_taken", "the ride was paid in cash: so is its tip")
        self._limits.refuse_tip(amount, charge_total(ride.lines), ride.captured_at, self._clock.now())

    async def _join(self, work: Work, standing: Payment, amount: Money) -> Step:
        if (standing.currency_code, standing.requested_minor) != (amount.currency_code, amount.amount_minor):
            raise AlreadyExists("tip_exists", "the ride has a tip of another amount")
        operation = await work.operations.open_of(standing.id)
        return PaymentAnswer(standing) if operation is None else Join(operation.id)

    async def _from_wallet(self, work: Work, payment: Payment) -> PaymentAnswer:
        now, wallet = self._clock.now(), wallet_account(payment)
        amount = Money(payment.currency_code, payment.requested_minor)
        balance = (await work.ledger.lock(wallet, currency_code=amount.currency_code))[wallet]
        if balance.available < amount:
            payment = payment.declined_at_once("insufficient_funds")
            await work.payments.insert(payment)
            await work.tell(ChargeDeclined(payment), now)
            return PaymentAnswer(payment)
        payment = payment.charged_at_once(now)
        await work.payments.insert(payment)
        await work.ledger.post(charge_entry(payment, wallet, self._ids(), now))
        await work.tell(ChargeCollected(payment), now)
        return PaymentAnswer(payment)
