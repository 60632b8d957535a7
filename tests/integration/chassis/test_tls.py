"""Mutual TLS between services: who shows no certificate is refused, and a renewed one is taken up without a restart."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import ValidationError

from chassis import tls
from chassis.auth import TokenSigner, TokenVerifier
from chassis.clients import open_channel, open_sync_channel
from chassis.server import ServiceServer
from chassis.settings import Address, TlsFiles
from chassis.tls import Certificates
from tests.integration.certificates import Authority
from tests.integration.chassis.conftest import settings_for
from tests.integration.chassis.echo import SERVICE, Echo, EchoServicer, EchoStub, register


class Town:
    """A server and the files of two parties."""

    def __init__(self, server: ServiceServer, address: Address, keys: Path, of_server: Path, of_client: Path) -> None:
        self.server = server
        self.address = address
        self.signer = TokenSigner.from_dir(keys, "matching")
        self.of_server = of_server
        self.of_client = of_client

    def certificates(self) -> Certificates:
        """The client's, as a process opens them."""
        return Certificates(TlsFiles(*(self.of_client / name for name in ("tls.crt", "tls.key", "ca.crt"))))

    async def served_serial(self) -> int:
        """The serial number of the certificate that the server shows to a new connection."""
        files = self.of_client
        code = (
            "import ssl, socket, sys\n"
            "context = ssl.create_default_context(cafile=sys.argv[3])\n"
            "context.load_cert_chain(sys.argv[1], sys.argv[2])\n"
            "context.set_alpn_protocols(['h2'])\n"
            "with socket.create_connection(('127.0.0.1', int(sys.argv[4]))) as plain:\n"
            "    with context.wrap_socket(plain, server_hostname='127.0.0.1') as wrapped:\n"
            "        sys.stdout.write(ssl.DER_cert_to_PEM_cert(wrapped.getpeercert(True)))\n"
        )
        arguments = [str(files / name) for name in ("tls.crt", "tls.key", "ca.crt")]
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", code, *arguments, str(self.address.port)],
            capture_output=True,
            check=True,
            timeout=60,
        )
        return x509.load_pem_x509_certificate(done.stdout).serial_number


@pytest.fixture
def authority() -> Authority:
    return Authority("jitney test authority")


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tls, "LOOK_SECONDS", 0.0)
    yield
    tls._opened.cache_clear()  # pyright: ignore[reportPrivateUsage]


@asynccontextmanager
async def serving(authority: Authority, keys: Path, jwks_file: Path, place: Path) -> AsyncGenerator[Town]:
    of_server = authority.issue(place / "server", "matching")
    authority.issue(place / "client", "edge")
    settings = settings_for(
        jwks_file,
        tls_cert_file=of_server.certificate,
        tls_key_file=of_server.key,
        tls_ca_file=of_server.authorities,
        health_listen="127.0.0.1:0",
    )
    server = ServiceServer(settings, TokenVerifier.from_file(jwks_file))
    server.add(register, EchoServicer(), SERVICE)
    task = asyncio.create_task(server.run(Address("127.0.0.1", 0)))
    started = asyncio.create_task(server.started())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    yield Town(server, started.result(), keys, place / "server", place / "client")
    server.stop()
    await asyncio.wait_for(task, 60)


@pytest.fixture
async def tls_town(authority: Authority, signing_keys: Path, jwks_file: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with serving(authority, signing_keys, jwks_file, tmp_path) as town:
        yield town


async def asked(channel: Any) -> str:
    answer = await EchoStub(channel).services(Echo(text="hello"), timeout=60)
    return str(answer.text)


async def refused(channel: Any) -> bool:
    """Whether no call comes through."""
    try:
        await asked(channel)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        await channel.close()
    return False


async def test_services_with_certificates_of_one_authority_talk(tls_town: Town) -> None:
    channel = open_channel(str(tls_town.address), tls_town.signer, tls_town.certificates())
    assert await asked(channel) == "hello"
    await channel.close()


async def test_whoever_shows_no_certificate_or_that_of_a_stranger_is_refused(tls_town: Town, tmp_path: Path) -> None:
    target = str(tls_town.address)
    assert await refused(open_channel(target, tls_town.signer))
    half = grpc.ssl_channel_credentials((tls_town.of_client / "ca.crt").read_bytes())
    assert await refused(grpc.aio.secure_channel(target, half))
    stranger = Authority("stranger").issue(tmp_path / "stranger", "edge")
    stranger.authorities.write_bytes((tls_town.of_client / "ca.crt").read_bytes())
    assert await refused(open_channel(target, tls_town.signer, Certificates(stranger)))


async def test_a_server_of_a_stranger_is_not_spoken_to(tls_town: Town, authority: Authority) -> None:
    files = authority.issue(tls_town.of_client, "edge")
    files.authorities.write_bytes(Authority("another").pem)
    assert await refused(open_channel(str(tls_town.address), tls_town.signer, Certificates(files)))


async def test_a_renewed_certificate_is_taken_up_without_a_restart(
    tls_town: Town, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = tls_town.certificates()
    channel = open_channel(str(tls_town.address), tls_town.signer, certificates)
    assert await asked(channel) == "hello"
    first = await tls_town.served_serial()
    # The authority itself is replaced: what was good before would not be any more.
    fresh = Authority("jitney test authority, renewed")
    both = authority.pem + fresh.pem
    for folder, name in ((tls_town.of_server, "matching"), (tls_town.of_client, "edge")):
        fresh.issue(folder, name).authorities.write_bytes(both)
    with caplog.at_level(logging.INFO, "chassis.tls"):
        assert await tls_town.served_serial() != first
        assert await asked(channel) == "hello"
    assert caplog.text.count("took up a renewed certificate") == 2
    for folder in (tls_town.of_server, tls_town.of_client):
        (folder / "ca.crt").write_bytes(fresh.pem)
    assert await asked(channel) == "hello"
    await channel.close()
    outdated = Certificates(authority.issue(tls_town.of_client.parent / "old", "edge"))
    assert await refused(open_channel(str(tls_town.address), tls_town.signer, outdated))


async def test_threads_take_a_renewed_certificate_up_as_well(tls_town: Town, authority: Authority) -> None:
    certificates = tls_town.certificates()

    def ask(stub: Any) -> str:
        return str(stub.services(Echo(text="hello"), timeout=60).text)

    with open_sync_channel(str(tls_town.address), tls_town.signer, certificates) as channel:
        stub = EchoStub(channel)
        assert await asyncio.to_thread(ask, stub) == "hello"
        number = certificates.current().number
        authority.issue(tls_town.of_client, "edge")
        assert await asyncio.to_thread(ask, stub) == "hello"
        assert certificates.current().number == number + 1


async def test_half_a_renewal_leaves_the_certificate_that_was_good(tls_town: Town, authority: Authority) -> None:
    certificates = tls_town.certificates()
    before = certificates.current()
    key = (tls_town.of_client / "tls.key").read_bytes()
    authority.issue(tls_town.of_client, "edge")
    renewed_key = (tls_town.of_client / "tls.key").read_bytes()
    (tls_town.of_client / "tls.key").write_bytes(key)
    assert certificates.current() == before
    (tls_town.of_client / "tls.crt").write_text("not a certificate")
    assert certificates.current() == before
    authority.issue(tls_town.of_client, "edge")
    assert certificates.current().number == before.number + 1
    assert certificates.current().key != renewed_key


async def test_health_alone_is_told_without_a_certificate(tls_town: Town) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tls_town.server.health_port}") as channel:
        stub = cast("Any", health_pb2_grpc).HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service="liveness"), timeout=60)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await EchoStub(channel).services(Echo(text="hello"), timeout=60)
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_probe_of_containers_shows_the_certificate_of_the_settings(tls_town: Town) -> None:
    names = ("tls.crt", "tls.key", "ca.crt")
    shown: dict[str, str] = dict(zip(tls.SETTINGS, (str(tls_town.of_client / name) for name in names), strict=True))

    async def probe(environment: dict[str, str], *options: str) -> int:
        command = [sys.executable, "-m", "chassis.probe", *options, f"grpc://{tls_town.address}"]
        done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, timeout=60)
        return done.returncode

    assert await asyncio.gather(probe(shown, "--wait", "30"), probe({})) == [0, 1]


def test_half_of_the_settings_is_refused(jwks_file: Path) -> None:
    with pytest.raises(ValidationError, match="all of them or none"):
        settings_for(jwks_file, tls_cert_file=Path("/tls.crt"))


def test_files_that_cannot_be_used_are_named_at_the_start(
    jwks_file: Path, tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    files = authority.issue(tmp_path / "a", "edge")
    files.key.write_bytes(authority.issue(tmp_path / "b", "edge").key.read_bytes())
    settings = settings_for(
        jwks_file, tls_cert_file=files.certificate, tls_key_file=files.key, tls_ca_file=files.authorities
    )
    with pytest.raises(SystemExit) as stopped:
        tls.certificates_for(settings)
    assert stopped.value.code == 2
    assert "the key is not that of the certificate" in capsys.readouterr().err
