"""Is it ready? One question to one process, answered within a second and never with an error."""

import asyncio
from urllib.parse import unquote, urlsplit

_ANSWER_SECONDS = 1


async def postgres_answers(url: str) -> bool:
    """True if PostgreSQL lets us in."""
    import asyncpg  # noqa: PLC0415 - a tenth of a second, for those who start a stack only

    try:
        connection = await asyncpg.connect(url, timeout=_ANSWER_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False
    await connection.close(timeout=_ANSWER_SECONDS)
    return True


async def redis_answers(url: str) -> bool:
    """True if Redis has loaded its data and answers PING."""
    parts = urlsplit(url)
    request = b"PING\r\n"
    if parts.password:
        request = f"AUTH {unquote(parts.password)}\r\n".encode() + request
    answer = await _exchange(parts.hostname or "127.0.0.1", parts.port or 6379, request, until=b"PONG\r\n")
    return answer.endswith(b"+PONG\r\n")


async def http_answers(host: str, port: int, path: str) -> bool:
    """True if a GET is answered with 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    answer = await _exchange(host, port, request, until=b"\r\n")
    return answer.split(b" ", 2)[1:2] == [b"200"]


async def grpc_answers(target: str) -> bool:
    """True if the gRPC health service says that the whole server serves."""
    import grpc.aio  # noqa: PLC0415 - as above
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse  # noqa: PLC0415

    async with grpc.aio.insecure_channel(target) as channel:
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


async def _exchange(host: str, port: int, request: bytes, *, until: bytes) -> bytes:
    """Sends bytes and reads until `until` or the end of the stream; nothing at all if that takes too long."""
    received = b""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
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
