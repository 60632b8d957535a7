"""More requests than can be worked on: who is refused, how, and who is not."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask

from chassis.auth import Role
from chassis.urgency import Urgency
from jitney.strain.http_flood import saturate
from jitney.strain.kinds import DEFERRABLE, Flood, Kind
from rider_api.rest.app import make_app, make_edge
from rider_api.rest.gate import Gate
from rider_api.rest.shedding import URGENCY_ATTRIBUTE, Shedding
from rider_api.settings import RestSettings
from tests.integration.edge.backends import Backends
from tests.integration.edge.openapi import Document
from tests.integration.edge.processes import edge_process

Bearer = Callable[..., dict[str, str]]
RIDE = "ride_01h455vb4pex5vsknk084sn02q"
ORIGIN = "https://ops.example.org"


@pytest.fixture
def full(edge_settings: RestSettings, backends: Backends) -> Iterator[Flask]:
    """An application all of whose places are taken, and that has room for one to wait."""
    edge = make_edge(edge_settings.model_copy(update={"rest_cors_origins": ORIGIN}))
    app = make_app(edge)
    # Nobody's patience ends before a test is done, however busy the machine is.
    gate = Gate(1, 1, dict.fromkeys(Urgency, 60.0))
    cast("Shedding", app.wsgi_app).gate = gate
    assert gate.enter(Urgency.TRIP)
    yield app
    edge.backends.close()


def test_who_is_too_much_is_told_when_to_ask_again(full: Flask, bearer: Bearer, document: Document) -> None:
    gate = cast("Shedding", full.wsgi_app).gate
    with ThreadPoolExecutor(1) as crowd:
        waits = crowd.submit(gate.enter, Urgency.TRIP)
        while not gate.waiting:
            threading.Event().wait(0.001)
        answer = full.test_client().get(
            "/v1/rides", headers={**bearer(Role.RIDER), "X-Request-Id": "mine", "Origin": ORIGIN}
        )
        gate.leave()
        assert waits.result(60)

    assert answer.status_code == 503
    assert 1 <= int(answer.headers["Retry-After"]) <= 3
    problem = answer.get_json(force=True)
    assert (problem["code"], problem["retryable"], problem["request_id"]) == ("overloaded", True, "mine")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    document.check("GET", "/v1/rides", 503, answer.mimetype, problem)


def test_trips_wait_for_a_place_while_lists_are_refused(full: Flask, bearer: Bearer) -> None:
    gate = cast("Shedding", full.wsgi_app).gate

    def arrive() -> int:
        answer = full.test_client().post(f"/v1/driver/rides/{RIDE}/arrive", headers=bearer(Role.DRIVER))
        return answer.status_code

    with ThreadPoolExecutor(1) as crowd:
        arriving = crowd.submit(arrive)
        while not gate.waiting:
            threading.Event().wait(0.001)
        assert full.test_client().get("/v1/rides", headers=bearer(Role.RIDER)).status_code == 503
        gate.leave()
        assert arriving.result(60) == 200


def test_health_and_metrics_are_told_whatever_there_is_to_do(full: Flask) -> None:
    client = full.test_client()

    assert client.get("/healthz").status_code == 200
    assert b"edge_shed_total" in client.get("/metrics").data


def test_every_step_of_a_trip_is_refused_last(app: Flask) -> None:
    trips = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], URGENCY_ATTRIBUTE, None) is Urgency.TRIP
    }
    steps = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/driver/rides/<ride_id>/")
        and "POST" in (rule.methods or ())
        and not rule.rule.endswith("/rating")
    }

    assert steps <= trips
    assert {"/v1/driver/locations", "/v1/driver/offers/<offer_id>/accept", "/v1/me/sos"} <= trips


def test_requests_are_counted_by_route_also_when_refused(full: Flask, bearer: Bearer) -> None:
    shedding: Any = full.wsgi_app

    assert shedding._find("GET", f"/v1/rides/{RIDE}") == (Urgency.USUAL, "/v1/rides/<ride_id>")
    assert shedding._find("GET", "/v1/rides/current") == (Urgency.USUAL, "/v1/rides/current")
    assert shedding._find("GET", "/v1/nowhere/at/all") is None
    assert shedding._find("DELETE", "/v1/rides") is None


async def test_process_refuses_lists_and_answers_trips_while_hundreds_ask(
    edge_settings: RestSettings, backends: Backends, tmp_path: Path, bearer: Bearer
) -> None:
    names = ("jwks_file", "signing_keys_dir", "redis_url", "rest_reads_per_minute", "rest_writes_per_minute")
    targets = ("identity_target", "matching_target", "payment_target", "notification_target")
    settings: dict[str, object] = {name: getattr(edge_settings, name) for name in names + targets}
    token = bearer(Role.RIDER)["Authorization"].removeprefix("Bearer ")
    lists = Flood([Kind("lists", DEFERRABLE, 1.0, "GET", "/v1/rides", [token])], 1, 0, 1.5, 250)
    trips: Counter[int] = Counter()
    with edge_process("rest", settings | {"rest_waiting_max": 40}, tmp_path) as url:
        where = urlsplit(url)
        flooding = asyncio.create_task(asyncio.to_thread(saturate, where.hostname or "", where.port or 0, lists))
        async with httpx.AsyncClient(base_url=url, timeout=60) as driver:
            while not flooding.done():
                answer = await driver.post(f"/v1/driver/rides/{RIDE}/arrive", headers=bearer(Role.DRIVER))
                trips[answer.status_code] += 1
    told = (await flooding)["lists"]

    assert set(trips) == {200}
    assert told.answered["503"]
    assert told.answered["200"]
    assert (set(told.answered), told.rude) == ({"200", "503"}, 0)
