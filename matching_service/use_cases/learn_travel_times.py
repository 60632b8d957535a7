"""Learn travel times from the trips that were made, and have them in force."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta, tzinfo

from matching_service.domain.learned_times import UNTAUGHT, DrivenTrip, TravelTimes, hour_of_week, learn
from matching_service.domain.travel_times import AS_ESTIMATED, Timing, TimingNow
from matching_service.use_cases.travel_time_ports import (
    Estimator,
    MeasuredTrip,
    MeasuredTrips,
    ToldTimes,
    TravelTimesStore,
    TravelTimesVersion,
)
from shared_kernel.clock import Clock

LEARN_FROM = timedelta(days=56)
"""Eight of each hour of the week; what is older tells of another season."""
MAX_TRIPS = 20_000
"""The newest ones; half a second of work a provider in a thread."""
LEARN_EVERY = timedelta(days=1)
COMPARED = timedelta(days=7)
"""Rides of so long are compared with what their people were told."""


class TravelTimesInForce:
    """What this process knows to be in force, by provider; `refresh` reads it anew, without a restart."""

    def __init__(self, store: TravelTimesStore, clock: Clock, zone: tzinfo) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._times: dict[str, TravelTimes] = {}

    def timing_of(self, provider: str) -> TimingNow:
        """Return who tells a provider the timing of the present hour."""

        def timing_now() -> Timing:
            times = self._times.get(provider)
            return AS_ESTIMATED if times is None else times.timing(hour_of_week(self._clock.now(), self._zone))

        return timing_now

    async def refresh(self, estimators: Sequence[Estimator]) -> None:
        """Read what is in force. Raises Unavailable while the store does not answer."""
        for estimator in estimators:
            newest = await self._store.newest(estimator.provider, estimator.map_id, in_force=True)
            if newest is not None:
                self._times[estimator.provider] = newest.times


class LearnTravelTimes:
    """The use case: at an operator's word, and daily by a worker."""

    def __init__(
        self,
        *,
        trips: MeasuredTrips,
        estimators: Sequence[Estimator],
        store: TravelTimesStore,
        in_force: TravelTimesInForce,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._trips = trips
        self._estimators = estimators
        self._store = store
        self._in_force = in_force
        self._clock = clock
        self._zone = zone

    async def __call__(self) -> list[TravelTimesVersion]:
        """Learn for each provider; return what was learned: nothing where there are too few trips.

        What fares worse than what is in force, on trips held out, is kept for the record and not put in force.
        """
        trips = await self._trips.recent_trips(self._clock.now() - LEARN_FROM, MAX_TRIPS)
        learned = [await self._learn(estimator, trips) for estimator in self._estimators]
        await self._in_force.refresh(self._estimators)
        return [version for version in learned if version is not None]

    async def refresh(self) -> None:
        """Have in force what any replica has learned."""
        await self._in_force.refresh(self._estimators)

    async def is_due(self) -> bool:
        """Tell whether a day has passed since anything was learned for some provider."""
        for estimator in self._estimators:
            newest = await self._store.newest(estimator.provider, estimator.map_id, in_force=False)
            if newest is None or self._clock.now() - newest.learned_at >= LEARN_EVERY:
                return True
        return False

    async def versions(self, limit: int) -> list[TravelTimesVersion]:
        """Return what was learned, newest first."""
        return await self._store.versions(limit)

    async def told(self) -> tuple[ToldTimes, ToldTimes]:
        """Return how wrong times to pickups, and of trips, were told of late."""
        since = self._clock.now() - COMPARED
        return await self._trips.told_pickups(since), await self._trips.told_trips(since)

    async def _learn(self, estimator: Estimator, trips: Sequence[MeasuredTrip]) -> TravelTimesVersion | None:
        estimates = await estimator.estimates([trip.leg for trip in trips])
        driven = [
            DrivenTrip(hour_of_week(trip.started_at, self._zone), estimate, trip.seconds)
            for trip, estimate in zip(trips, estimates, strict=True)
            if estimate is not None
        ]
        newest = await self._store.newest(estimator.provider, estimator.map_id, in_force=False)
        in_force = await self._store.newest(estimator.provider, estimator.map_id, in_force=True)
        lesson = await asyncio.to_thread(learn, driven, UNTAUGHT if in_force is None else in_force.times)
        if lesson is None:
            return None
        version = TravelTimesVersion(
            provider=estimator.provider,
            map_id=estimator.map_id,
            version=1 if newest is None else newest.version + 1,
            learned_at=self._clock.now(),
            trips=lesson.trips,
            error_before=lesson.error_before,
            error_after=lesson.error_after,
            in_force=lesson.is_better,
            times=lesson.times,
        )
        return version if await self._store.add(version) else None
