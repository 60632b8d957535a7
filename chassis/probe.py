"""Is a process ready? `python -m chassis.probe [--any] [--wait SECONDS] URL...` asks for containers' health checks.

A URL is `grpc://host:port` (the health service must say SERVING; asked by mutual TLS where `JITNEY_TLS_CERT_FILE` and
its like are set), `http://host:port/path` (200) or `tcp://host:port` (somebody listens). Exit code 0 if all answer so,
or any of them with `--any`.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import sys
import time
from urllib.parse import SplitResult, urlsplit

_ANSWER_SECONDS = 4.0
_PERIOD_SECONDS = 0.5


def answers(url: str) -> bool:
    """Tell whether what a URL names is ready; never an error, and within four seconds."""
    parts = urlsplit(url)
    match parts.scheme:
        case "grpc":
            return _grpc_answers(parts)
        case "http":
            return _http_answers(parts)
        case "tcp":
            return _listens(parts)
        case _:
            raise ValueError(f"no question is known for {parts.scheme!r}")


def main(arguments: list[str]) -> int:
    """Ask once, or until it is so; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chassis.probe", description=__doc__)
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--any", action="store_true", help="one of them is enough")
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="how long to go on asking")
    given = parser.parse_args(arguments)
    deadline = time.monotonic() + given.wait
    while True:
        found = [answers(url) for url in given.urls]
        if any(found) if given.any else all(found):
            return 0
        if time.monotonic() >= deadline:
            silent = [url for url, ready in zip(given.urls, found, strict=True) if not ready]
            sys.stderr.write(f"not ready: {', '.join(silent)}\n")
            return 1
        time.sleep(_PERIOD_SECONDS)


def _grpc_answers(parts: SplitResult) -> bool:
    if not _listens(parts):
        return False
    import grpc  # noqa: PLC0415 (half of this program's time; who asks by HTTP need not wait for it)
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse  # noqa: PLC0415

    from chassis.tls import certificates_of  # noqa: PLC0415

    certificates = certificates_of()
    with (
        grpc.insecure_channel(parts.netloc)
        if certificates is None
        else grpc.secure_channel(parts.netloc, certificates.current().of_client())
    ) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )
        try:
            answer = check(HealthCheckRequest(), timeout=_ANSWER_SECONDS)
        except grpc.RpcError:
            return False
    return answer.status == HealthCheckResponse.SERVING


def _http_answers(parts: SplitResult) -> bool:
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_ANSWER_SECONDS)
    try:
        # By its own name: some refuse to be called by another one.
        connection.request("GET", parts.path or "/", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listens(parts: SplitResult) -> bool:
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
