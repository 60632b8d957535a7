"""The service as a process: its commands, its end, and what its log does not say."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.clients import forward_token, open_channel
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from ridesharing.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from shared_kernel.errors import Unavailable
from tests.fakes.identity_notification_server import notification_server
from tests.integration.embedded import free_port
from tests.integration.identity.conftest import new_phone


async def start(command: str, environment: dict[str, str]) -> Process:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    return await create_subprocess_exec(
        sys.executable, "-m", "identity_service", command, env=inherited | environment, stdout=PIPE, stderr=PIPE
    )


async def until_serving(channel: grpc.aio.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(service=""), wait_for_ready=True, timeout=30)
            except grpc.aio.AioRpcError:
                continue
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
            await asyncio.sleep(0.05)


async def test_it_migrates_serves_and_drains_and_its_log_names_nobody(
    postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str], signing_keys: Path, jwks_file: Path
) -> None:
    async with notification_server(jwks_file) as notifications:
        environment = {
            "JITNEY_IDENTITY_DATABASE_URL": postgres_url("identity_process"),
            "JITNEY_IDENTITY_LISTEN": f"127.0.0.1:{free_port()}",
            "JITNEY_IDENTITY_METRICS_LISTEN": "127.0.0.1:0",
            "JITNEY_IDENTITY_OTP_PEPPER": "11" * 32,
            "JITNEY_IDENTITY_PHONE_KEY": "22" * 32,
            "JITNEY_NOTIFICATION_TARGET": notifications.target,
            "JITNEY_REDIS_URL": redis_url_for(12),
            "JITNEY_JWKS_FILE": str(jwks_file),
            "JITNEY_SIGNING_KEYS_DIR": str(signing_keys),
            "JITNEY_LOG_LEVEL": "debug",
        }
        migration = await start("migrate", environment)
        await asyncio.wait_for(migration.communicate(), 60)
        assert migration.returncode == 0

        phone = new_phone()
        service = await start("serve", environment)
        try:
            async with open_channel(environment["JITNEY_IDENTITY_LISTEN"]) as channel:
                await until_serving(channel)
                stub: Any = IdentityServiceStub(channel)
                notifications.failure = Unavailable("database_unavailable", "not now")
                await stub.RequestOtp(pb.RequestOtpRequest(request_id="one", phone_number=phone))
                notifications.failure = None
                code = await notifications.wait_for_code(phone)  # by the sweep, in real time
                signed_in = await stub.VerifyOtp(
                    pb.VerifyOtpRequest(phone_number=phone, code=code, role=access_pb2.ROLE_RIDER, device_id="device")
                )
                token = forward_token(signed_in.tokens.access_token)
                assert (await stub.GetAccount(pb.GetAccountRequest(), metadata=token)).account.phone_last_digits
        finally:
            service.send_signal(signal.SIGTERM)
            output, log = await asyncio.wait_for(service.communicate(), 60)
        assert service.returncode == 0
        assert output == b""
        lines = [json.loads(line) for line in log.decode().splitlines()]
        assert {"serving", "stopped"} <= {line["message"] for line in lines}
        assert any(line["message"] == "a one-time code is still owed" for line in lines)
        tokens = (signed_in.tokens.refresh_token, signed_in.tokens.access_token)
        secrets = (phone[1:], *tokens, "11" * 32, "22" * 32)
        assert [secret for secret in secrets if secret in log.decode()] == []
        # Alone, because six digits may well stand within an id.
        assert re.search(rf"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])", log.decode()) is None


async def test_missing_settings_are_named_and_end_the_process() -> None:
    process = await start("serve", {})
    _, log = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert {line.split(":")[0] for line in log.decode().splitlines()} == {
        "JITNEY_JWKS_FILE",
        "JITNEY_IDENTITY_DATABASE_URL",
        "JITNEY_IDENTITY_OTP_PEPPER",
        "JITNEY_IDENTITY_PHONE_KEY",
    }
