"""Is it ready? One question to one process, answered within about a second and never with an error.

What is asked is a URL: `grpc://host:port` (the health service), `http://host:port/path` (200), `redis://...` or another
one of `chassis.redis_urls` (PING), or `postgresql://...` (a connection). Where services show certificates to each other
(`JITNEY_TLS_*`), whoever asks them shows one too.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from importlib import import_module
from urllib.parse import SplitResult, unquote, urlsplit

_ANSWER_SECONDS = 1
_GRPC = ("grpc.aio", "grpc_health.v1.health_pb2", "chassis.tls")
_REDIS = ("redis.exceptions", "chassis.redis_client")
_ASKS_WITH = {"grpc": _GRPC, "postgresql": ("asyncpg",), "http": (), "redis": ()}


def prepare_to_ask(urls: Iterable[str]) -> None:
    """Load what questions asked side by side need: loaded in their midst it would take of each one's second.

    Who asks again and again until a process is there has no need of this.
    """
    for scheme in {urlsplit(url).scheme for url in urls}:
        for name in _ASKS_WITH.get(scheme, _REDIS):
            import_module(name)


async def answers(url: str) -> bool:
    """True if the process behind `url` is ready."""
    parts = urlsplit(url)
    match parts.scheme:
        case "grpc":
            return await _grpc_answers(parts)
        case "http":
            return await _http_answers(parts)
        case "redis":
            return await _redis_answers(parts)
        case "postgresql":
            return await _postgres_answers(url)
        case scheme if scheme.startswith(("redis", "unix")):
            return await _redis_kind_answers(url)
        case _:
            raise ValueError(f"no question is known for {parts.scheme}")


async def _postgres_answers(url: str) -> bool:
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=_ANSWER_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        # It answered, whether or not it says good-bye in time; asyncpg breaks off by itself then.
        await connection.close(timeout=_ANSWER_SECONDS)
    return True


async def _redis_answers(parts: SplitResult) -> bool:
    request = b"PING\r\n"
    if parts.password:
        request = f"AUTH {unquote(parts.password)}\r\n".encode() + request
    answer = await _exchange(parts, request, until=b"PONG\r\n")
    return answer.endswith(b"+PONG\r\n")


async def _redis_kind_answers(url: str) -> bool:
    from redis.exceptions import RedisError

    from chassis.redis_client import awaited, open_redis

    redis = open_redis(url, timeout_seconds=_ANSWER_SECONDS)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return bool(await awaited(redis.ping()))
    except (RedisError, OSError, TimeoutError):
        return False
    finally:
        await redis.aclose()


async def _http_answers(parts: SplitResult) -> bool:
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
    answer = await _exchange(parts, request, until=b"\r\n")
    return answer.split(b" ", 2)[1:2] == [b"200"]


async def _grpc_answers(parts: SplitResult) -> bool:
    if not await _listens(parts):
        return False  # a channel for every question to a process that is still loading would cost more than it does
    import grpc.aio
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

    from chassis.tls import certificates_of

    try:
        certificates = certificates_of()
    except ValueError:
        return False  # midway through a renewal, or a mistake, which the process that is asked tells of
    async with (
        grpc.aio.insecure_channel(parts.netloc)
        if certificates is None
        else grpc.aio.secure_channel(parts.netloc, certificates.current().of_client())
    ) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )
        try:
            answer: HealthCheckResponse = await check(HealthCheckRequest(), timeout=_ANSWER_SECONDS)
        except grpc.aio.AioRpcError:
            return False
    return answer.status == HealthCheckResponse.SERVING


async def _listens(parts: SplitResult) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _exchange(parts: SplitResult, request: bytes, *, until: bytes) -> bytes:
    """Sends bytes and reads until `until` or the end of the stream; nothing at all if that takes too long."""
    received = b""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", parts.port or 80)
            try:
                writer.write(request)
                await writer.drain()
                while until not in received and len(received) < 4096:
                    chunk = await reader.read(1024)
                    if not chunk:
                        break
                    received += chunk
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""
    return received
