"""A Redis Cluster of six nodes and a master under three Sentinels, on loopback, with nodes that tests may kill."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, cast

import redis
from redis.cluster import ClusterNode

from jitney.stack.binaries import redis_server
from jitney.stack.launch import Launcher
from jitney.stack.postgres import new_password
from jitney.stack.redis import EmbeddedRedis
from jitney.stack.specs import ProcessSpec

_SLOTS = 16_384
_NODE_TIMEOUT_MILLIS = 1_000
_SERVICE = "rides"
_BUS_OFFSET = 10_000


def until(held: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(redis.RedisError):
            if held():
                return
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


class Node:
    """One server of several."""

    def __init__(self, launcher: Launcher, server: EmbeddedRedis) -> None:
        self._launcher = launcher
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None
        self.address = (server.host, server.port)

    def start(self) -> None:
        """Start it, with what it had before."""
        self._process = self._launcher.start(self._server.spec(), self._server.folder.with_suffix(".log"))
        until(lambda: self.ask("PING"), "a node of Redis answers")

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def ask(self, *words: object) -> Any:
        """Send a command to this server, whatever the others think of it."""
        host, port = self.address
        with redis.Redis(host=host, port=port, password=self._server.password, socket_timeout=60) as client:
            return client.execute_command(*cast("Any", words))

    def is_master(self) -> bool:
        """Tell whether it is one just now."""
        return cast("list[bytes]", self.ask("ROLE"))[0] == b"master"


class SixNodes:
    """Three masters with a third of the slots each, and a replica of each."""

    def __init__(self, nodes: Sequence[Node], password: str) -> None:
        self.nodes = nodes
        self.password = password

    @property
    def url(self) -> str:
        """The setting for it: three of the nodes."""
        named = ",".join("{}:{}".format(*node.address) for node in self.nodes[::2])
        return f"redis+cluster://:{self.password}@{named}"

    def join(self) -> None:
        """Make a Cluster of the started nodes."""
        ids = [cast("bytes", node.ask("CLUSTER", "MYID")).decode() for node in self.nodes]
        masters, replicas = self.nodes[:3], self.nodes[3:]
        for number, node in enumerate(masters):
            slots = range(_SLOTS * number // 3, _SLOTS * (number + 1) // 3)
            node.ask("CLUSTER", "ADDSLOTS", *slots)
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            self.nodes[0].ask("CLUSTER", "MEET", *node.address)
        until(lambda: all(self._known(node) == 6 for node in self.nodes), "all nodes know each other")
        for node, master in zip(replicas, ids[:3], strict=True):
            until(lambda node=node, master=master: node.ask("CLUSTER", "REPLICATE", master), "a replica has its master")
        self.await_health()

    def await_health(self) -> None:
        """Wait until all slots are served and each master has a replica that is in step."""
        until(lambda: all(b"cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in self.nodes), "state is ok")
        until(lambda: sum(node.is_master() for node in self.nodes) == 3, "there are three masters")
        until(lambda: all(_has_replica(node) for node in self.nodes if node.is_master()), "all masters have replicas")

    def rejoin(self, node: Node) -> None:
        """Start a killed node; it becomes a replica by itself."""
        node.start()
        self.await_health()

    def master_of(self, key: str) -> Node:
        """The node that serves a key."""
        with redis.RedisCluster(
            startup_nodes=[ClusterNode(*node.address) for node in self.nodes[:3]], password=self.password
        ) as client:
            found = cast("Any", client.get_node_from_key(key))
        return next(node for node in self.nodes if node.address[1] == found.port)

    def _known(self, node: Node) -> int:
        return sum(b"handshake" not in line for line in cast("bytes", node.ask("CLUSTER", "NODES")).splitlines())


class SentinelTrio:
    """A master and a replica, and three Sentinels that watch them."""

    def __init__(self, nodes: Sequence[Node], sentinels: Sequence[tuple[str, int]], password: str) -> None:
        self.nodes = nodes
        self._sentinels = sentinels
        self._password = password

    @property
    def url(self) -> str:
        """The setting for it."""
        named = ",".join("{}:{}".format(*address) for address in self._sentinels)
        return f"redis+sentinel://:{self._password}@{named}/{_SERVICE}/0"

    def rejoin(self, node: Node) -> None:
        """Start a killed node as a replica; the Sentinels would see to that in some seconds."""
        master = self.master()
        node.start()
        if node is not master:
            node.ask("REPLICAOF", *master.address)
        self.await_health()

    def master(self) -> Node:
        """Whom the Sentinels name."""
        host, port = self._sentinels[0]
        with redis.Redis(host=host, port=port, socket_timeout=2) as sentinel:
            found = cast("Any", sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", _SERVICE))
        return next(node for node in self.nodes if node.address[1] == int(found[1]))

    def await_health(self) -> None:
        """Wait until all Sentinels know each other and the master's replica."""
        until(lambda: all(self._knows_all(address) for address in self._sentinels), "all Sentinels know of all")
        until(lambda: _has_replica(self.master()), "the master has a replica")

    def _knows_all(self, address: tuple[str, int]) -> bool:
        with redis.Redis(host=address[0], port=address[1], socket_timeout=2) as sentinel:
            found = cast("Any", sentinel.execute_command("SENTINEL", "MASTER", _SERVICE))
        state = found if isinstance(found, dict) else dict(zip(found[::2], found[1::2], strict=True))
        told = {_text(name): _text(value) for name, value in state.items()}
        return (told["num-slaves"], told["num-other-sentinels"], told["flags"]) == ("1", "2", "master")


@contextlib.contextmanager
def six_nodes() -> Generator[SixNodes]:
    """A running Cluster in a temporary folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="jitney-test-") as place, Launcher() as launcher:
        password = new_password()
        more = (
            f"masterauth {password}",
            "cluster-enabled yes",
            f"cluster-node-timeout {_NODE_TIMEOUT_MILLIS}",
            "cluster-replica-validity-factor 0",
            "cluster-require-full-coverage no",
            "repl-diskless-sync yes",
            "repl-diskless-sync-delay 0",
        )
        cluster = SixNodes([_node(launcher, Path(place), port, password, more) for port in _ports(6)], password)
        for node in cluster.nodes:
            node.start()
        cluster.join()
        yield cluster
        for node in cluster.nodes:
            node.kill()


@contextlib.contextmanager
def sentinel_trio() -> Generator[SentinelTrio]:
    """Running servers and Sentinels in a temporary folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="jitney-test-") as place, Launcher() as launcher:
        password = new_password()
        first, second, *ports = _ports(5)
        more = (f"masterauth {password}", "repl-diskless-sync yes", "repl-diskless-sync-delay 0")
        nodes = [
            _node(launcher, Path(place), first, password, more),
            _node(launcher, Path(place), second, password, (*more, f"replicaof 127.0.0.1 {first}")),
        ]
        for node in nodes:
            node.start()
        processes = [
            launcher.start(_sentinel(Path(place), port, first, password), Path(place) / f"{port}.log") for port in ports
        ]
        trio = SentinelTrio(nodes, [("127.0.0.1", port) for port in ports], password)
        trio.await_health()
        yield trio
        for process in processes:
            process.kill()
            process.wait()
        for node in nodes:
            node.kill()


def _node(launcher: Launcher, place: Path, port: int, password: str, more: tuple[str, ...]) -> Node:
    server = EmbeddedRedis(place / f"node-{port}", "127.0.0.1", port, password, more)
    server.create()
    return Node(launcher, server)


def _sentinel(place: Path, port: int, master: int, password: str) -> ProcessSpec:
    folder = place / f"sentinel-{port}"
    folder.mkdir()
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f'dir "{folder}"',
        f"sentinel monitor {_SERVICE} 127.0.0.1 {master} 2",
        f"sentinel auth-pass {_SERVICE} {password}",
        f"sentinel down-after-milliseconds {_SERVICE} {_NODE_TIMEOUT_MILLIS}",
        f"sentinel failover-timeout {_SERVICE} 2000",
    )
    configuration = folder / "sentinel.conf"
    configuration.write_text("\n".join(lines) + "\n")
    return ProcessSpec(
        name="sentinel", argv=(str(redis_server()), str(configuration), "--sentinel"), environment={"LC_ALL": "C"}
    )


def _has_replica(master: Node) -> bool:
    role = cast("list[Any]", master.ask("ROLE"))
    return role[0] == b"master" and len(role[2]) > 0


def _ports(count: int) -> list[int]:
    """Free ports with free ones for the Cluster's bus beside them, below those that are given to others."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = random.randrange(11_000, 20_000)
            try:
                for each in (port, port + _BUS_OFFSET):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", each))
            except OSError:
                continue
            found.append(port)
    return found


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
