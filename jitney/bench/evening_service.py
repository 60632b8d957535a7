"""matching_service's use cases on real stores under a clock that the replay moves. Nobody listens: no gRPC, no relay.

What is imitated is outside the service: identity knows every driver, and payment answers every call at once and in
process; neither is measured here.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from jitney.bench.parts import matching

CIRCUITY = 1.3
SPEED_KMH = 20.0
PINGS_PER_SECOND = 100.0
SHIFT_LOOKUPS_SPARED = 60.0


class ReplayClock:
    """Tells the time of the replay."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self.seconds = 0.0

    def now(self) -> datetime:
        """The moment of the replay."""
        return self._begin + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds since the begin."""
        return self.seconds


class _Payments:
    """payment_service, answering at once."""

    def __init__(self) -> None:
        ports = matching("use_cases.service_ports")
        self._outcome = ports.PaymentOutcome
        self._status = ports.PaymentStatus

    async def place_hold(self, *_: object) -> Any:
        return self._outcome(self._status.HELD)

    async def capture(self, *_: object, **__: object) -> Any:
        return self._outcome(self._status.CAPTURED)

    async def void(self, *_: object) -> Any:
        return self._outcome(self._status.VOIDED)


class _Accounts:
    """identity_service: everybody is approved."""

    async def driver(self, driver_id: UUID) -> Any:
        facts = matching("domain.shift").DriverFacts(driver_id, "Driver", "Prius", "white", str(driver_id)[-7:])
        economy = matching("domain.city").VehicleClass.ECONOMY
        return matching("use_cases.service_ports").DriverRecord(facts, economy, True)

    async def first_name(self, *_: object) -> str:
        return "Rider"


class _NobodyNear:
    """Quotes of a replay carry no pickup time: nobody reads it."""

    async def nearest(self, *_: object) -> None:
        return None


@dataclass(frozen=True)
class Policy:
    """How the service's ticks match rides."""

    name: str
    tick_seconds: float | None = None
    """None is the city's own."""
    plain: bool = False
    """Neither swaps nor a cap on pickup time that is near at first: what batching alone brings."""
    city_file: Path | None = None
    """A city's policy to be tried; None is the packaged one."""


POLICIES = {
    "batch": Policy("batch", tick_seconds=5.0, plain=True),
    "own": Policy("own"),
}


class MatchingService:
    """The use cases that a ride's life needs, each as production puts it together."""

    search_streets: Any = None
    """What names candidates by the streets, where there is a map."""

    def __init__(self, database: Any, redis: Any, clock: ReplayClock, policy: Policy) -> None:
        self.database = database
        self.clock = clock
        self.city = replayed_city(policy)
        self.tick_seconds = policy.tick_seconds or self.city.dispatch.tick_seconds
        self._make_stores(redis)
        self._make_use_cases()
        self._make_tick(redis)

    def _make_stores(self, redis: Any) -> None:
        from chassis.runtime import Wakeup
        from shared_kernel.ids import Uuid7Source

        self.new_id = Uuid7Source()
        self.store = matching("adapters.postgres").PostgresStore(
            self.database, matching("entrypoints.wire_events").event_message, self.clock, self.new_id, Wakeup()
        )
        self.reader = matching("adapters.postgres_reads").PostgresRideReader(self.database)
        self.reads = matching("adapters.postgres_dispatch").PostgresDispatchReads(self.database)
        self.locations = matching("adapters.redis_locations").RedisLiveLocations(redis)
        self.cities = matching("adapters.fixed_cities").FixedCities(self.city)
        self.eta = matching("domain.eta").CrowFliesEta(self.city.travel)

    def _make_use_cases(self) -> None:
        store, clock, new_id = self.store, self.clock, self.new_id
        chance = random.Random(7)  # noqa: S311 (PINs of a replay)
        queue = matching("adapters.postgres_saga").PostgresSagaQueue(self.database)
        quotes = matching("adapters.postgres_quotes").PostgresQuotes(self.database)
        accounts = _Accounts()
        self.saga = matching("use_cases.advance_saga").AdvanceSaga(store, queue, _Payments(), clock, chance)
        self.create_quotes = matching("use_cases.create_quotes").CreateQuotes(
            cities=self.cities, eta=self.eta, free_drivers=_NobodyNear(), quotes=quotes, clock=clock, new_id=new_id
        )
        self.request_ride = matching("use_cases.request_ride").RequestRide(
            store, self.reader, quotes, accounts, self.saga, self.cities, clock, new_id, chance
        )
        self.end_shift = matching("use_cases.end_shift").EndShift(store, clock)
        self.start_shift = matching("use_cases.start_shift").StartShift(store, accounts, clock, new_id)
        self.accept = matching("use_cases.accept_offer").AcceptOffer(store, clock, new_id)
        self.arrive = matching("use_cases.arrive_at_pickup").ArriveAtPickup(store, clock)
        self.start_trip = matching("use_cases.start_trip").StartTrip(store, clock)
        self.complete = matching("use_cases.complete_trip").CompleteTrip(store, clock)
        self.close_searches = matching("use_cases.close_searches").CloseSearches(store, self.reader, clock)
        self.report = matching("use_cases.report_locations").ReportLocations(
            cities=self.cities,
            on_shift=self.reads,
            locations=self.locations,
            clock=clock,
            # Nobody's shift changes in the middle of an evening: it is not looked up for every other ping.
            monotonic=lambda: clock.monotonic() / SHIFT_LOOKUPS_SPARED,
            max_pings_per_second=PINGS_PER_SECOND,
            observe=_nobody_counts,
        )

    def _make_tick(self, redis: Any) -> None:
        import time

        self.matcher = matching("adapters.scipy_assignment").ScipyMatcher()
        self.offers = matching("use_cases.make_offers").MakeOffers(self.store, self.clock, self.new_id)
        cells = matching("adapters.h3_cells")
        destinations = matching("adapters.postgres_destinations").PostgresDestinations(self.database)
        self.learn_values = matching("use_cases.learn_destination_values").LearnDestinationValues(
            self.cities, destinations, destinations, cells.H3Cells(cells.DESTINATION_RESOLUTION), self.clock
        )
        self.rerouter = WatchedRerouter(matching("use_cases.reroute_drivers").RerouteDrivers(self.store, self.clock))
        draw = matching("use_cases.dispatch_picture").DrawPicture(
            cities=self.cities,
            waiting=self.reads,
            en_route=self.reads,
            locations=self.locations,
            busy=self.reads,
            on_shift=self.reads,
            standings=self.reads,
            headings=self.reads,
            eta=self.eta,
            runs=matching("adapters.postgres_runs").PostgresSharedRuns(self.database),
            find_joins=matching("use_cases.find_joins").FindJoins(self.eta, self.clock),
            know_worth=matching("use_cases.driver_worth").KnowWorth(
                self.reads, self.learn_values, self.clock.monotonic
            ),
            clock=self.clock,
        )
        self.tick = matching("use_cases.dispatch_tick").DispatchTick(
            draw=draw,
            choose=matching("use_cases.dispatch_choice").Choose(
                self.eta, self.matcher, time.monotonic, self.search_streets
            ),
            reservations=matching("adapters.redis_dispatch").RedisReservations(redis),
            offers=self.offers,
            rerouter=self.rerouter,
        )

    async def open_offers(self) -> list[tuple[UUID, UUID]]:
        """Offers that wait for an answer, with whose they are."""
        from sqlalchemy import select

        offer = matching("adapters.tables").offers.c
        async with self.database.connect() as connection:
            rows = await connection.execute(select(offer.id, offer.driver_id).where(offer.state == "open"))
            return [(row.id, row.driver_id) for row in rows]


def _nobody_counts(*_: object) -> None:
    """Pings are not counted here."""


class WatchedRerouter:
    """The service's own, noting the rings that changed."""

    def __init__(self, rerouter: Any) -> None:
        self._rerouter = rerouter
        self.changed: list[Sequence[Any]] = []

    async def reroute(self, ring: Sequence[Any]) -> bool:
        """Let the service do it."""
        done: bool = await self._rerouter.reroute(ring)
        if done:
            self.changed.append(ring)
        return done


def replayed_city(policy: Policy = POLICIES["own"]) -> Any:
    """A city with the travel of the replay; rides as short as recorded are allowed."""
    plainest = matching("domain.dispatch_policy")
    city = matching("adapters.city_file").load_city(policy.city_file)
    dispatch = city.dispatch
    if policy.plain:
        # Two hours: no driver is too far.
        dispatch = replace(
            dispatch,
            swaps=plainest.NO_SWAPS,
            weights=plainest.NO_WEIGHTS,
            first_pickup_eta_cap_seconds=7_200,
            pickup_eta_cap_seconds=7_200,
        )
    travel = matching("domain.city").TravelPolicy(CIRCUITY, SPEED_KMH)
    return replace(city, travel=travel, dispatch=dispatch, min_trip_meters=0)


@asynccontextmanager
async def service_on(
    database_url: str,
    redis_url: str,
    begin: datetime,
    policy: Policy,
    make: Callable[[Any, Any, ReplayClock, Policy], MatchingService] = MatchingService,
) -> AsyncGenerator[MatchingService]:
    """The service on a migrated database, which may hold the evenings before, and an empty Redis."""
    from chassis.database import Database
    from chassis.redis_client import open_redis

    # The time of the replay stands still while something waits: on a busy machine it may wait long.
    database = Database(
        database_url, pool_size=8, name="bench", pool_timeout_seconds=600, statement_timeout_seconds=600
    )
    redis = open_redis(redis_url)
    service = make(database, redis, ReplayClock(begin), policy)
    try:
        yield service
    finally:
        await service.matcher.close()
        await asyncio.gather(redis.aclose(), database.dispose())
