"""Ask for the ride of a quote, and place the hold on its fare."""

from __future__ import annotations

import hmac
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from matching_service.domain.city import CityPolicy
from matching_service.domain.delivery import Delivery, DeliveryOrder
from matching_service.domain.events import RideRequested, RideScheduled
from matching_service.domain.quote import Quote
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.run import Sharing
from matching_service.domain.schedule import Schedule
from matching_service.domain.stops import Stop
from matching_service.domain.terms import Funding, RideTerms
from matching_service.use_cases.advance_saga import AdvanceSaga
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.dispatch_ports import QuoteStore
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.service_ports import Accounts
from matching_service.use_cases.steps import ride_of_answer
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput, NotFound
from shared_kernel.ids import IdSource

HOLD_SECONDS = 2.5
"""How long the rider waits for the hold's outcome; the saga's sweep goes on after that."""
NAME_SECONDS = 0.5
"""How long the ride waits for the rider's first name; it goes on without it after that."""
_NO_SUCH_CARD = "payment_method_not_found"


@dataclass(frozen=True, slots=True)
class PaidBy:
    """How the rider pays: with a card that is named, from the wallet, or in cash."""

    funding: Funding
    payment_method_id: UUID | None = None

    @classmethod
    def card(cls, payment_method_id: UUID) -> PaidBy:
        """Pay with a card."""
        return cls(Funding.CARD, payment_method_id)


@dataclass(frozen=True, slots=True)
class RequestRide:
    """RequestRide: quote → ride, hold, MATCHING. The ride is kept before the money is asked for."""

    store: Store
    reader: RideReader
    quotes: QuoteStore
    accounts: Accounts
    saga: AdvanceSaga
    cities: Cities
    clock: Clock
    new_id: IdSource
    pins: random.Random
    hold_seconds: float = HOLD_SECONDS
    name_seconds: float = NAME_SECONDS

    async def __call__(
        self,
        request_id: str,
        rider_id: UUID,
        quote_id: UUID,
        paid_by: PaidBy,
        note: str,
        order: DeliveryOrder | None = None,
        surge_consent_token: str = "",
        accepted_detour_seconds: int = 0,
        *,
        asked_by: UUID | None = None,
    ) -> Ride:
        """Return the ride: MATCHING, or still REQUESTED when the hold's outcome is not known in time.

        A ride that is asked for ahead is SCHEDULED, and nothing is held yet. The key is the rider's own, or that of who
        asked for them.

        Raises:
            NotFound: `quote_not_found`, or `payment_method_not_found` (the ride is kept as after a decline).
            InvalidInput: `cash_required` (of who asks for somebody else), `order_required`, `order_not_taken`: an order
                goes with a delivery, and with nothing else.
            Conflict: `too_many_scheduled`, `schedule_overlap` (another ride is at that time), `quote_expired`,
                `quote_used`, `active_ride`, `cash_not_accepted`, `surge_consent_required` (the quote has a token that
                was not brought back), `detour_not_accepted` (of a pooled quote, which says how much longer the ride may
                become), `promotion_used_up` (another ride took the last use since the quote),
                `promotion_first_ride_only`, or `payment_declined` (the ride is kept as PAYMENT_FAILED, its id is in the
                metadata). The same key raises the same decline again.
        """
        if asked_by not in (None, rider_id) and paid_by.funding is not Funding.CASH:
            violation = FieldViolation("funding", "must be cash: nobody pays with what is somebody else's")
            raise InvalidInput("cash_required", "a ride booked for somebody is paid in cash", violations=[violation])
        source = str(paid_by.payment_method_id or paid_by.funding)
        consent = (surge_consent_token,) if surge_consent_token else ()
        fields = (str(quote_id), source, note, *_fields(order, accepted_detour_seconds), *consent)
        request = RequestKey(asked_by or rider_id, "RequestRide", request_id, fields)
        quote = await self._quote(quote_id, rider_id)
        policy = None if isinstance(quote, NotFound) else await self._policy(quote)
        rider_name = await self.accounts.first_name(rider_id, self.name_seconds)
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is not None:
                ride = await ride_of_answer(tx, answer)
            elif isinstance(quote, NotFound):
                raise quote
            elif policy is None:
                raise Conflict("quote_expired", "the price is no longer promised; ask for a new quote")
            elif paid_by.funding is Funding.CASH and not policy.cash_accepted:
                raise Conflict("cash_not_accepted", "rides are not paid in cash here")
            elif quote.surge_consent_token and not _same(quote.surge_consent_token, surge_consent_token):
                raise _surge_consent_required(quote)
            elif accepted_detour_seconds < (quote.max_detour_seconds or 0):
                raise _detour_not_accepted(quote.max_detour_seconds or 0)
            else:
                ride = self._ride(quote, policy, paid_by, rider_name, note, order)
                if ride.schedule is not None and await tx.scheduled_count(rider_id) >= policy.schedule.max_rides:
                    raise Conflict("too_many_scheduled", f"no more than {policy.schedule.max_rides} rides at a time")
                await tx.add_ride(ride)
                told = RideRequested if ride.schedule is None else RideScheduled
                await tx.tell(told(ride, ride.requested_at))
                await tx.complete(ride.id.bytes)
        if answer is None and ride.payment_state is PaymentState.HOLD_PENDING:
            # Without a transaction: the call to payment_service may take its time, and its outcome may stay unknown.
            await self.saga.hold_now(ride, self.hold_seconds)
            ride = await self.reader.ride(ride.id, rider_id=rider_id) or ride
        if ride.state is RideState.PAYMENT_FAILED and ride.reason == _NO_SUCH_CARD:
            # Told as what it is: to a client a decline means another card, this a wrong id.
            raise NotFound(_NO_SUCH_CARD, "there is no such card", metadata={"ride_id": str(ride.id)})
        if ride.state is RideState.PAYMENT_FAILED:
            raise Conflict(
                "payment_declined",
                "the payment was declined",
                metadata={"ride_id": str(ride.id), "decline_reason": ride.reason},
            )
        return ride

    async def _quote(self, quote_id: UUID, rider_id: UUID) -> Quote | NotFound:
        # The key is judged first: repeated after the quote is gone it gives the ride, with other fields it is reused.
        try:
            return await self.quotes.get(quote_id, rider_id)
        except NotFound as error:
            return error

    async def _policy(self, quote: Quote) -> CityPolicy | None:
        """Return the policy that the quote was made by: what it promised holds, whatever is in force by now."""
        if quote.policy_version == 0:
            return (await self.cities.in_force()).of(quote.city, quote.pickup.point)
        return await self.cities.version(quote.city, quote.policy_version)

    def _ride(
        self,
        quote: Quote,
        policy: CityPolicy,
        paid_by: PaidBy,
        rider_name: str,
        note: str,
        order: DeliveryOrder | None,
    ) -> Ride:
        product = policy.products.get(quote.product)
        kind = RideKind.PRIVATE if product is None else product.kind
        _check_order(kind, order)
        quoted_at = (quote.expires_at - timedelta(seconds=policy.quote_seconds)).timestamp()
        terms = RideTerms.of(policy, quote.product, quote.surge_permille)
        terms = replace(terms, discount=quote.discount, quoted_at=quoted_at)
        if product is not None and product.return_fee is not None:
            terms = replace(terms, return_fee_minor=product.return_fee.amount_minor)
        return Ride.requested(
            self.new_id(),
            quote,
            terms,
            funding=paid_by.funding,
            payment_method_id=paid_by.payment_method_id,
            start_pin=self._pin(),
            rider_name=rider_name,
            note=note,
            now=self.clock.now(),
            stops=tuple(Stop(self.new_id(), place) for place in quote.stops),
            kind=kind,
            sharing=None if product is None else Sharing.of(product, quote.trip_eta_seconds),
            delivery=None if order is None else Delivery(order, self._pin()),
            schedule=None if quote.pickup_at is None else Schedule.of(quote.pickup_at, policy.schedule),
        )

    def _pin(self) -> str:
        return f"{self.pins.randrange(10_000):04d}"


def _detour_not_accepted(seconds: int) -> Conflict:
    return Conflict(
        "detour_not_accepted",
        f"others may make the ride up to {seconds} s longer: say that they may",
        metadata={"max_detour_seconds": str(seconds)},
    )


def _fields(order: DeliveryOrder | None, accepted_detour_seconds: int) -> tuple[str, ...]:
    if order is None:
        return (f"detour {accepted_detour_seconds}",) if accepted_detour_seconds else ()
    return (
        order.shop_name,
        order.shop_phone,
        order.order_reference,
        order.recipient_name,
        order.recipient_phone,
        order.items,
        order.size.value,
        " ".join(sorted(order.capabilities)),
        str(order.pickup_code_required),
        order.proof_required.value,
    )


def _check_order(kind: RideKind, order: DeliveryOrder | None) -> None:
    if kind is RideKind.DELIVERY and order is None:
        violation = FieldViolation("delivery", "says what is carried; a delivery cannot do without")
        raise InvalidInput("order_required", "the product is a delivery", violations=[violation])
    if kind is not RideKind.DELIVERY and order is not None:
        violation = FieldViolation("delivery", "is for products of the kind delivery alone")
        raise InvalidInput("order_not_taken", "the product carries persons", violations=[violation])


def _surge_consent_required(quote: Quote) -> Conflict:
    return Conflict(
        "surge_consent_required",
        "this price is much raised by demand: ask the rider, and hand the quote's surge_consent_token over",
        metadata={"quote_id": str(quote.id), "surge_permille": str(quote.surge_permille)},
    )


def _same(token: str, given: str) -> bool:
    return hmac.compare_digest(token.encode(), given.encode())
