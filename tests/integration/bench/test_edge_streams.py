"""The crowd of `jitney bench edge` on a stream process: it notices what is missed, and nothing is."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from jitney.bench.edge_streams import Crowd
from tests.integration.edge.processes import edge_process


@pytest.fixture
def crowd_settings(jwks_file: Path, redis_url: str) -> dict[str, object]:
    return {"jwks_file": jwks_file, "redis_url": redis_url}


async def test_nothing_is_missed_while_clients_come_and_go(
    crowd_settings: dict[str, object], redis_url: str, signing_keys: Path, tmp_path: Path
) -> None:
    signer = TokenSigner.from_dir(signing_keys, "identity")
    with edge_process("stream", crowd_settings, tmp_path) as url:
        crowd = Crowd(
            "127.0.0.1",
            int(url.rpartition(":")[2]),
            psutil.Process(),
            lambda account: signer.sign(account, Role.RIDER, 600),
        )
        async with Redis.from_url(redis_url) as redis:
            try:
                await crowd.grow_to(20)
                for _ in range(3):
                    crowd.churn(0.5)
                    await crowd.publish(redis)
                await crowd.settled()
                assert (crowd.missed(), sum(item.resyncs for item in crowd.listeners)) == (0, 0)
                assert max(item.connections for item in crowd.listeners) > 1
                crowd.listeners[0].seen.discard(2)
                assert crowd.missed() == 1
            finally:
                await crowd.leave()
