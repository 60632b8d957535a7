"""What beside the way to the pickup counts for or against drivers, looked up for those who are weighed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.assignment import DriverTerms
from matching_service.domain.city import CityPolicy
from matching_service.domain.driver_record import DriverRecord, earnings_deficit, mean_rates, miss_chance
from matching_service.domain.locations import DriverPosition
from shared_kernel.geo import GeoPoint

RECORDS_SECONDS = 15.0
"""Records are read no more often: a ride's earnings count for the next one no sooner than this."""

_NEWCOMER = DriverRecord(0, None, 0.0, 0, 0)


class DriverRecords(Protocol):
    """What open shifts have come to."""

    async def records(self, now: datetime) -> Mapping[UUID, DriverRecord]:
        """Return the record of each driver with an open shift."""
        ...


class IdleTimes(Protocol):
    """Knows how long drivers wait for the next ride, by place."""

    def extra_idle_seconds(self, city: CityPolicy, now: datetime) -> Callable[[GeoPoint], float] | None:
        """Return what tells the extra wait at a place now; None where nothing was learned yet."""
        ...


class Judged(dict[UUID, DriverTerms]):
    """What drivers' records say of them, beside one mean rate: found out when it is first asked for."""

    def __init__(self, records: Mapping[UUID, DriverRecord], mean_rate: float) -> None:
        super().__init__()
        self._records = records
        self._mean_rate = mean_rate

    def __missing__(self, driver_id: UUID) -> DriverTerms:
        record = self._records.get(driver_id, _NEWCOMER)
        terms = self[driver_id] = DriverTerms(earnings_deficit(record, self._mean_rate), miss_chance(record))
        return terms


@dataclass(slots=True)
class Worth:
    """Of the drivers in one city at one moment."""

    judged: Judged
    extra_idle_seconds: Callable[[GeoPoint], float] | None
    _known: dict[UUID, DriverTerms] = field(default_factory=dict[UUID, DriverTerms])

    def terms(self, position: DriverPosition) -> DriverTerms:
        """Return what counts for or against a driver."""
        if self.extra_idle_seconds is None:
            return self.judged[position.driver_id]
        known = self._known.get(position.driver_id)
        if known is None:
            extra_seconds = self.extra_idle_seconds(position.point)
            known = self.judged[position.driver_id]._replace(extra_idle_seconds=extra_seconds)
            self._known[position.driver_id] = known
        return known

    def extra_at(self, point: GeoPoint | None) -> float:
        """Return how much longer than elsewhere drivers wait at a place; 0 where nobody knows."""
        if point is None or self.extra_idle_seconds is None:
            return 0.0
        return self.extra_idle_seconds(point)


class KnowWorth:
    """Keeps the records for a while, so that a tick does not read them every time."""

    def __init__(self, records: DriverRecords, idle_times: IdleTimes, monotonic: Callable[[], float]) -> None:
        self._source = records
        self._idle_times = idle_times
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._records: Mapping[UUID, DriverRecord] = {}
        self._judged_by_currency: dict[str, Judged] = {}

    async def __call__(self, city: CityPolicy, now: datetime) -> Worth:
        """Return the worth of a city's drivers."""
        if self._monotonic() - self._read_at >= RECORDS_SECONDS:
            self._records = await self._source.records(now)
            rates = mean_rates(self._records.values())
            self._judged_by_currency = {code: Judged(self._records, rate) for code, rate in rates.items()}
            self._read_at = self._monotonic()
        judged = self._judged_by_currency.setdefault(city.currency_code, Judged(self._records, 0.0))
        return Worth(judged, self._idle_times.extra_idle_seconds(city, now))
