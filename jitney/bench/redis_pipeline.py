"""What redis-benchmark does with `-c CLIENTS -P DEPTH`: each client sends so many commands at once and waits for their
answers. The embedded Redis comes without that program, so this stands for it: the bytes are written beforehand and the
answers only counted, in one thread without an event loop of Python's own.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

_CONNECT_SECONDS = 5.0
_CHUNK = 65_536


@dataclass
class _Client:
    socket: socket.socket
    requests: list[bytes]
    """Pipelines still to be sent, the last one first."""
    awaited: int = 0


def command(*parts: bytes) -> bytes:
    """A command as Redis reads it (RESP)."""
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def run_pipelines(host: str, port: int, password: str, pipelines: Sequence[Sequence[bytes]], depth: int) -> float:
    """Sends every client's pipelines, each of `depth` commands with a one-line answer, one after another.

    Returns:
        The seconds that all of them took together.
    """
    clients = [_Client(_connect(host, port, password), list(reversed(own))) for own in pipelines]
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        began = time.perf_counter()
        waiting = sum(_send(client, depth) for client in clients)
        while waiting:
            for key, _ in selector.select():
                client: _Client = key.data
                client.awaited -= client.socket.recv(_CHUNK).count(b"\n")
                if client.awaited <= 0 and not _send(client, depth):
                    waiting -= 1
        seconds = time.perf_counter() - began
    for client in clients:
        client.socket.close()
    return seconds


def _connect(host: str, port: int, password: str) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(command(b"AUTH", password.encode()))
    answer = connection.recv(_CHUNK)
    if not answer.startswith(b"+OK"):
        raise ConnectionError(f"Redis answered {answer!r}")
    return connection


def _send(client: _Client, depth: int) -> bool:
    if not client.requests:
        return False
    client.socket.sendall(client.requests.pop())
    client.awaited = depth
    return True
