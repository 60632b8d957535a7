"""The service as a process with a sandbox of its own, for tests of its input."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest

from chassis.auth import Role, TokenSigner
from chassis.clients import open_channel
from jitney.stack.launch import Launcher
from tests.integration.embedded import free_port
from tests.integration.payment.good_input.stage import Stage
from tests.integration.payment.process import PATIENT, WAIT_SECONDS, caller, start
from tests.integration.payment.psp_stage import SECRET
from tests.integration.sandbox.running import SandboxProcess


def environment_of(database_url: str, redis_url: str, jwks_file: Path, sandbox_url: str) -> dict[str, str]:
    """Return the settings of the service."""
    return {
        "JITNEY_PAYMENT_DATABASE_URL": database_url,
        "JITNEY_PAYMENT_LISTEN": f"127.0.0.1:{free_port()}",
        "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
        "JITNEY_PAYMENT_PSP_URL": f"{sandbox_url}/psp",
        "JITNEY_PAYMENT_PSP_API_KEY": "sk_test_sandbox",
        "JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": SECRET,
        "JITNEY_PAYMENT_SWEEP_SECONDS": "0.1",
        "JITNEY_PAYMENT_RECONCILIATION_HOUR": "23",
        "JITNEY_PAYMENT_PAYOUT_SCHEDULE": "off",
        "JITNEY_REDIS_URL": redis_url,
        "JITNEY_JWKS_FILE": str(jwks_file),
    } | PATIENT


@asynccontextmanager
async def stage(environment: dict[str, str], keys: Path) -> AsyncGenerator[Stage]:
    """Run the service; at its end it has told of no error of its own."""
    service = await start("serve", environment)
    url, key = environment["JITNEY_PAYMENT_PSP_URL"], environment["JITNEY_PAYMENT_PSP_API_KEY"]
    reading = asyncio.create_task(service.communicate())
    address = environment["JITNEY_PAYMENT_LISTEN"]
    cli, matching = (TokenSigner.from_dir(keys, issuer) for issuer in ("cli", "matching"))
    signers = {role: matching if role is Role.SERVICE else cli for role in Role}
    try:
        async with (
            caller(address, keys),
            open_channel(address) as channel,
            asyncpg.create_pool(environment["JITNEY_PAYMENT_DATABASE_URL"], min_size=1, max_size=2) as database,
            httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=WAIT_SECONDS) as psp,
        ):
            yield Stage(channel, signers, database, psp)
    finally:
        if service.returncode is None:
            service.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(reading, WAIT_SECONDS)
    lines = [json.loads(line) for line in log.decode().splitlines()]
    errors = [line for line in lines if line["level"] == "error"]
    assert errors == [], errors[:3]


@pytest.fixture(scope="module")
async def service(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    jwks_file: Path,
    signing_keys: Path,
) -> AsyncGenerator[Stage]:
    """The service as a process, once for all tests of a file; its PSP's money may be spent at once."""
    with Launcher() as launcher:
        process = SandboxProcess(launcher, tmp_path_factory.mktemp("bad_input"))
        own = {"JITNEY_SANDBOX_SETTLEMENT": "manual", "JITNEY_SANDBOX_AVAILABLE_SECONDS": "0"}
        process.spec = replace(process.spec, environment={**process.spec.environment, **own})
        with process.running():
            environment = environment_of(migrated_postgres_url("payment"), redis_url_for(9), jwks_file, process.url)
            async with stage(environment, signing_keys) as it:
                # Payouts come out of what the platform has at the PSP.
                await it.fund_the_platform()
                yield it
