"""Propose rides to drivers, as dispatch chose."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from matching_service.domain import ride_search
from matching_service.domain.events import OfferCreated
from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.store_ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource

MAX_CONCURRENT = 4


class _DriverTakenError(Exception):
    """Rolls the offer back."""


@dataclass(frozen=True, slots=True)
class MakeOffers:
    """Opens offers, one short transaction each; a race that is lost is an outcome."""

    store: Store
    clock: Clock
    new_id: IdSource

    async def make_offers(self, proposals: Sequence[Proposal]) -> list[OfferOutcome]:
        """Open one offer a proposal where the database allows it; one outcome a proposal, in its order."""
        gate = asyncio.Semaphore(MAX_CONCURRENT)

        async def within_gate(proposal: Proposal) -> OfferOutcome:
            async with gate:
                return await self._make(proposal)

        outcomes = await asyncio.gather(*map(within_gate, proposals), return_exceptions=True)
        made: list[OfferOutcome] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            made.append(outcome)
        return made

    async def _make(self, proposal: Proposal) -> OfferOutcome:
        try:
            async with self.store.transaction() as tx:
                ride = await tx.lock_ride(proposal.ride_id)
                if ride is None or not await _stands(tx, ride, proposal):
                    return OfferOutcome.RIDE_GONE
                # From here to the commit nobody can take the shard over: who was stopped after choosing, and wakes up
                # when another matcher has it, proposes nothing.
                if await tx.keep_fence(ride.id) != proposal.fence:
                    return OfferOutcome.FENCED
                await self._offer(tx, ride, proposal)
        except _DriverTakenError:
            return OfferOutcome.DRIVER_TAKEN
        except Conflict as error:
            return OfferOutcome.RIDE_GONE if error.reason == "ride_offered" else OfferOutcome.DRIVER_TAKEN
        return OfferOutcome.OFFERED

    async def _offer(self, tx: Transaction, ride: Ride, proposal: Proposal) -> None:
        now = self.clock.now()
        offer = Offer(
            id=self.new_id(),
            ride_id=ride.id,
            driver_id=proposal.driver_id,
            state=OfferState.OPEN,
            created_at=now,
            expires_at=now + timedelta(seconds=ride.terms.offer_seconds),
            pickup_eta_seconds=proposal.pickup_eta_seconds,
            cost=proposal.cost,
            pickup=ride.pickup,
            dropoff=ride.dropoff,
            distance_meters=ride.distance_meters,
            earnings=ride.terms.earnings(ride.fare),
            funding=ride.funding,
            stops=tuple(stop.place for stop in ride.stops),
            passengers=ride.passengers,
            pickup_at=None if ride.schedule is None else ride.schedule.pickup_at,
            kind=ride.kind,
            order=ride.delivery.order.without_phones() if ride.delivery else None,
            slot=proposal.slot,
            run_id=proposal.run_id,
            plan=proposal.plan,
        )
        # First the insert, which waits for whoever closes the driver's former offer, and only then the shift: a driver
        # who goes offline locks in that order, too, and the other way round the two would wait for each other.
        await tx.add_offer(offer)
        shift = await tx.keep_shift_open(proposal.driver_id)
        excluded = await tx.excluded_for(ride.id, proposal.driver_id)
        if shift is None or not shift.takes_offers or excluded is not None:
            raise _DriverTakenError
        # An account may ride and drive: what it drives itself it would be paid for, and get the promotion of.
        if proposal.driver_id == ride.rider_id:
            raise _DriverTakenError
        if ride.funding is Funding.CASH and not await tx.may_take_cash(
            proposal.driver_id, ride.fare.total.currency_code
        ):
            raise _DriverTakenError
        if ride.delivery is not None and not ride.delivery.order.needs <= shift.capabilities:
            raise _DriverTakenError
        # The insert may have waited for an accept of the former offer, whose ride can only now be seen.
        if await tx.live_ride_id_of_driver(proposal.driver_id) is not None and not await _may_join(tx, ride, proposal):
            raise _DriverTakenError
        # The offer of a swap leaves the ride with its driver until it is accepted; one of a broadcast joins the others.
        offered = ride_search.offered(ride, now) if ride.state is RideState.MATCHING else ride.told()
        await tx.save_ride(ride, offered)
        await tx.tell(OfferCreated(offer, offered.version, now))


async def _stands(tx: Transaction, ride: Ride, proposal: Proposal) -> bool:
    """Whether the ride is still as dispatch saw it.

    It waits, or is offered by the same broadcast, or has the driver on the way who is to be replaced.
    """
    if proposal.instead_of is None:
        if ride.state is RideState.OFFERED and proposal.slot:
            return all(offer.slot for offer in await tx.open_offers_of_ride(ride.id))
        return ride.state is RideState.MATCHING
    if ride.state is not RideState.DRIVER_EN_ROUTE or ride.sharing is not None or ride.driver is None:
        return False
    return ride.driver.driver_id == proposal.instead_of


async def _may_join(tx: Transaction, ride: Ride, proposal: Proposal) -> bool:
    """Tell whether the driver's run is the one that a pooled ride was planned into, and has room.

    A party that came along since the tick looked is not in its plan, and nobody would be sent to it any more.
    """
    if ride.sharing is None or proposal.run_id is None:
        return False
    view = await tx.run_of(proposal.driver_id)
    if view is None or view.run.id != proposal.run_id or not view.has_room_for(ride.sharing):
        return False
    return {each.ride_id for each in view.rides} <= {stop.ride_id for stop in proposal.plan}
