"""What identity expects of whoever takes over one-time codes; the fake and the gRPC client pass the same suite."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from chassis.auth import TokenSigner
from chassis.clients import open_channel
from identity_service.adapters.notification_client import TIMEOUT_SECONDS, GrpcCodeSender
from identity_service.domain.one_time_codes import OwedCode
from identity_service.use_cases.secret_ports import CodeSender
from jitney.stack.keys import make_signing_keys
from shared_kernel.errors import DomainError, InvalidInput, Unavailable, Unknown
from tests.fakes.identity_code_sender import FakeCodeSender
from tests.fakes.identity_notification_server import RecordingNotifications, notification_server


class Harness(Protocol):
    """A sender and a look at the other side of it."""

    sender: CodeSender

    def fail_with(self, failure: DomainError | None) -> None: ...

    def owed(self) -> Sequence[OwedCode]: ...


class FakeHarness:
    def __init__(self) -> None:
        self._fake = FakeCodeSender()
        self.sender: CodeSender = self._fake

    def fail_with(self, failure: DomainError | None) -> None:
        self._fake.failure = failure

    def owed(self) -> Sequence[OwedCode]:
        return list(self._fake.owed.values())


class GrpcHarness:
    def __init__(self, sender: CodeSender, server: RecordingNotifications) -> None:
        self.sender = sender
        self._server = server

    def fail_with(self, failure: DomainError | None) -> None:
        self._server.failure = failure

    def owed(self) -> Sequence[OwedCode]:
        return [
            OwedCode(
                UUID(request.request_id.removeprefix("otp-")),
                request.phone_number or request.mail_address,
                request.code,
                request.locale,
                request.expire_time.ToDatetime(UTC),
            )
            for request in self._server.owed.values()
        ]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_signing_keys(folder)
    return folder


@asynccontextmanager
async def grpc_sender(
    keys: Path, timeout_seconds: float = 60.0
) -> AsyncGenerator[tuple[CodeSender, RecordingNotifications]]:
    signer = TokenSigner.from_dir(keys, "identity")
    async with notification_server(keys / "jwks.json") as server, open_channel(server.target, signer) as channel:
        yield GrpcCodeSender(channel, lambda to: to.startswith("+1"), timeout_seconds=timeout_seconds), server


@pytest.fixture(params=["fake", "grpc"])
async def harness(request: pytest.FixtureRequest, keys: Path) -> AsyncGenerator[Harness]:
    if request.param == "fake":
        yield FakeHarness()
    else:
        async with grpc_sender(keys) as (sender, server):
            yield GrpcHarness(sender, server)


def nobody_is_called(number: str) -> bool:
    del number
    return False


def a_code() -> OwedCode:
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    return OwedCode(uuid4(), "+14155550100", "042424", "en", expires_at)


async def test_a_code_that_was_handed_over_is_owed_as_it_was_given(harness: Harness) -> None:
    owed = a_code()
    await harness.sender.send(owed)
    assert harness.owed() == [owed]


async def test_the_same_challenge_handed_over_twice_is_owed_once(harness: Harness) -> None:
    owed = a_code()
    await harness.sender.send(owed)
    await harness.sender.send(owed)
    assert harness.owed() == [owed]


async def test_two_challenges_are_owed_apart(harness: Harness) -> None:
    first = a_code()
    second = replace(first, challenge_id=uuid4(), code="171717")
    await harness.sender.send(first)
    await harness.sender.send(second)
    assert harness.owed() == [first, second]


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable("database_unavailable", "the database does not answer"),
        Unknown("commit_unknown", "the connection was lost"),
        InvalidInput("phone_refused", "no SMS can be sent there"),
    ],
    ids=lambda failure: failure.reason,
)
async def test_a_failure_keeps_its_kind_and_reason_and_a_later_attempt_succeeds(
    harness: Harness, failure: DomainError
) -> None:
    owed = a_code()
    harness.fail_with(failure)
    with pytest.raises(type(failure)) as caught:
        await harness.sender.send(owed)
    assert caught.value.reason == failure.reason
    assert harness.owed() == []
    harness.fail_with(None)
    await harness.sender.send(owed)
    assert harness.owed() == [owed]


async def test_a_call_that_takes_too_long_is_unknown_although_the_code_is_owed(keys: Path) -> None:
    async with grpc_sender(keys, TIMEOUT_SECONDS) as (sender, server):
        server.hangs = True
        owed = a_code()
        with pytest.raises(Unknown):
            await sender.send(owed)
        assert await server.wait_for_code(owed.target) == owed.code


async def test_nobody_listening_is_a_failure_to_try_again_after(keys: Path) -> None:
    async with notification_server(keys / "jwks.json") as server:
        target = server.target
    async with open_channel(target, TokenSigner.from_dir(keys, "identity")) as channel:
        with pytest.raises(DomainError) as caught:
            await GrpcCodeSender(channel, nobody_is_called).send(a_code())
        assert caught.value.retryable


async def test_the_call_is_made_as_a_service(keys: Path) -> None:
    async with grpc_sender(keys) as (sender, server):
        await sender.send(a_code())
        assert server.callers == {"identity"}
    async with notification_server(keys / "jwks.json") as server, open_channel(server.target) as channel:
        with pytest.raises(DomainError) as caught:
            await GrpcCodeSender(channel, nobody_is_called).send(a_code())
        assert caught.value.reason == "token_required"


async def test_who_may_be_called_is_said_with_the_code_and_a_mailbox_never_is(keys: Path) -> None:
    async with grpc_sender(keys) as (sender, server):
        for target in ("+14155550100", "+447700900123", "+1@example.org"):
            await sender.send(replace(a_code(), challenge_id=uuid4(), target=target))
        told = {request.phone_number or request.mail_address: request.may_call for request in server.owed.values()}
    assert told == {"+14155550100": True, "+447700900123": False, "+1@example.org": False}
