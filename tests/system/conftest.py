"""One stack for all tests that leave it in order."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from chassis.poolers import Pooler
from jitney.chaos.hurried_city import write_hurried_city
from jitney.stack.databases import SERVICES
from tests.integration.conftest import postgres
from tests.integration.embedded import TestPostgres
from tests.integration.pgbouncer import pgbouncer
from tests.system.people import Town, town
from tests.system.stack import Stack
from tests.system.telemetry import TraceReceiver, receiving

__all__ = ["postgres"]

# Whoever waits in these tests waits seconds, not minutes.
_SHORT = {
    "quote_seconds = 300": "quote_seconds = 30",
    "late_accept_seconds = 10": "late_accept_seconds = 0",
    "free_cancel_seconds = 120": "free_cancel_seconds = 1",
    "no_show_wait_seconds = 300": "no_show_wait_seconds = 1",
    "min_ahead_seconds = 1800": "min_ahead_seconds = 1",
    "hold_lead_seconds = 3600": "hold_lead_seconds = 6",
    "remind_lead_seconds = 2700": "remind_lead_seconds = 5",
    "search_lead_seconds = 1800": "search_lead_seconds = 4",
    "search_margin_seconds = 180": "search_margin_seconds = 1",
    "driver_consent_seconds = 1200": "driver_consent_seconds = 900",
    "tick_seconds = 2.0": "tick_seconds = 0.5",
    # All tests ask from a few corners: what would be a rush there is none.
    "least_requests = 8": "least_requests = 1000",
}
_HURRIED = {
    **_SHORT,
    "offer_seconds = 15": "offer_seconds = 8",
    "search_window_seconds = 300": "search_window_seconds = 20",
}
# Whoever answers by hand does so in a process that may stand still for a while, on a machine with much else to do.
_PATIENT = {
    **_SHORT,
    "offer_seconds = 15": "offer_seconds = 120",
    "search_window_seconds = 300": "search_window_seconds = 120",
}
# Around HURRIED_PLACE of people.py, far from where everybody else drives.
_ELSEWHERE = {
    'city = "san_francisco"': 'city = "lake_tahoe"',
    'name = "San Francisco Bay"': 'name = "Lake Tahoe"',
    "[37.20, -122.80]": "[38.80, -120.40]",
    "[38.10, -122.80]": "[39.40, -120.40]",
    "[38.10, -121.70]": "[39.40, -119.80]",
    "[37.20, -121.70]": "[38.80, -119.80]",
}


def hurried_city(folder: Path) -> Path:
    """Write the packaged city's policy with short times: for crowds, of whom some always come too late."""
    return write_hurried_city(folder, _HURRIED)


def patient_city(folder: Path) -> Path:
    """Write it with short times but for those in which a driver is found: for people who do what a test says."""
    return write_hurried_city(folder, _PATIENT)


def patient_and_hurried_city(folder: Path) -> Path:
    """Write both, as two cities: tests of offers and searches that nobody answers need not wait in the second."""
    cities = folder / "cities"
    cities.mkdir()
    patient_city(folder).rename(cities / "patient.toml")
    write_hurried_city(folder, {**_HURRIED, **_ELSEWHERE}).rename(cities / "hurried.toml")
    return cities


@pytest.fixture(scope="session")
def traces() -> Iterator[TraceReceiver]:
    """Where the stack's processes send their spans: of what is asked for in a sampled trace, and of nothing else."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def through_a_pooler(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """What makes the shared stack use a pgbouncer: nothing, unless TESTS_POOLER names the way to speak to one."""
    chosen = os.environ.get("TESTS_POOLER", "")
    if not chosen:
        yield {}
        return
    cluster: TestPostgres = request.getfixturevalue("postgres")
    direct = {f"JITNEY_{service.upper()}_DATABASE_URL": cluster.empty(service) for service in SERVICES}
    with pgbouncer(direct, Pooler(chosen)) as urls:
        yield {**urls, "JITNEY_DATABASE_POOLER": chosen}


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, traces: TraceReceiver, through_a_pooler: dict[str, str]
) -> Iterator[Stack]:
    """A running stack with a city where offers wait for whoever answers, and one in a hurry."""
    folder = tmp_path_factory.mktemp("stack")
    running = Stack(
        folder,
        JITNEY_MATCHING_CITY_FILE=str(patient_and_hurried_city(folder)),
        JITNEY_OTLP_ENDPOINT=traces.url,
        OTEL_BSP_SCHEDULE_DELAY="200",
        JITNEY_NOTIFICATION_WEBHOOKS_TO_PRIVATE_ADDRESSES="true",
        # A payment that a deadline cut off is taken up after the lease: before a client has asked again for too long.
        JITNEY_PAYMENT_LEASE_SECONDS="8.5",
        **through_a_pooler,
    )
    try:
        running.start()
        yield running
    finally:
        running.discard()


@pytest.fixture
async def people(stack: Stack) -> AsyncGenerator[Town]:
    """The town of the shared stack."""
    async with town(stack) as opened:
        yield opened
