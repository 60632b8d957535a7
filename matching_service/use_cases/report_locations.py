"""Take a driver's pings: judge them and keep the newest as the live location."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from matching_service.domain.city import Atlas, CityPolicy, LocationPolicy
from matching_service.domain.locations import (
    EVERYWHERE,
    DriverPosition,
    Ping,
    PingVerdict,
    RecordOutcome,
    TokenBucket,
    bounds_around,
    judge_pings,
    shift_tag_of,
)
from matching_service.domain.zones import Bounds
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.dispatch_ports import OnShift, OpenShift
from matching_service.use_cases.location_ports import LiveLocations
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, Unavailable
from shared_kernel.geo import GeoPoint

SHIFT_KNOWN_SECONDS = 5.0
"""So long an open shift is taken as known, so that a stream does not ask the database at each batch."""
MAX_ASKED_TOGETHER = 500
"""Who is asked for takes along so many whose turn is near: a fleet costs a few statements a second."""
HEARD_OF_SECONDS = 15.0
"""Who was silent for longer is not taken along."""
BELIEVED_WITHOUT_A_CITY = LocationPolicy(max_speed_kmh=250.0, max_accuracy_meters=200.0)
"""Where no city has a policy."""
MAX_DRIVERS_KNOWN = 100_000
"""Bound of the drivers a process remembers; the one heard of longest ago goes first."""


@dataclass(frozen=True, slots=True)
class PingCounts:
    """The answer to one batch."""

    accepted: int
    dropped: int
    by_verdict: Mapping[PingVerdict, int]


@dataclass(slots=True)
class _Known:
    """What this process remembers of a driver: a speed-up and a limit, never the truth."""

    shift: OpenShift
    shift_asked_at: float
    heard_at: float
    bucket: TokenBucket
    believed: LocationPolicy
    """Of the city that the driver is in."""
    last: Ping | None = field(default=None)


class ReportLocations:
    """The use case, for the stream and the single call alike."""

    def __init__(
        self,
        *,
        cities: Cities,
        on_shift: OnShift,
        locations: LiveLocations,
        clock: Clock,
        monotonic: Callable[[], float],
        max_pings_per_second: float,
        observe: Callable[[PingVerdict, int], None],
        max_speed_kmh: float | None = None,
    ) -> None:
        """Make it.

        Args:
            cities: where drivers can be, and which of their pings are believed there.
            on_shift: tells the open shift of a driver.
            locations: keeps the newest position.
            clock: judges the age of a ping.
            monotonic: measures how long this process has known something, in seconds.
            max_pings_per_second: mean rate a driver may keep up; two batches of 100 may come at once.
            observe: is told how many pings met which verdict.
            max_speed_kmh: what is believed in all cities, instead of what their policies say.
        """
        self._cities = cities
        self._max_speed_kmh = max_speed_kmh
        self._boxes: Sequence[Bounds] = (EVERYWHERE,)
        self._beliefs: Sequence[LocationPolicy] = (BELIEVED_WITHOUT_A_CITY,)
        self._atlas: Atlas | None = None
        self._on_shift = on_shift
        self._locations = locations
        self._clock = clock
        self._monotonic = monotonic
        self._rate = max_pings_per_second
        self._observe = observe
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._turns: deque[tuple[float, UUID]] = deque()
        """Who was asked for when, the longest ago first; what is no longer so is passed over."""

    async def __call__(self, driver_id: UUID, pings: Sequence[Ping]) -> PingCounts:
        """Judge a batch and keep the last ping that is believed. Raises Conflict `no_open_shift`."""
        known = await self._know(driver_id, pings)
        counts: dict[PingVerdict, int] = {}
        allowed = known.bucket.take(len(pings), self._monotonic())
        # The newest of a batch matter most: what the rate does not allow is dropped from the older end.
        refused = len(pings) - allowed
        if refused:
            counts[PingVerdict.RATE_LIMITED] = refused
            pings = pings[refused:]
        newest = judge_pings(pings, known.last, self._clock.now().timestamp(), known.believed, self._boxes, counts)
        if newest is not None:
            await self._keep(driver_id, known, newest, counts)
        for verdict, count in counts.items():
            self._observe(verdict, count)
        accepted = counts.get(PingVerdict.ACCEPTED, 0)
        return PingCounts(accepted, sum(counts.values()) - accepted, counts)

    async def forget(self, driver_id: UUID) -> None:
        """Forget a driver whose shift has ended. If the store does not answer, the location is gone by itself soon."""
        self._known.pop(driver_id, None)
        with suppress(Unavailable):
            await self._locations.forget(driver_id)

    async def _keep(self, driver_id: UUID, known: _Known, newest: Ping, counts: dict[PingVerdict, int]) -> None:
        position = DriverPosition(
            driver_id,
            newest.latitude,
            newest.longitude,
            newest.measured_at,
            newest.sequence,
            known.shift.vehicle_class,
            shift_tag_of(known.shift.shift_id),
        )
        [outcome] = await self._locations.record([position])
        if outcome is RecordOutcome.RECORDED:
            known.last = newest
        else:  # Another process has taken a later ping of this driver: then all of these are older than known.
            counts[PingVerdict.OUT_OF_ORDER] = counts.get(PingVerdict.OUT_OF_ORDER, 0) + counts.pop(
                PingVerdict.ACCEPTED
            )

    async def _look_where_drivers_can_be(self) -> None:
        atlas = await self._cities.in_force()
        if atlas is not self._atlas:
            self._boxes = [bounds_around(policy.service_area) for policy in atlas.policies] or [EVERYWHERE]
            self._beliefs = [self._belief(policy) for policy in atlas.policies] or [BELIEVED_WITHOUT_A_CITY]
            self._atlas = atlas

    def _belief(self, policy: CityPolicy) -> LocationPolicy:
        if self._max_speed_kmh is None:
            return policy.locations
        return replace(policy.locations, max_speed_kmh=self._max_speed_kmh)

    def _believed_at(self, ping: Ping) -> LocationPolicy:
        """Return what is believed in the city there, or in the first whose drivers may stand there."""
        policies = () if self._atlas is None or len(self._beliefs) == 1 else self._atlas.policies
        here = GeoPoint(ping.latitude, ping.longitude)
        for policy, belief in zip(policies, self._beliefs, strict=False):
            if policy.service_area.contains(here):
                return belief
        for box, belief in zip(self._boxes, self._beliefs, strict=False):
            if box.south <= ping.latitude <= box.north and box.west <= ping.longitude <= box.east:
                return belief
        return self._beliefs[0]

    async def _know(self, driver_id: UUID, pings: Sequence[Ping]) -> _Known:
        now = self._monotonic()
        known = self._known.get(driver_id)
        if known is None or now - known.shift_asked_at >= SHIFT_KNOWN_SECONDS:
            known = await self._ask_for_shift(driver_id, pings, now)
        known.heard_at = now
        self._known[driver_id] = known
        self._known.move_to_end(driver_id)
        if len(self._known) > MAX_DRIVERS_KNOWN:
            self._known.popitem(last=False)
        return known

    async def _ask_for_shift(self, driver_id: UUID, pings: Sequence[Ping], now: float) -> _Known:
        """Ask what is to be known of a driver, and of others whose turn is near."""
        others = self._whose_turn_is_near(driver_id, now)
        try:
            shifts = await self._on_shift.open_shifts_of([driver_id, *others])
        except BaseException:
            # Else each of them would ask by itself once the database answers again.
            self._turns.extendleft((known.shift_asked_at, other) for other, known in reversed(others.items()))
            raise
        await self._look_where_drivers_can_be()
        for other, known in others.items():
            # Who was forgotten or asked for meanwhile is known better by now.
            if self._known.get(other) is known and known.shift_asked_at < now:
                self._renew(other, known, shifts.get(other), now)
        shift = shifts.get(driver_id)
        if shift is None:
            self._known.pop(driver_id, None)
            raise Conflict("no_open_shift", "go online before telling where you are")
        known = self._known.get(driver_id)
        if known is None or known.shift.shift_id != shift.shift_id:
            known = _Known(shift, now, now, TokenBucket(self._rate, now), self._beliefs[0])
        place = known.last or (pings[-1] if pings else None)
        known.believed = self._beliefs[0] if place is None else self._believed_at(place)
        self._note(driver_id, known, shift, now)
        return known

    def _whose_turn_is_near(self, driver_id: UUID, now: float) -> dict[UUID, _Known]:
        """Return others who were asked for more than half of the time ago, the longest ago first."""
        found: dict[UUID, _Known] = {}
        while len(found) < MAX_ASKED_TOGETHER - 1 and self._turns:
            asked_at, other = self._turns[0]
            if asked_at > now - SHIFT_KNOWN_SECONDS / 2:
                break
            self._turns.popleft()
            known = self._known.get(other)
            if known is None or known.shift_asked_at != asked_at or other == driver_id:
                continue
            if now - known.heard_at < HEARD_OF_SECONDS:
                found[other] = known
        return found

    def _renew(self, driver_id: UUID, known: _Known, shift: OpenShift | None, now: float) -> None:
        if shift is None or shift.shift_id != known.shift.shift_id:
            del self._known[driver_id]  # asked for anew with the next ping
            return
        if known.last is not None:
            known.believed = self._believed_at(known.last)
        self._note(driver_id, known, shift, now)

    def _note(self, driver_id: UUID, known: _Known, shift: OpenShift, now: float) -> None:
        known.shift, known.shift_asked_at = shift, now
        self._turns.append((now, driver_id))
