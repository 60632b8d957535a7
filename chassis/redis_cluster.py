"""A client of a Redis Cluster that behaves as that of one server does: bounded, with errors of the same family.

redis-py's own raises errors outside of `RedisError` where the Cluster is in trouble, fails at once where all
connections are busy, asks the server which of a stream read's words are keys, and never looks at the topology again
after a pipeline has failed; and it asks for a slot that is moving over two connections, of which one has no leave to.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from redis.asyncio.cluster import ClusterNode, ClusterPipeline, PipelineCommand, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisClusterException, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chassis.redis_urls import RedisPlace

_STREAM_READS = ("XREAD", "XREADGROUP")
_PING_NODES = 3
_LOOK_SECONDS = 0.25
_REDIRECTIONS = 8
_TRY_AGAIN_SECONDS = 0.05


class ClusterClient(RedisCluster):
    """Commands and pipelines over all masters; each command's keys lie in one slot, those of a pipeline need not."""

    def __init__(
        self,
        place: RedisPlace,
        connection_class: type[Any],
        *,
        max_connections: int,
        wait_seconds: float,
        retries: int,
        options: dict[str, Any],
    ) -> None:
        """Make a client; nothing is connected yet.

        Args:
            place: which nodes to begin with, and how to get in.
            connection_class: of all connections.
            max_connections: how many commands go to one node at once, and how many pipelines are sent at once.
            wait_seconds: how long a command waits while that many are under way.
            retries: how often a command is sent again after its connection broke.
            options: of each connection.
        """
        super().__init__(
            startup_nodes=cast("Any", [ClusterNode(host, port) for host, port in place.nodes]),
            # A pipeline takes a connection of each node; the topology is asked for over one more.
            max_connections=2 * max_connections + 1,
            # While some slots are without a master the others go on.
            require_full_coverage=False,
            # Those that were named stay known: they may be names that lead to nodes with new addresses.
            dynamic_startup_nodes=False,
            reinitialize_steps=1,
            retry=Retry(NoBackoff(), 0),
            **{**place.access, **options},
        )
        self._tries = retries + 1
        self._looked_at = 0.0
        self._wait_seconds = wait_seconds
        self._permits: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(max_connections))
        self._pipelines = asyncio.Semaphore(max_connections)
        self.connection_kwargs["connection_class"] = connection_class
        for node in self.nodes_manager.startup_nodes.values():
            node.connection_class = connection_class

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command to the node of its key; once more where its connection broke or its slot has moved away."""
        for left in reversed(range(self._tries)):
            try:
                return await super().execute_command(*args, **options)
            except RedisClusterException as error:
                self.look_again()
                raise RedisConnectionError(str(error)) from error
            except (RedisConnectionError, RedisTimeoutError, ClusterDownError):
                self.look_again()
                if not left:
                    raise
        raise AssertionError("there is one try at least")

    def pipeline(self, transaction: bool | None = None, shard_hint: Any = None) -> Any:  # noqa: ARG002 (not ours)
        """Make a pipeline; its commands keep their order on each node."""
        if transaction:
            raise ValueError("what must happen as a whole is a script here: a transaction needs a slot of its own")
        return _Pipeline(self)  # pyright: ignore[reportAbstractUsage] (so is redis-py's own)

    async def ping(self, **_: Any) -> bool:
        """Ask a few nodes: the Cluster is there while one of them is."""
        await self._initialized()
        failure: Exception = RedisConnectionError("no node of the Redis Cluster is known")
        for node in self.get_nodes()[:_PING_NODES]:
            try:
                return bool(await node.execute_command("PING"))
            except (RedisConnectionError, RedisTimeoutError, OSError) as error:
                failure = error
                self.look_again()
                self.nodes_manager.move_node_to_end_of_cached_nodes(node.name)
        raise failure

    async def aclose(self) -> None:
        """Close all connections, also where the topology was about to be asked for again."""
        self._initialize = False
        await super().aclose()

    def look_again(self) -> None:
        """Have the topology asked for before the next command; not more often than a few times a second.

        It is a long answer to read, and in an outage every command would ask for it.
        """
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._initialize = True

    @asynccontextmanager
    async def pipeline_turn(self) -> AsyncGenerator[None]:
        """Wait for one of so many pipelines to end, and for the topology."""
        async with self._turn(self._pipelines):
            await self._initialized()
            yield

    async def _initialized(self) -> None:
        try:
            await self.initialize()
        except RedisClusterException as error:
            raise RedisConnectionError(str(error)) from error

    async def _execute_command(self, target_node: Any, *args: Any, **options: Any) -> Any:
        # By node: a node that does not answer keeps nobody from the others.
        async with self._turn(self._permits[target_node.name]):
            for _ in range(_REDIRECTIONS):
                try:
                    return await target_node.execute_command(*args, **options)
                except MovedError as error:
                    # One slot is known now; what else has moved is asked for before the next command.
                    await self.nodes_manager.move_slot(error)
                    target_node = await self._node_of(error)
                    self.look_again()
                except AskError as error:
                    return await self._asking(error, args, options)
                except TryAgainError:
                    await asyncio.sleep(_TRY_AGAIN_SECONDS)
                except (RedisConnectionError, RedisTimeoutError):
                    target_node.update_active_connections_for_reconnect()
                    await target_node.disconnect_free_connections()
                    self.nodes_manager.move_node_to_end_of_cached_nodes(target_node.name)
                    raise
        raise RedisConnectionError("a slot of the Redis Cluster is nowhere to be found")

    async def _asking(self, error: AskError, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """Ask the node that a slot is moving to; the leave to do so goes over the same connection."""
        command = PipelineCommand(1, *args, **options)
        node = await self._node_of(error)
        await node.execute_pipeline([PipelineCommand(0, "ASKING"), command])
        if isinstance(command.result, Exception):
            raise command.result
        return command.result

    async def _node_of(self, error: AskError) -> Any:
        node = self.get_node(error.host, error.port)
        if node is None:
            self.look_again()
            await self._initialized()
            node = self.get_node(error.host, error.port)
        if node is None:
            raise RedisConnectionError("a node of the Redis Cluster is not known yet")
        return node

    async def _determine_slot(self, command: str, *args: Any) -> int:
        if command in _STREAM_READS:
            keys = _stream_keys(args)
            slots = {self.keyslot(key) for key in keys}
            if len(slots) != 1:
                raise RedisConnectionError(f"{command} of streams in {len(slots)} slots")
            return slots.pop()
        return await super()._determine_slot(command, *args)

    @asynccontextmanager
    async def _turn(self, permits: asyncio.Semaphore) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await permits.acquire()
        except TimeoutError:
            raise RedisConnectionError("no connection is free") from None
        try:
            yield
        finally:
            permits.release()


class _Pipeline(ClusterPipeline):
    """Is not sent again as a whole: what has failed may have had its effect on some nodes."""

    def __init__(self, client: ClusterClient) -> None:
        super().__init__(client)
        self._client = client

    async def initialize(self) -> _Pipeline:
        """Do nothing yet: whoever fills a pipeline does not expect it to fail before it is sent."""
        return self

    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> list[Any]:
        """Send all commands, each to its node, and return the answers in their order."""
        try:
            async with self._client.pipeline_turn():
                return await super().execute(raise_on_error, allow_redirections)
        except RedisClusterException as error:
            self._client.look_again()
            raise RedisConnectionError(str(error)) from error
        except (RedisConnectionError, RedisTimeoutError, ClusterDownError, OSError):
            self._client.look_again()
            raise


def _stream_keys(args: Sequence[Any]) -> Sequence[Any]:
    """Return the keys of `… STREAMS key… id…`."""
    words = [bytes(word).upper() if isinstance(word, bytes) else str(word).upper().encode() for word in args[:8]]
    first = words.index(b"STREAMS") + 1
    return args[first : first + (len(args) - first) // 2]
