"""`jitney up` from nothing to healthy and back to nothing, and what its commands say."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import grpc
import httpx
import psutil
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from ridesharing.common.v1 import access_pb2
from tests.system.people import Town, town
from tests.system.stack import Stack

pytestmark = pytest.mark.system

PROCESSES = {"postgres", "redis", "sandbox", "identity", "matching", "payment", "notification", "rest", "stream"}
CONTRACTS = {
    "identity": {"ridesharing.identity.v1.IdentityService"},
    "matching": {
        "ridesharing.matching.v1.RideService",
        "ridesharing.matching.v1.DriverService",
        "ridesharing.matching.v1.DispatchOperatorService",
    },
    "payment": {"ridesharing.payment.v1.PaymentService"},
    "notification": {"ridesharing.notification.v1.NotificationService"},
}
_OPEN_TO_ALL = ("grpc.health.", "grpc.reflection.")


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as a newcomer has it: the packaged city, no setting but the ports."""
    stack = Stack(tmp_path_factory.mktemp("newcomer"))
    try:
        stack.start()
        yield stack
    finally:
        stack.discard()


@pytest.fixture
async def people(newcomer: Stack) -> AsyncGenerator[Town]:
    """The town of the newcomer's stack."""
    async with town(newcomer) as opened:
        yield opened


def test_all_processes_are_healthy_and_listen_to_this_machine_alone(newcomer: Stack) -> None:
    newcomer.wait_until_healthy()
    status = newcomer.status()
    assert {process["name"] for process in status["processes"]} == {*PROCESSES, "supervisor"}
    assert status["state"] == "healthy"
    assert {process["restarts"] for process in status["processes"]} == {0}
    listening = {address for process in newcomer.family() for address in _listens_at(process)}
    assert {str(address) for address in listening if not address.is_loopback} == set()
    assert listening


def test_a_second_stack_on_the_same_data_is_refused_plainly(newcomer: Stack) -> None:
    second = newcomer.jitney("up", "--data", str(newcomer.data))
    assert second.returncode == 1
    assert "running already" in second.stderr
    assert "Traceback" not in second.stderr
    newcomer.wait_until_healthy()


def test_a_taken_port_is_named_with_the_setting_that_moves_it(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    host, port = stack.addresses["JITNEY_REST_LISTEN"].split(":")
    with socket.create_server((host, int(port))):
        refused = stack.jitney("up", "--data", str(stack.data))
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert "JITNEY_REST_LISTEN" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (stack.data / "postgres").exists()


async def test_an_operators_token_from_the_command_line_opens_the_operators_interface(people: Town) -> None:
    made = await asyncio.to_thread(people.stack.jitney, "token", "--role", "operator", "--data", str(people.stack.data))
    summary = await people.api.call(
        "GET",
        "/v1/operator/rides/summary",
        token=made.stdout.strip(),
        params={"since": datetime.now(UTC).isoformat()},
    )
    assert summary["double_assignment_count"] == 0


@pytest.mark.parametrize("service", CONTRACTS)
def test_reflection_lists_the_contracts_and_no_method_answers_a_stranger(newcomer: Stack, service: str) -> None:
    with grpc.insecure_channel(newcomer.addresses[f"JITNEY_{service.upper()}_LISTEN"]) as channel:
        reflection = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(reflection)
        names = set(reflection.get_services())
        assert CONTRACTS[service] <= names
        answers = {
            method.full_name: _ask_as_a_stranger(channel, method)
            for name in sorted(names)
            if not name.startswith(_OPEN_TO_ALL)
            for method in pool.FindServiceByName(name).methods
            if not _is_for_strangers(method)
        }
    assert answers
    assert {name: code for name, code in answers.items() if code is not grpc.StatusCode.UNAUTHENTICATED} == {}


def test_a_simulated_city_keeps_its_promises(newcomer: Stack) -> None:
    ended = newcomer.jitney(
        *("simulate", "--minutes", "12", "--speed", "16", "--drivers", "60", "--rides-per-minute", "6", "--json"),
        *("--matching-target", newcomer.matching_target, "--keys", str(newcomer.data / "keys")),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(ended.stdout)
    assert report["broken_promises"] == []
    # So many that no single ride decides.
    assert report["with_a_driver_near"] > 30
    assert report["completed_with_a_driver_near"] >= 0.95 * report["with_a_driver_near"]
    assert report["postings_sum_minor"] == {"USD": 0}
    assert (report["double_assignment_count"], report["unsettled_payment_count"]) == (0, 0)
    # What is told of dispatch: all rides were looked at, and drivers' own books were read.
    assert 0 < report["offer_to_accept_p50_seconds"] <= report["offer_to_accept_p95_seconds"]
    assert report["offers_heard"] > report["completed"] / 2
    assert report["empty_seconds_a_trip"] > 0
    assert 0 < report["earnings_gini"] < 1
    assert report["earning_drivers"] == 60


async def test_ctrl_c_leaves_no_process_and_a_second_start_takes_the_data_up(newcomer: Stack) -> None:
    async with town(newcomer) as people:
        rider = await people.rider()
        ride_id = await rider.request()
        await rider.cancel(ride_id)
        before = await rider.settled(ride_id)
        family = newcomer.family()
        assert len(family) > len(PROCESSES)
        assert await asyncio.to_thread(newcomer.stop) == 0
        assert [process for process in family if process.is_running()] == []
        assert _processes_of(newcomer) == []
        with pytest.raises(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                await client.get(f"{newcomer.rest_url}/healthz")
        await asyncio.to_thread(newcomer.start)
        assert await rider.ride(ride_id) == before


def _listens_at(process: psutil.Process) -> set[IPv4Address | IPv6Address]:
    try:
        connections = process.net_connections("inet")
    except psutil.NoSuchProcess:
        return set()  # a connection's process of PostgreSQL that was over by then
    return {_plain(connection.laddr.ip) for connection in connections if connection.status == psutil.CONN_LISTEN}


def _plain(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_for_strangers(method: MethodDescriptor) -> bool:
    # The descriptor comes from the service over the wire; its options are read with the extension that we know.
    options = method.GetOptions()
    access = options.Extensions[access_pb2.access]
    return access_pb2.ROLE_ANONYMOUS in access.roles


def _ask_as_a_stranger(channel: grpc.Channel, method: MethodDescriptor) -> grpc.StatusCode | None:
    path = f"/{method.containing_service.full_name}/{method.name}"
    try:
        if method.client_streaming:
            list(channel.stream_stream(path)(iter([b""]), timeout=60))
        elif method.server_streaming:
            list(channel.unary_stream(path)(b"", timeout=60))
        else:
            channel.unary_unary(path)(b"", timeout=60)
    except grpc.RpcError as error:
        return error.code() if isinstance(error, grpc.Call) else None
    return None


def _processes_of(stack: Stack) -> list[str]:
    """Return the processes that name the stack's data folder in their command line, environment or working folder."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            traces = [*process.cmdline(), *process.environ().values(), process.cwd()]
        except psutil.Error:
            continue
        if any(str(stack.data) in trace for trace in traces):
            found.append(f"{process.name()} {process.pid}")
    return found
