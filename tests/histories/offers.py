"""A ride that is offered to three drivers: accepted, declined, canceled and read at once, by two replicas.

The model is who has the ride: the first of those whose offer is open to accept, until the rider cancels. Whoever
accepted is told so again; everybody else is told no. Who declined, or came too late, has no offer any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, cast

from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.dispatch_ports import OfferOutcome
from shared_kernel.errors import Conflict, DomainError
from tests.fakes.matching_stage import Stage
from tests.histories.checker import Model, Operation
from tests.histories.record import History
from tests.races.ground import Lane, WrongError
from tests.races.jitter import a_head_start

_ACCEPT, _DECLINE, _CANCEL, _READ = "accept", "decline", "cancel", "read"
_OPEN, _CLOSED, _HAS_IT = "open", "closed", "has it"
_YES, _NO = "yes", "no"
_LOST_SHARE = 0.1
_DRIVERS = 3

State = tuple[bool, tuple[str, ...]]
"""Whether the rider canceled, and how each driver's offer stands."""


def _step(state: State, operation: Operation) -> tuple[Hashable, State]:
    canceled, offers = state
    what, driver = cast("tuple[str, int]", operation.what)
    if what == _READ:
        free = _HAS_IT not in offers
        return ("canceled" if canceled else "free" if free else f"driver {offers.index(_HAS_IT)}"), state
    if what == _CANCEL:
        return _YES, (True, tuple(_CLOSED if offer == _OPEN else offer for offer in offers))
    if what == _DECLINE:
        if offers[driver] == _HAS_IT:
            return _NO, state
        return _YES, (canceled, (*offers[:driver], _CLOSED, *offers[driver + 1 :]))
    if offers[driver] == _OPEN:
        taken = tuple(_HAS_IT if at == driver else _CLOSED for at in range(len(offers)))
        return _YES, (canceled, taken)
    return (_YES if offers[driver] == _HAS_IT else _NO), state


OFFERS: Model[State] = Model((False, (_OPEN,) * _DRIVERS), _step)


async def play(lane: Lane, accepts: int) -> History:
    """Offer a ride to three drivers, and let everybody act at once; each driver's phone accepts so many times."""
    await lane.begin()
    ride, offers = await _broadcast(lane)
    history = History(lane.chance)
    keys = [lane.key() for _ in range(_DRIVERS)]
    cancel_key = lane.key()

    def replica() -> Stage:
        return lane.chance.choice((lane.one, lane.other))

    async def act(what: str, driver: int, call: Callable[[], Awaitable[Any]], lost_share: float) -> None:
        await a_head_start(lane.chance)
        await a_head_start(lane.chance)
        await history.ask((what, driver), call(), _answer_of, lost_share)

    acts: list[Awaitable[None]] = []
    for driver, offer in enumerate(offers):
        for number in range(accepts):
            # Half of them come again with the key of the first.
            key = keys[driver] if number % 2 == 0 else lane.key()
            acts.append(
                act(_ACCEPT, driver, _bound(replica().accept, key, lane.drivers[driver], offer.id), _LOST_SHARE)
            )
    decliner = lane.chance.randrange(_DRIVERS)
    acts.append(
        act(
            _DECLINE,
            decliner,
            _bound(replica().decline, lane.key(), lane.drivers[decliner], offers[decliner].id),
            _LOST_SHARE,
        )
    )
    if lane.chance.random() < 0.5:
        # The same request twice: whoever is first, both are told yes.
        acts += [
            act(_CANCEL, 0, _bound(replica().cancel, cancel_key, ride.rider_id, ride.id, "", ""), 0.0) for _ in range(2)
        ]
    acts += [act(_READ, 0, _bound(_look, lane, replica(), ride), 0.0) for _ in range(3)]
    lane.chance.shuffle(acts)
    await asyncio.gather(*acts)
    await act(_READ, 0, _bound(_look, lane, lane.one, ride), 0.0)
    return history


async def _broadcast(lane: Lane) -> tuple[Ride, Sequence[Offer]]:
    ride = await lane.ride()
    made: list[Offer] = []
    for slot, driver_id in enumerate(lane.drivers[:_DRIVERS], start=1):
        proposal = replace(await lane.proposal(ride, driver_id), slot=slot)
        [outcome] = await lane.one.offers.make_offers([proposal])
        offer = await lane.one.reader.open_offer(driver_id)
        if outcome is not OfferOutcome.OFFERED or offer is None:
            raise WrongError(f"a ride that waits and a driver who is free were not brought together: {outcome}")
        made.append(offer)
    return ride, made


def _bound(call: Callable[..., Awaitable[Any]], *arguments: Any) -> Callable[[], Awaitable[Any]]:
    return lambda: call(*arguments)


async def _look(lane: Lane, replica: Stage, ride: Ride) -> str:
    now = await replica.now(ride)
    if now.state is RideState.CANCELED_BY_RIDER:
        return "canceled"
    if now.driver is None or now.state is not RideState.DRIVER_EN_ROUTE:
        return "free"
    return f"driver {lane.drivers.index(now.driver.driver_id)}"


def _answer_of(told: Any) -> Hashable:
    match told:
        case Conflict():
            return _NO
        case DomainError() if told.retryable:
            return None
        case str():
            return told
        case Ride() | Offer():
            return _YES
        case _:
            return repr(told)
