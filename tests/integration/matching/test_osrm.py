"""Travel times from an OSRM server, well and unwell, over real HTTP."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator

import httpx
import pytest
from prometheus_client import REGISTRY

from matching_service.adapters import osrm_eta
from matching_service.adapters.osrm_eta import FAILURES, REST_SECONDS, OsrmEta
from matching_service.adapters.osrm_tables import MAX_PLACES
from matching_service.domain.breaker import Breaker
from matching_service.domain.city import TravelPolicy
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.polyline import decode_polyline
from matching_service.domain.travel_times import as_estimated
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_osrm import MAX_TABLE_SIZE
from tests.fakes.matching_osrm_process import osrm_server

_PATIENCE_SECONDS = 60.0
CIRCLE = CrowFliesEta(TravelPolicy(2.0, 18.0))
"""Four times as slow as the server, so that each is told apart."""
A, B = GeoPoint(0.01, 0.01), GeoPoint(0.02, 0.03)
LEG = (A, B)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is late but those that are to be, however busy the machine is."""
    monkeypatch.setattr(osrm_eta, "TIMEOUT_SECONDS", _PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with osrm_server() as url:
        yield url


@pytest.fixture
async def server(url: str) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_SECONDS) as client:
        yield client
        await client.post("/fault", params={"kind": "none"})


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fallbacks(cause: str) -> float:
    return REGISTRY.get_sample_value("matching_eta_fallbacks_total", {"provider": "osrm", "cause": cause}) or 0.0


async def test_a_way_has_the_servers_length_time_and_line(server: httpx.AsyncClient) -> None:
    trip = await OsrmEta(server, CIRCLE, as_estimated, time.monotonic).trip(A, B)
    assert trip.seconds == pytest.approx(trip.meters / 10, abs=1)
    assert decode_polyline(trip.polyline) == [(0.01, 0.01), (0.02, 0.03)]


async def test_many_legs_are_asked_for_in_tables_that_the_server_allows(server: httpx.AsyncClient) -> None:
    pickups = [GeoPoint(index / 10_000, 0.0) for index in range(60)]
    drivers = [GeoPoint(index / 10_000, 0.02) for index in range(300)]
    legs = [(driver, pickup) for index, pickup in enumerate(pickups) for driver in drivers[index * 4 : index * 4 + 16]]
    before = int((await server.get("/asked")).text)
    eta = OsrmEta(server, CIRCLE, as_estimated, time.monotonic)
    told = await eta.seconds(legs)
    asked = int((await server.get("/asked")).text) - before
    by_circle = await CIRCLE.seconds(legs)
    assert all(0.2 < one / other < 0.4 for one, other in zip(told, by_circle, strict=True))
    assert 4 <= asked <= len(legs) // 16
    assert MAX_TABLE_SIZE == MAX_PLACES


async def test_a_place_off_its_map_is_left_to_the_next_alone(server: httpx.AsyncClient) -> None:
    before = fallbacks("off_map")
    off_map = GeoPoint(0.5, 0.5)
    far = (A, off_map)
    eta = OsrmEta(server, CIRCLE, as_estimated, time.monotonic)
    near, beyond = await eta.seconds([LEG, far])
    assert beyond == (await CIRCLE.seconds([far]))[0]
    assert near < (await CIRCLE.seconds([LEG]))[0]
    assert await eta.trip(A, off_map) == await CIRCLE.trip(A, off_map)
    assert fallbacks("off_map") == before + 2


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("error", "malformed"), ("garbage", "malformed"), ("silent", "malformed"), ("negative", "malformed"),
     ("nested", "malformed"), ("huge", "malformed"), ("slow", "timeout"), ("drip", "timeout")],
)  # fmt: skip
async def test_a_server_that_is_unwell_leaves_it_to_the_next(
    server: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, fault: str, cause: str
) -> None:
    if cause == "timeout":
        monkeypatch.setattr(osrm_eta, "TIMEOUT_SECONDS", 0.2)
    await server.post("/fault", params={"kind": fault})
    before = fallbacks(cause)
    eta = OsrmEta(server, CIRCLE, as_estimated, Watch())
    assert await eta.seconds([LEG, LEG]) == await CIRCLE.seconds([LEG, LEG])
    assert await eta.trip(A, B) == await CIRCLE.trip(A, B)
    assert fallbacks(cause) == before + 3


async def test_a_lesson_keeps_nobody_waiting(server: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osrm_eta, "MAX_CALLS", 2)
    monkeypatch.setattr(osrm_eta, "TIMEOUT_SECONDS", 5.0)
    trips = [(GeoPoint(0.01, index / 10_000), GeoPoint(0.02, index / 10_000)) for index in range(500)]
    eta = OsrmEta(server, CIRCLE, as_estimated, time.monotonic)
    before = int((await server.get("/asked")).text)
    await server.post("/fault", params={"kind": "slow"})
    lesson = asyncio.create_task(eta.estimates(trips))
    while int((await server.get("/asked")).text) < before + 2:
        pass
    await server.post("/fault", params={"kind": "none"})
    assert await eta.trip(A, B) != await CIRCLE.trip(A, B)
    lesson.cancel()
    await asyncio.gather(lesson, return_exceptions=True)


async def test_a_server_that_is_not_there_leaves_it_to_the_next() -> None:
    before = fallbacks("unreachable")
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as nobody:
        eta = OsrmEta(nobody, CIRCLE, as_estimated, Watch())
        assert await eta.seconds([LEG]) == await CIRCLE.seconds([LEG])
    assert fallbacks("unreachable") == before + 1


async def test_a_server_that_fails_is_left_alone_and_tried_again(server: httpx.AsyncClient) -> None:
    watch = Watch()
    eta = OsrmEta(server, CIRCLE, as_estimated, watch)
    await server.post("/fault", params={"kind": "error"})
    for _ in range(FAILURES):
        await eta.trip(A, B)
    asked = (await server.get("/asked")).text
    at_rest = fallbacks("at_rest")
    assert await eta.trip(A, B) == await CIRCLE.trip(A, B)
    assert await eta.seconds([LEG]) == await CIRCLE.seconds([LEG])
    assert (await server.get("/asked")).text == asked
    assert fallbacks("at_rest") == at_rest + 2
    await server.post("/fault", params={"kind": "none"})
    watch.now += REST_SECONDS
    assert await eta.trip(A, B) != await CIRCLE.trip(A, B)
    assert await eta.seconds([LEG]) != await CIRCLE.seconds([LEG])


def test_of_those_that_come_while_it_is_tried_again_only_the_first_passes() -> None:
    breaker = Breaker(2, 10.0)
    breaker.failed(0.0)
    assert breaker.lets_through(0.0)
    breaker.failed(1.0)
    assert not breaker.lets_through(10.9)
    assert breaker.lets_through(11.0)
    assert not breaker.lets_through(11.0)
    breaker.succeeded()
    assert breaker.lets_through(11.0)
