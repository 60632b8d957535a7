"""Rides written as matching_service writes them when they are asked for: the row and its event in one transaction."""

import asyncio
import random
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from jitney.bench.evening_service import POLICIES, MatchingService, service_on
from jitney.bench.parts import matching
from shared_kernel.geo import GeoPoint

_PLACES = ((37.788, -122.4075), (37.7955, -122.3937))


@dataclass(frozen=True)
class WritesRun:
    """Transactions a second, the CPU time of our process for all of them, and the last ride's id."""

    per_second: float
    cpu_seconds: float
    last_ride_id: str


async def write_rides(database_url: str, redis_url: str, count: int, callers: int) -> WritesRun:
    """Writes so many rides, `callers` at a time, over the service's own store and its pool of eight connections."""
    async with service_on(database_url, redis_url, datetime.now(UTC), POLICIES["own"]) as service:
        template = await _template(service)
        told = matching("domain.events").RideRequested
        new_id, store = service.new_id, service.store
        numbers = iter(range(count))
        last = template

        async def caller() -> None:
            nonlocal last
            for _ in numbers:
                ride = replace(template, id=new_id(), rider_id=new_id(), quote_id=new_id())
                async with store.transaction() as tx:
                    await tx.add_ride(ride)
                    await tx.tell(told(ride, ride.requested_at))
                last = ride

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(caller() for _ in range(callers)))
        return WritesRun(count / (time.perf_counter() - began), time.process_time() - cpu, str(last.id))


async def _template(service: MatchingService) -> Any:
    """A ride as the service makes one of a quote."""
    place = matching("domain.quote").Place
    pickup, dropoff = (place(GeoPoint(*at)) for at in _PLACES)
    command = matching("use_cases.create_quotes").CreateQuotesCommand(service.new_id(), pickup, dropoff, "economy")
    [quote] = await service.create_quotes(command)
    terms = matching("domain.terms")
    return matching("domain.ride").Ride.requested(
        service.new_id(),
        quote,
        terms.RideTerms.of(service.city, quote.product, quote.surge_permille),
        funding=terms.Funding.CARD,
        payment_method_id=service.new_id(),
        start_pin=f"{random.Random(1).randrange(10_000):04d}",  # noqa: S311 (opens no door)
        rider_name="Rider",
        note="",
        now=service.clock.now(),
    )
