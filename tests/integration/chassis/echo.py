"""A service made for the tests of the chassis: its contract is built here instead of generated, its answers are set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import grpc
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from ridesharing.common.v1 import access_pb2

SERVICE = "jitney.testing.v1.EchoService"
_METHODS = {
    "Anyone": (False, False, [access_pb2.ROLE_ANONYMOUS]),
    "Riders": (False, False, [access_pb2.ROLE_RIDER]),
    "Services": (False, False, [access_pb2.ROLE_SERVICE]),
    "Unruled": (False, False, None),
    "Watch": (False, True, [access_pb2.ROLE_ANONYMOUS]),
    "Collect": (True, False, [access_pb2.ROLE_ANONYMOUS]),
    "Chat": (True, True, [access_pb2.ROLE_ANONYMOUS]),
}


def _build() -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto(
        name="jitney/testing/v1/echo.proto",
        package="jitney.testing.v1",
        syntax="proto3",
        dependency=["buf/validate/validate.proto", "ridesharing/common/v1/access.proto"],
    )
    message = file.message_type.add(name="Echo")
    text = message.field.add(name="text", number=1, type=9, label=1, json_name="text")
    cast("Any", text.options).Extensions[validate_pb2.field].string.max_len = 10
    words = message.field.add(name="words", number=2, type=11, label=3, type_name=".jitney.testing.v1.Word")
    words.json_name = "words"
    word = file.message_type.add(name="Word")
    letters = word.field.add(name="letters", number=1, type=9, label=1, json_name="letters")
    cast("Any", letters.options).Extensions[validate_pb2.field].string.min_len = 1
    service = file.service.add(name="EchoService")
    for name, (asks_many, answers_many, roles) in _METHODS.items():
        method = service.method.add(
            name=name,
            input_type=".jitney.testing.v1.Echo",
            output_type=".jitney.testing.v1.Echo",
            client_streaming=asks_many,
            server_streaming=answers_many,
        )
        if roles is not None:
            method.options.Extensions[access_pb2.access].roles.extend(roles)
    pool = descriptor_pool.Default()
    cast("Any", pool).AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("jitney.testing.v1.Echo"))


Echo: Any = _build()


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


Answer = Callable[[Any, Any], Awaitable[Any]]


class EchoServicer:
    """Answers every method with `answer`, which a test sets; streams answer once for each request."""

    def __init__(self) -> None:
        self.answer: Answer = self.repeat
        self.entered = asyncio.Event()
        self.release = asyncio.Event()

    async def repeat(self, request: Any, context: Any) -> Any:
        """Answer with the same text."""
        return Echo(text=request.text)

    async def hold(self, request: Any, context: Any) -> Any:
        """Answer once released."""
        self.entered.set()
        await self.release.wait()
        return Echo(text=request.text)

    async def once(self, request: Any, context: Any) -> Any:
        return await self.answer(request, context)

    async def watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield await self.answer(request, context)
        yield await self.answer(request, context)

    async def collect(self, requests: AsyncIterator[Any], context: Any) -> Any:
        texts = [(await self.answer(request, context)).text async for request in requests]
        return Echo(text="".join(texts))

    async def chat(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield await self.answer(request, context)


def register(servicer: EchoServicer, server: grpc.aio.Server) -> None:
    """Add the servicer to a server, as generated code does."""
    codec: dict[str, Any] = {
        "request_deserializer": Echo.FromString,
        "response_serializer": _serialize,
    }
    handlers: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(cast("Any", servicer.once), **codec)
        for name in ("Anyone", "Riders", "Services", "Unruled")
    }
    handlers["Watch"] = grpc.unary_stream_rpc_method_handler(cast("Any", servicer.watch), **codec)
    handlers["Collect"] = grpc.stream_unary_rpc_method_handler(cast("Any", servicer.collect), **codec)
    handlers["Chat"] = grpc.stream_stream_rpc_method_handler(cast("Any", servicer.chat), **codec)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


class EchoStub:
    """The client side, for either kind of channel."""

    def __init__(self, channel: Any) -> None:
        codec: dict[str, Any] = {
            "request_serializer": _serialize,
            "response_deserializer": Echo.FromString,
        }
        self.anyone, self.riders, self.services, self.unruled = (
            channel.unary_unary(f"/{SERVICE}/{name}", **codec) for name in ("Anyone", "Riders", "Services", "Unruled")
        )
        self.watch = channel.unary_stream(f"/{SERVICE}/Watch", **codec)
        self.collect = channel.stream_unary(f"/{SERVICE}/Collect", **codec)
        self.chat = channel.stream_stream(f"/{SERVICE}/Chat", **codec)
        self.missing = channel.unary_unary(f"/{SERVICE}/Missing", **codec)
