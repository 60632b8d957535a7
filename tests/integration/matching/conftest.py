"""An empty database, and the service as it is put together, for the files of tests that ask for one."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from chassis.auth import TokenSigner
from chassis.clients import open_channel
from chassis.database import Database
from jitney.chaos.hurried_city import write_hurried_city
from matching_service.settings import MatchingSettings
from shared_kernel.ids import Uuid7Source
from tests.fakes.matching_servers import FakeIdentityServer, FakePaymentServer, serving
from tests.integration.embedded import TestPostgres
from tests.integration.matching.stage import open_database
from tests.integration.matching.whole_service import Running, running_service


@pytest.fixture(scope="module")
async def shared_database(
    postgres: TestPostgres, migrated_postgres_url: Callable[[str], str]
) -> AsyncGenerator[tuple[Database, Callable[[], Awaitable[None]]]]:
    """One database for the tests of a file, and what empties it."""
    url = migrated_postgres_url("matching")
    async with open_database(url) as database, postgres.emptying(url) as empty:
        yield database, empty


@pytest.fixture
async def database(shared_database: tuple[Database, Callable[[], Awaitable[None]]]) -> Database:
    """A database with nothing in it."""
    database, empty = shared_database
    await empty()
    return database


@pytest.fixture(scope="module")
async def service(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Running]:
    """The service, with identity and payment imitated over gRPC; its offers wait for those who are slow."""
    city = write_hurried_city(tmp_path_factory.mktemp("city"), {"offer_seconds = 15": "offer_seconds = 120"})
    payment, identity = FakePaymentServer(), FakeIdentityServer()
    async with serving(jwks_file, payment=payment, identity=identity) as target:
        settings = MatchingSettings(
            redis_url=redis_url_for(9),
            jwks_file=jwks_file,
            signing_keys_dir=signing_keys,
            matching_database_url=migrated_postgres_url("matching"),
            matching_city_file=city,
            identity_target=target,
            payment_target=target,
        )
        async with running_service(settings) as address, open_channel(str(address)) as channel:
            redis = Redis.from_url(settings.redis_url)
            signer = TokenSigner.from_dir(signing_keys, "cli")
            yield Running(channel, redis, signer, payment, identity, Uuid7Source())
            await redis.aclose()
