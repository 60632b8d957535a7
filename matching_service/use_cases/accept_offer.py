"""A driver takes the ride of an offer, in time or a little late.

A phone may be slow. Within the grace of the city's policy an accept still counts, if the ride looks for a driver as the
driver was shown it, and nobody else was asked. The ride's lock tells, and the unique indexes judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.events import OfferCreated, RideAssigned, RideDriverSwapped
from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import DriverFacts
from matching_service.domain.terms import Funding
from matching_service.use_cases.going_offline import keep_shift
from matching_service.use_cases.join_run import join_run
from matching_service.use_cases.steps import driven_ride_of_answer, let_driver_go, ride_not_found, withdraw_offers
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.ids import IdSource


def offer_not_found() -> NotFound:
    """Make the refusal for an offer that does not exist or was made to somebody else."""
    return NotFound("offer_not_found", "there is no such offer")


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """AcceptOffer: binds the ride to the driver, if the offer is open, or its time not long over and the ride free.

    A ride with a driver on the way (the offer was of a swap) changes over from that one to this one.
    """

    store: Store
    clock: Clock
    new_id: IdSource

    async def __call__(self, request_id: str, driver_id: UUID, offer_id: UUID) -> Ride:
        """Return the ride, now the driver's; accepted before by the same driver: the ride as it stands.

        Raises:
            NotFound: `offer_not_found`.
            Conflict: `offer_taken`, `offer_expired`, `offer_withdrawn`, `offer_declined`, `active_ride`,
                `cash_not_allowed`, `run_full`.
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "AcceptOffer", request_id, (str(offer_id),)))
            if answer is not None:
                return await driven_ride_of_answer(tx, answer, driver_id)
            ride = await self._accept(tx, driver_id, offer_id)
            await tx.complete(ride.id.bytes)
            return ride

    async def _accept(self, tx: Transaction, driver_id: UUID, offer_id: UUID) -> Ride:
        seen = await tx.find_offer(offer_id, driver_id)
        before = None if seen is None else await tx.lock_ride(seen.ride_id)
        # Again, under the ride's lock: it may have been closed meanwhile.
        offer = None if seen is None else await tx.find_offer(offer_id, driver_id)
        if offer is None:
            raise offer_not_found()
        if before is None:
            raise ride_not_found()
        now = self.clock.now()
        self._refuse(offer, before)
        if offer.state is OfferState.ACCEPTED:
            return before
        late = offer.is_due(now) or offer.state is OfferState.EXPIRED
        if late:
            await _refuse_unless_free(tx, offer, before, now)
        # Before the shift, as whoever ends a ride of the run does it.
        view = None if before.sharing is None else await tx.lock_run(driver_id)
        shift = await tx.lock_shift(driver_id)
        if shift is None:
            raise Conflict("offer_withdrawn", "the driver is offline")
        if offer.funding is Funding.CASH and not await tx.may_take_cash(driver_id, offer.earnings.currency_code):
            raise Conflict("cash_not_allowed", "the driver owes too much to take a ride that is paid in cash")
        if late and (not shift.takes_offers or await _is_asked_elsewhere(tx, offer)):
            # An open offer keeps a driver from a break; who is on one since has said no to all that was before it.
            raise _expired()
        was_swept = offer.state is OfferState.EXPIRED
        accepted = offer.accepted_late(now) if was_swept else offer.closed(OfferState.ACCEPTED, now)
        await keep_shift(tx, shift, shift.bound(), self.clock)
        await tx.count_answer(driver_id, accepted=True)
        if before.state is RideState.DRIVER_EN_ROUTE and before.driver is not None:
            return await self._swap(tx, before, before.driver.driver_id, shift.driver, accepted, now)
        if was_swept:
            await tx.take_up_offer(accepted)
            # It looked for a driver since: as the table of states has it, it is offered and then assigned.
            offered = ride_search.offered(before, now)
            await tx.save_ride(before, offered)
            # Every version of a ride is told; this offer's news is too old to be shown to anybody.
            await tx.tell(OfferCreated(offer, offered.version, now))
            before = offered
        else:
            await tx.save_offer(accepted)
        told = before
        if offer.slot:
            # Of a broadcast: the first to accept has the ride, and the others learn it with the same commit.
            told, _ = await withdraw_offers(tx, before, now, but=offer.id)
        ride = ride_search.assigned(told, shift.driver, offer.pickup_eta_seconds, now)
        if before.sharing is not None:
            ride = await join_run(tx, ride, offer, before.sharing, view, self.new_id, now)
        await tx.save_ride(before, ride)
        await tx.tell(RideAssigned(ride, now))
        return ride

    @staticmethod
    async def _swap(
        tx: Transaction, before: Ride, former_driver_id: UUID, driver: DriverFacts, accepted: Offer, now: datetime
    ) -> Ride:
        """Give the ride to the driver who was asked to come instead, and let the former one go."""
        ride = ride_search.swapped(before, driver, accepted.pickup_eta_seconds, now)
        await tx.save_ride(before, ride)
        # After it: only now is the former driver's offer no longer the ride's accepted one.
        await tx.save_offer(accepted)
        await tx.tell(RideDriverSwapped(ride, now, former_driver_id))
        await let_driver_go(tx, former_driver_id, now)
        return ride

    @staticmethod
    def _refuse(offer: Offer, ride: Ride) -> None:
        bound_to = ride.driver.driver_id if ride.driver is not None else None
        if offer.state is OfferState.ACCEPTED:
            if bound_to != offer.driver_id:
                raise Conflict("offer_withdrawn", "the ride was given back")
        elif offer.state is not OfferState.OPEN:
            if ride.has_driver and bound_to != offer.driver_id:
                raise Conflict("offer_taken", "another driver has the ride", metadata={"offer_state": offer.state})
            if offer.state is not OfferState.EXPIRED:
                offer.refuse_unless_open()


def _expired() -> Conflict:
    return Conflict("offer_expired", "the time to answer is over")


async def _refuse_unless_free(tx: Transaction, offer: Offer, ride: Ride, now: datetime) -> None:
    """Refuse a late accept where somebody may have counted on it to be over: the offer of a swap, a place in a run."""
    looking = RideState.MATCHING if offer.state is OfferState.EXPIRED else RideState.OFFERED
    if offer.is_over(now, ride.terms.late_accept_seconds) or ride.state is not looking or ride.sharing is not None:
        raise _expired()
    # What the driver says yes to is no longer the ride. (An edit withdraws an offer that is open.)
    if await tx.was_edited(ride.id, offer.created_at):
        raise _expired()


async def _is_asked_elsewhere(tx: Transaction, offer: Offer) -> bool:
    """Tell, under the lock of the driver's shift, which whoever makes an offer waits for."""
    other = await tx.open_offer_of_driver(offer.driver_id)
    return other is not None and other.id != offer.id
