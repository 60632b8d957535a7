"""The composition root of maps: who tells travel times, and how they are learned."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chassis.database import Database
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer
from matching_service.adapters.city_travel import CityTravelEta
from matching_service.adapters.postgres_travel_times import PostgresTravelTimes
from matching_service.adapters.street_eta import StreetEta
from matching_service.adapters.street_graph import StreetGraph
from matching_service.adapters.street_map import load_map
from matching_service.adapters.street_search import StreetSearch
from matching_service.domain.city import CityPolicy
from matching_service.entrypoints import grpc_maps
from matching_service.entrypoints.travel_time_worker import learn_forever
from matching_service.settings import MatchingSettings
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.eta_ports import EtaProvider, QuickestDrivers
from matching_service.use_cases.learn_travel_times import LearnTravelTimes, TravelTimesInForce
from matching_service.use_cases.read_ride_route import ReadRideRoute
from matching_service.use_cases.travel_time_ports import Estimator
from ridesharing.matching.v1.map_service_pb2_grpc import add_MapServiceServicer_to_server
from shared_kernel.clock import Clock

HORIZON_CAPS = 1.25
"""Travel times on the streets are searched for up to so many times the cap on pickup time."""


class Maps(NamedTuple):
    """What the rest of the service and its servers take from here."""

    eta: EtaProvider
    """The best provider that is set, with the next as its fall-back."""
    quickest: QuickestDrivers | None
    """Of the street map, where one is set."""
    learn: LearnTravelTimes
    lesson_asked: Wakeup
    closers: list[Callable[[], Awaitable[object]]]


def build_maps(
    settings: MatchingSettings, cities: Cities, known: Sequence[CityPolicy], database: Database, clock: Clock
) -> Maps:
    """Put the providers together; `known` are the policies of the city files. Raises MapError for a map of no use."""
    store = PostgresTravelTimes(database)
    zone = ZoneInfo(known[0].time_zone)
    in_force = TravelTimesInForce(store, clock, zone)
    crow_flies = CityTravelEta(cities, known, in_force.timing_of(CityTravelEta.provider))
    eta: EtaProvider = crow_flies
    estimators: list[Estimator] = [crow_flies]
    quickest: QuickestDrivers | None = None
    if settings.matching_map_file is not None:
        graph = StreetGraph(load_map(settings.matching_map_file))
        street = StreetEta(graph, eta, in_force.timing_of(StreetEta.provider), partial(_horizon, cities, known))
        eta, quickest = street, StreetSearch(graph, in_force.timing_of(StreetEta.provider))
        estimators.append(street)
    closers: list[Callable[[], Awaitable[object]]] = []
    if settings.matching_osrm_url is not None:
        import httpx  # noqa: PLC0415 (few deployments have an OSRM; the others save its memory)

        from matching_service.adapters.osrm_eta import OsrmEta  # noqa: PLC0415

        client = httpx.AsyncClient(base_url=settings.matching_osrm_url)
        closers.append(client.aclose)
        osrm = OsrmEta(client, eta, in_force.timing_of(OsrmEta.provider), time.monotonic)
        eta = osrm
        estimators.append(osrm)
    learn = LearnTravelTimes(trips=store, estimators=estimators, store=store, in_force=in_force, clock=clock, zone=zone)
    return Maps(eta, quickest, learn, Wakeup(), closers)


async def _horizon(cities: Cities, known: Sequence[CityPolicy]) -> float:
    """Return how far the cities look for drivers now, in seconds; by the files while none is in force."""
    policies = (await cities.in_force()).policies or known
    return HORIZON_CAPS * max(city.dispatch.pickup_eta_cap_seconds for city in policies)


def add_map_work(maps: Maps, route: ReadRideRoute, workers: Workers, server: ServiceServer) -> None:
    """Have travel times learned and told to operators, and the ways of rides told to whom they concern."""
    workers.add("travel times", lambda: learn_forever(maps.learn, maps.lesson_asked, time.monotonic))
    servicer = grpc_maps.MapServicer(
        learn_travel_times=maps.learn, ask_for_lesson=maps.lesson_asked.wake, read_ride_route=route
    )
    server.add(add_MapServiceServicer_to_server, servicer, grpc_maps.SERVICE_NAME)
