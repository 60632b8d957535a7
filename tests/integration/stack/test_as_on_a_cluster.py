"""`jitney up` as a cluster has it: a PostgreSQL and a Redis Cluster that are there, and mutual TLS; rides on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import tls
from chassis.live_entries import stream_key
from jitney.chaos.hurried_city import write_hurried_city
from jitney.stack.databases import SERVICES
from shared_kernel.ids import from_public_id
from tests.integration.certificates import Authority
from tests.integration.redis_kinds import SixNodes, six_nodes
from tests.system.people import Town, town
from tests.system.stack import Stack

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def cluster() -> Iterator[SixNodes]:
    with six_nodes() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: Callable[[str], str], cluster: SixNodes
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("as-on-a-cluster")
    files = Authority("ours").issue(folder / "certificates", "localhost")
    certificates = dict(zip(tls.SETTINGS, map(str, files), strict=True))
    databases = {f"JITNEY_{service.upper()}_DATABASE_URL": postgres_url(service) for service in SERVICES}
    # However long it takes until a replica tells the driver of an offer, it still stands.
    city = write_hurried_city(folder, {"offer_seconds = 15": "offer_seconds = 120"})
    stores = {"JITNEY_REDIS_URL": cluster.url, **databases}
    running = Stack(folder, JITNEY_MATCHING_CITY_FILE=str(city), **stores, **certificates)
    with pytest.MonkeyPatch.context() as environment:
        # Drivers' apps of these tests are within the cluster.
        for name, path in certificates.items():
            environment.setenv(name, path)
        try:
            running.start()
            yield running
        finally:
            assert running.stop() == 0


@pytest.fixture
async def people(stack: Stack) -> AsyncGenerator[Town]:
    async with town(stack) as opened:
        yield opened


def test_stores_that_the_environment_names_are_used_and_none_is_embedded(stack: Stack) -> None:
    stack.wait_until_healthy()
    names = {process["name"] for process in stack.status()["processes"]}
    assert names == {"supervisor", "sandbox", *SERVICES, "rest", "stream"}
    assert not (stack.data / "postgres").exists()
    assert not (stack.data / "redis").exists()


async def test_no_service_speaks_to_who_shows_no_certificate(stack: Stack) -> None:
    for service in SERVICES:
        async with grpc.aio.insecure_channel(stack.addresses[f"JITNEY_{service.upper()}_LISTEN"]) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await health.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_ride_on_a_redis_cluster_goes_on_when_the_master_of_its_drivers_news_dies(
    people: Town, cluster: SixNodes
) -> None:
    rider, driver = await people.rider(), await people.driver()
    first = await rider.request()
    await driver.accept(first)
    account = str(from_public_id("acct", driver.person.account_id))
    victim = await asyncio.to_thread(cluster.master_of, stream_key(account))
    victim.kill()
    # What needs no news goes on, and the news of the next ride come when a replica has taken over.
    await driver.step(first, "arrive")
    await driver.step(first, "start", {"pin": (await rider.ride(first))["start_pin"]})
    await driver.step(first, "complete")
    assert (await rider.settled(first))["payment_state"] == "captured"
    second = await rider.request()
    await driver.accept(second)
    await rider.cancel(second)
    await asyncio.to_thread(cluster.rejoin, victim)
