"""A town of real processes: matchers over a PostgreSQL and a Redis, each of which may be killed, stopped, started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import text

from chassis.database import Database
from jitney.stack.checks import answers
from jitney.stack.keys import make_signing_keys
from jitney.stack.launch import Launcher
from jitney.stack.postgres import Cluster, new_password
from jitney.stack.redis import EmbeddedRedis
from jitney.stack.specs import ProcessSpec
from matching_service.adapters.redis_locations import RedisLiveLocations
from matching_service.adapters.shard_cells import shard_of, with_halo
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.shards import preferred_owner
from shared_kernel.clock import SystemClock
from shared_kernel.errors import DomainError
from shared_kernel.geo import GeoPoint
from tests.fakes import matching_stage
from tests.fakes.matching_dispatch import HandClock
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, PICKUP, Stage
from tests.integration.embedded import TestPostgres, free_ports
from tests.integration.matching.stage import open_database, stage_on
from tests.races.ground import middle_of

_PATIENCE_SECONDS = 120.0
_REPORT_SECONDS = 4.0
_QUIET = {"autovacuum": "off"}


Store = tuple[ProcessSpec, subprocess.Popen[bytes]]


@dataclass
class Matcher:
    """One `matching_service work`."""

    name: str
    spec: ProcessSpec
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@dataclass
class Town:
    """The stores, the people and the matchers of seven shards that border each other."""

    folder: Path
    launcher: Launcher
    cluster: Cluster
    redis_server: EmbeddedRedis
    url: str
    database: Database
    redis: Redis
    stage: Stage
    shards: Sequence[str]
    places: dict[str, GeoPoint]
    stores: dict[str, Store]
    matchers: list[Matcher] = field(default_factory=list[Matcher])
    drivers: dict[UUID, GeoPoint] = field(default_factory=dict[UUID, GeoPoint])

    # Processes

    def start_matcher(self) -> Matcher:
        """Start one more."""
        keys = self.folder / "keys"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
        environment |= {
            "JITNEY_REDIS_URL": self.redis_server.url(),
            "JITNEY_JWKS_FILE": str(keys / "jwks.json"),
            "JITNEY_SIGNING_KEYS_DIR": str(keys),
            "JITNEY_MATCHING_DATABASE_URL": self.url,
            "JITNEY_MATCHING_DATABASE_CONNECTIONS": "8",
        }
        name = f"matcher-{len(self.matchers)}"
        spec = ProcessSpec(name, (sys.executable, "-m", "matching_service", "work"), environment)
        matcher = Matcher(name, spec, self.launcher.start(spec, self.folder / f"{name}.log"))
        self.matchers.append(matcher)
        return matcher

    def end(self, matcher: Matcher) -> None:
        """Kill it, if it still lives."""
        matcher.process.kill()
        matcher.process.wait()
        self.launcher.forget(matcher.process)
        self.matchers.remove(matcher)

    async def restart(self, store: str) -> None:
        """Kill a store, `postgres` or `redis`, and start it again."""
        spec, process = self.stores[store]
        process.kill()
        process.wait()
        self.launcher.forget(process)
        self.stores[store] = await _started(self.launcher, spec, self.folder)

    # People

    async def add_drivers(self, count: int) -> None:
        """So many more drivers on shift, a part of them in each shard, some hundred meters from its rides."""
        for number in range(count):
            center = self.places[self.shards[number % len(self.shards)]]
            driver_id = await self.stage.driver()
            north = 0.0005 * (1 + number // len(self.shards))
            self.drivers[driver_id] = GeoPoint(center.latitude + north, center.longitude)

    async def report_locations(self) -> None:
        """All drivers tell where they are."""
        now = SystemClock().now().timestamp()
        positions = [
            DriverPosition(driver_id, at.latitude, at.longitude, now, int(now * 1000), VehicleClass.ECONOMY, 1)
            for driver_id, at in self.drivers.items()
        ]
        if positions:
            await RedisLiveLocations(self.redis).record(positions)

    async def keep_reporting(self) -> None:
        """Do so for ever."""
        while True:
            with contextlib.suppress(DomainError):  # Redis may be away just now
                await self.report_locations()
            await asyncio.sleep(_REPORT_SECONDS)

    async def ride(self, shard: str) -> Ride:
        """A ride that looks for a driver in a shard."""
        rider_id = self.stage.new_id()
        quote = replace(
            await self.stage.quote(rider_id), id=self.stage.new_id(), pickup=Place(self.places[shard], "somewhere")
        )
        await self.stage.quotes.add([quote])
        return await self.stage.request_ride(self.stage.key(), rider_id, quote.id, self.stage.card(), "")

    # What is to be seen

    async def owners(self) -> dict[str, str]:
        """The process id of the owner of each shard whose lease runs."""
        rows = await self._rows(
            "SELECT l.shard, m.name FROM shard_lease l JOIN matcher m ON m.id = l.owner_id"
            " WHERE l.expires_at > clock_timestamp()"
        )
        return {shard: name.rsplit(":", 1)[1] for shard, name in rows}

    async def shards_of(self, matcher: Matcher) -> set[str]:
        """What a matcher owns."""
        return {shard for shard, pid in (await self.owners()).items() if pid == str(matcher.pid)}

    async def first_offers(self, since: datetime) -> dict[str, datetime]:
        """The first offer in each shard since then."""
        rows = await self._rows(
            "SELECT r.shard, min(o.created_at) AS first FROM offer o JOIN ride r ON r.id = o.ride_id"
            " WHERE o.created_at > :since GROUP BY r.shard",
            since=since,
        )
        return {row.shard: row.first for row in rows}

    async def doubles(self) -> list[str]:
        """Rides that were offered twice at a time, drivers who had two offers or rides at a time; none, one hopes."""
        rows = await self._rows(
            "SELECT 'ride ' || a.ride_id FROM offer a JOIN offer b ON b.ride_id = a.ride_id AND b.id > a.id"
            " WHERE tstzrange(a.created_at, a.closed_at) && tstzrange(b.created_at, b.closed_at)"
            " UNION ALL SELECT 'driver ' || a.driver_id FROM offer a JOIN offer b ON b.driver_id = a.driver_id"
            " AND b.id > a.id WHERE tstzrange(a.created_at, a.closed_at) && tstzrange(b.created_at, b.closed_at)"
            " UNION ALL SELECT 'bound ' || ride_id FROM assignment WHERE released_at IS NULL"
            " GROUP BY ride_id HAVING count(*) > 1"
        )
        return [row[0] for row in rows]

    async def count(self, sql: str) -> int:
        """One number."""
        return int((await self._rows(sql))[0][0])

    async def _rows(self, sql: str, **values: Any) -> Sequence[Any]:
        async with self.database.connect() as connection:
            return (await connection.execute(text(sql), values)).all()

    async def until(self, found: Callable[[], Any], what: str) -> None:
        """Look until it is so; AssertionError when that takes too long. A store that is away is asked again."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not await self._is_so(found):  # noqa: ASYNC110 (other processes are looked at; they set no event)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never: {what}\n{self.logs()}") from None

    async def _is_so(self, found: Callable[[], Any]) -> bool:
        try:
            return bool(await found())
        except DomainError as error:
            if not error.retryable:
                raise
            return False

    async def all_shards_are_owned_by(self, matchers: Sequence[Matcher]) -> None:
        """Wait until these alone live and every shard is owned by the one of them whose share it is."""
        pids = {str(each.pid) for each in matchers}

        async def so() -> bool:
            rows = await self._rows("SELECT id, name FROM matcher WHERE expires_at > clock_timestamp()")
            pid_by_id = {row.id: row.name.rsplit(":", 1)[1] for row in rows}
            owner_by_shard = {shard: preferred_owner(shard, pid_by_id) for shard in self.shards}
            share = {shard: pid_by_id[owner] for shard, owner in owner_by_shard.items() if owner is not None}
            return set(pid_by_id.values()) == pids and await self.owners() == share

        await self.until(so, f"the shards are shared among {sorted(pids)}: {await self.owners()}")

    def logs(self) -> str:
        """The last words of the matchers."""
        files = sorted(self.folder.glob("matcher-*.log"))
        return "\n".join(f"{file.name}: {line}" for file in files for line in file.read_text().splitlines()[-5:])


@asynccontextmanager
async def town(offer_seconds: int = 600) -> AsyncGenerator[Town]:
    """A town without matchers and drivers yet; an offer stands for so long."""
    dispatch = replace(CITY.dispatch, offer_seconds=offer_seconds)
    with (
        tempfile.TemporaryDirectory(prefix="jitney-town-") as place,
        Launcher() as launcher,
        patch.object(matching_stage, "CITY", replace(CITY, dispatch=dispatch)),
    ):
        folder = Path(place)
        folder.chmod(0o711)  # noqa: ASYNC240 (where we are root, PostgreSQL runs as somebody else)
        postgres_port, redis_port = free_ports(2)
        cluster = Cluster(folder / "postgres", "127.0.0.1", postgres_port, new_password(), _QUIET)
        cluster.create()
        redis_server = EmbeddedRedis(folder / "redis", "127.0.0.1", redis_port, new_password())
        redis_server.create()
        make_signing_keys(folder / "keys")
        stores: dict[str, Store] = {}
        try:
            for name, spec in (("postgres", cluster.spec()), ("redis", redis_server.spec())):
                stores[name] = await _started(launcher, spec, folder)
            url = TestPostgres(cluster).migrated("matching")
            async with AsyncExitStack() as stack:
                database = await stack.enter_async_context(open_database(url))
                redis = await stack.enter_async_context(Redis.from_url(redis_server.url()))
                clock = cast("HandClock", SystemClock())
                shards = sorted(with_halo([shard_of(PICKUP.point)], 1))
                town = Town(
                    folder,
                    launcher,
                    cluster,
                    redis_server,
                    url,
                    database,
                    redis,
                    stage_on(database, FakePayments(), clock),
                    shards,
                    _places(shards),
                    stores,
                )
                reporting = asyncio.create_task(town.keep_reporting())
                try:
                    yield town
                finally:
                    reporting.cancel()
                    for matcher in list(town.matchers):
                        town.end(matcher)
        finally:
            for spec, process in stores.values():
                launcher.stop(process, spec)
            cluster.erase()


async def _started(launcher: Launcher, spec: ProcessSpec, folder: Path) -> Store:
    process = launcher.start(spec, folder / f"{spec.name}.log")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await answers(spec.ready or ""):  # noqa: ASYNC110 (another process is asked)
            await asyncio.sleep(0.02)
    return spec, process


def _places(shards: Sequence[str]) -> dict[str, GeoPoint]:
    """A pickup in each shard, a third of the way from its middle to the middle of them all: near the borders."""
    center, places = middle_of(shard_of(PICKUP.point)), dict[str, GeoPoint]()
    for shard in shards:
        own = middle_of(shard)
        places[shard] = GeoPoint(
            own.latitude + (center.latitude - own.latitude) * 0.4,
            own.longitude + (center.longitude - own.longitude) * 0.4,
        )
        if shard_of(places[shard]) != shard:
            raise ValueError(f"{places[shard]} does not lie in {shard}")
    return places
