"""Write down why: for each ride of a tick the drivers around it, and what the tick made of them.

Bounded on every side: so many rides a tick, so many drivers a ride, a ride that waits no more often than every ten
seconds, and the rows go after some days. Written after the offers are made, in one statement; where it cannot be
written, the tick is not the worse for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Limits, Pair, Seeker, is_on_the_way
from matching_service.domain.explanation import Candidate, Fate, Trace, Verdict
from matching_service.domain.locations import DriverPosition
from matching_service.use_cases.dispatch_choice import Choice
from matching_service.use_cases.dispatch_picture import Picture
from matching_service.use_cases.explain_ports import Nearest, TraceStore
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError
from shared_kernel.geo import haversine_meters

MAX_RIDES = 300
"""Traced at one tick; those with a choice first."""
NEAREST = 8
"""Drivers told of a ride, besides the one that was chosen."""
SAME_EVERY_SECONDS = 10.0
_MAX_KNOWN = 20_000
_AT_ONCE = frozenset({Fate.OFFERED, Fate.SWAP_OFFERED, Fate.REROUTED})
_FAILED = {
    Fate.CONTENDED: Verdict.CONTENDED,
    Fate.FENCED: Verdict.CONTENDED,
    Fate.DRIVER_TAKEN: Verdict.REFUSED,
    Fate.RIDE_GONE: Verdict.REFUSED,
}


@dataclass(slots=True)
class _Last:
    gist: tuple[object, ...]
    written_at: datetime
    repeats: int = 0


class TraceTicks:
    """The use case; a tick calls it at its end."""

    def __init__(self, store: TraceStore, nearest: Nearest, clock: Clock) -> None:
        self._store = store
        self._nearest = nearest
        self._clock = clock
        self._last: OrderedDict[UUID, _Last] = OrderedDict()

    async def __call__(
        self, picture: Picture, choice: Choice, fates: Mapping[UUID, Fate], unasked: Mapping[UUID, Fate]
    ) -> int:
        """Write down what is new; return how many traces, or -1 when they could not be written.

        Args:
            picture: what the tick saw.
            choice: what it weighed and chose.
            fates: what became of the rides that it made a move for.
            unasked: what kept drivers whom it chose from being asked; of a broadcast others may have been.
        """
        if not picture.seekers:
            return 0
        now = self._clock.now()
        traces = await asyncio.to_thread(traces_of, picture, choice, fates, unasked, self._nearest, now)
        fresh = [trace for trace in map(self._news, traces) if trace is not None]
        if fresh:
            try:
                await self._store.add(fresh)
            except DomainError:
                return -1
        # Only now: what could not be written is news at the next tick as well.
        for trace in fresh:
            self._note(trace)
        return len(fresh)

    def _news(self, trace: Trace) -> Trace | None:
        """Return the trace if it is to be written, with how often the last one was repeated before it."""
        last = self._last.get(trace.ride_id)
        if last is not None and trace.fate not in _AT_ONCE:
            age_seconds = (trace.ticked_at - last.written_at).total_seconds()
            if last.gist == trace.gist or age_seconds < SAME_EVERY_SECONDS:
                last.repeats += 1
                return None
        return replace(trace, repeats=0 if last is None else last.repeats)

    def _note(self, trace: Trace) -> None:
        self._last[trace.ride_id] = _Last(trace.gist, trace.ticked_at)
        self._last.move_to_end(trace.ride_id)
        if len(self._last) > _MAX_KNOWN:
            self._last.popitem(last=False)


def traces_of(
    picture: Picture,
    choice: Choice,
    fates: Mapping[UUID, Fate],
    unasked: Mapping[UUID, Fate],
    nearest: Nearest,
    now: datetime,
) -> list[Trace]:
    """Explain the rides of a tick: those that something was done for, and those that wait."""
    wanted = [place for place, seeker in enumerate(picture.seekers) if seeker.bound is None or seeker.ride_id in fates]
    wanted.sort(key=lambda place: picture.seekers[place].ride_id not in fates)
    wanted = wanted[:MAX_RIDES]
    pickups = [picture.seekers[place].pickup for place in wanted]
    around = nearest.drivers(pickups, picture.snapshot, NEAREST) if picture.snapshot else [[] for _ in wanted]
    telling = _Telling(picture, choice, fates, unasked)
    return [
        telling.trace(place, [picture.snapshot[index] for index in indices], now)
        for place, indices in zip(wanted, around, strict=True)
    ]


class _Telling:
    """What is looked up for every ride of a tick."""

    def __init__(
        self, picture: Picture, choice: Choice, fates: Mapping[UUID, Fate], unasked: Mapping[UUID, Fate]
    ) -> None:
        self._picture = picture
        self._fates = fates
        self._unasked = unasked
        self._cost = {Pair(cost.seeker, cost.driver): cost for cost in choice.weighed}
        self._cost |= choice.cost_by_pair
        moves = choice.moves
        groups = [*moves.reroutes, *moves.broadcasts]
        pairs = [*moves.offers, *moves.swaps, *(pair for group in groups for pair in group)]
        self._drivers: dict[int, list[int]] = {}
        for pair in pairs:
            self._drivers.setdefault(pair.seeker, []).append(pair.driver)
        # What the solver chose counts also where no move came of it: the driver was not free for others.
        self._seeker = {cost.driver: cost.seeker for cost in choice.chosen} | {
            pair.driver: pair.seeker for pair in pairs
        }
        self._awaited = _awaited(picture, choice)
        """By ride that waits: a driver on the way to another one, at the end of a chain of moves."""
        self._limits = Limits(0, 0.0, picture.no_cash_driver_ids, picture.headings)

    def trace(self, place: int, around: Sequence[DriverPosition], now: datetime) -> Trace:
        picture, seeker = self._picture, self._picture.seekers[place]
        chosen = [picture.drivers[driver] for driver in self._drivers.get(place, ())]
        awaited = [picture.drivers[self._awaited[place]]] if place in self._awaited else []
        fate = self._fates.get(seeker.ride_id)
        near = list(around)
        told = {each.driver_id for each in near}
        near += [each for each in (*chosen, *awaited) if each.driver_id not in told]
        candidates = tuple(self._candidate(place, seeker, position) for position in near)
        asked = [each for each in chosen if each.driver_id not in self._unasked] or chosen
        if fate is None:
            could = any(each.cost_seconds is not None for each in candidates)
            fate = Fate.LEFT_OVER if could else Fate.NOBODY
        return Trace(
            ride_id=seeker.ride_id,
            ticked_at=now,
            fate=fate,
            driver_id=asked[0].driver_id if asked else None,
            waited_seconds=int(seeker.waited_seconds),
            drivers_seen=len(picture.snapshot),
            drivers_free=picture.free,
            candidates=candidates,
        )

    def _candidate(self, place: int, seeker: Seeker, position: DriverPosition) -> Candidate:
        driver = self._picture.drivers.place_of(position.driver_id)
        cost = None if driver is None else self._cost.get(Pair(place, driver))
        lost_to: UUID | None = None
        if driver is not None and driver in self._drivers.get(place, ()):
            failed = self._unasked.get(position.driver_id)
            verdict = Verdict.CHOSEN if failed is None else _FAILED[failed]
        elif cost is not None and driver is not None:
            other = self._seeker.get(driver, place)
            if other != place:
                verdict, lost_to = Verdict.LOST, self._picture.seekers[other].ride_id
            elif self._awaited.get(place) == driver:
                verdict = Verdict.AWAITED
            else:
                verdict = Verdict.DEARER if place in self._drivers else Verdict.UNCHOSEN
        else:
            verdict = self._excluded(seeker, position)
        return Candidate(
            position.driver_id,
            round(haversine_meters(position.point, seeker.pickup)),
            verdict,
            *_costs(cost, seeker),
            lost_to_ride_id=lost_to,
        )

    def _excluded(self, seeker: Seeker, position: DriverPosition) -> Verdict:
        """Return what kept the two from being weighed: the first that applies, in the order in which a tick looks."""
        picture, driver_id = self._picture, position.driver_id
        reasons = (
            (Verdict.STALE, position.measured_at < picture.fresh_since),
            (Verdict.BUSY, driver_id in picture.busy),
            (Verdict.OFF_SHIFT, position.shift_key in picture.closed_shifts),
            (Verdict.WRONG_CLASS, position.vehicle_class not in seeker.vehicle_classes),
            (Verdict.NOT_CAPABLE, not seeker.needs <= picture.capabilities.get(driver_id, frozenset())),
            (Verdict.DECLINED, driver_id in seeker.excluded_driver_ids),
            (Verdict.NO_CASH, seeker.pays_cash and driver_id in picture.no_cash_driver_ids),
            (Verdict.HEADING, not is_on_the_way(seeker, position, self._limits)),
        )
        # All that may be asked and are among the nearest of everybody were weighed, unless their way is too long.
        return next((verdict for verdict, applies in reasons if applies), Verdict.TOO_FAR)


def _awaited(picture: Picture, choice: Choice) -> dict[int, int]:
    """Return who waits for which driver on the way: of the chains that begin with a swap of this tick."""
    seeker_by_driver = {cost.driver: cost.seeker for cost in choice.chosen}
    awaited: dict[int, int] = {}
    for seeker, _ in choice.moves.swaps:
        driver = picture.bound_driver_by_seeker[seeker]
        # As long as a chain can be: a choice uses each driver once.
        for _ in picture.bound_driver_by_seeker:
            after = seeker_by_driver.get(driver)
            if after is None or after not in picture.bound_driver_by_seeker:
                break
            driver = picture.bound_driver_by_seeker[after]
        end = seeker_by_driver.get(driver)
        if end is not None and picture.seekers[end].bound is None:
            awaited[end] = driver
    return awaited


def _costs(cost: PairCost | None, seeker: Seeker) -> tuple[int | None, float | None, Mapping[str, float]]:
    if cost is None:
        return None, None, {}
    terms = {name: float(value) for name, value in cost.terms._asdict().items() if value}
    if seeker.head_start_seconds:
        terms["head_start"] = -seeker.head_start_seconds
    return int(cost.terms.pickup_eta), round(sum(terms.values()), 1), terms
