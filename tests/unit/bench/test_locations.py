"""What the benchmark of locations promises, and the peer that it stands beside."""

import socket
import threading

from jitney.bench.locations import LEAST_RATIO, Found, result_of
from jitney.bench.redis_pipeline import command, run_pipelines


def found(service: float, peer: float) -> Found:
    sizes = (100, 20, 1)
    return Found(
        service={size: [service] for size in sizes},
        peer={size: [peer] for size in sizes},
        cpu_micros={size: [1.0] for size in sizes},
        rest=[1.0],
        many=[1.0],
        snapshot_millis={20_000: 10.0},
    )


def test_both_the_rate_and_the_share_of_the_peer_are_promised() -> None:
    assert result_of(found(50_000, 100_000)).met
    assert not result_of(found(39_000, 100_000)).met
    assert not result_of(found(50_000, 50_000 / LEAST_RATIO + 1_000)).met


def test_a_command_is_written_as_redis_reads_it() -> None:
    assert command(b"HSET", b"k", b"\r\n") == b"*3\r\n$4\r\nHSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n"


def test_a_pipeline_waits_for_all_of_its_answers_before_the_next() -> None:
    sent: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"+OK\r\n")
                for _ in range(2):
                    sent.append(connection.recv(1_000))
                    connection.sendall(b":1\r\n")
                    connection.sendall(b":0\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        host, port = server.getsockname()
        run_pipelines(host, port, "secret", [[b"first", b"second"]], depth=2)
        thread.join()
    assert sent == [b"first", b"second"]
