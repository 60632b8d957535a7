"""The RPCs of payment_service as their contracts describe them: found by the descriptors, so that none is forgotten."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

import ridesharing.payment.v1
from chassis.access import allowed_roles
from chassis.auth import Role
from tests.integration.payment.process import WAIT_SECONDS

MONEY = "ridesharing.common.v1.Money"
TIMESTAMP = "google.protobuf.Timestamp"


@dataclass(frozen=True)
class Rpc:
    """One call of the contract."""

    method: MethodDescriptor

    @property
    def name(self) -> str:
        """`Service.Method`."""
        return f"{self.method.containing_service.name}.{self.method.name}"

    @property
    def path(self) -> str:
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def is_mutation(self) -> bool:
        return "request_id" in self.method.input_type.fields_by_name

    @property
    def roles(self) -> frozenset[Role]:
        return allowed_roles(self.path)

    def call(self, channel: Any, request: Message, metadata: Any) -> Any:
        """Begin the call on a channel."""
        kind = channel.unary_stream if self.method.server_streaming else channel.unary_unary
        answer: Any = GetMessageClass(self.method.output_type)
        stub = kind(self.path, request_serializer=_serialized, response_deserializer=answer.FromString)
        return stub(request, metadata=metadata, timeout=WAIT_SECONDS)


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


@cache
def all_rpcs() -> dict[str, Rpc]:
    """Return every RPC of the package, by name."""
    found: dict[str, Rpc] = {}
    for module in pkgutil.iter_modules(ridesharing.payment.v1.__path__):
        if module.name.endswith("_pb2"):
            file: Any = importlib.import_module(f"ridesharing.payment.v1.{module.name}").DESCRIPTOR
            for service in file.services_by_name.values():
                for method in service.methods:
                    rpc = Rpc(method)
                    found[rpc.name] = rpc
    return found


@dataclass(frozen=True)
class Place:
    """A field of a message, maybe deep within: which steps lead to the part that has it."""

    path: str
    steps: tuple[tuple[str, int | None], ...]
    field: FieldDescriptor

    @property
    def rules(self) -> Any:
        """What `buf.validate` says of it."""
        options: Any = self.field.GetOptions()
        return options.Extensions[validate_pb2.field]

    @property
    def type_name(self) -> str:
        """The full name of its message type; empty for what is no message."""
        return self.field.message_type.full_name if self.field.message_type is not None else ""

    @property
    def may_be_empty(self) -> bool:
        return self.rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE

    @property
    def is_id(self) -> bool:
        return bool(self.rules.string.uuid)

    def part(self, message: Any) -> Any:
        """Return the part of a message that has the field."""
        for name, index in self.steps:
            message = getattr(message, name) if index is None else getattr(message, name)[index]
        return message

    def value(self, message: Message) -> Any:
        return getattr(self.part(message), self.field.name)

    def with_value(self, message: Message, value: object) -> Any:
        """Return a copy of a message with another value in this field."""
        copy: Any = type(message)()
        copy.CopyFrom(message)
        setattr(self.part(copy), self.field.name, value)
        return copy


def places(message: Message) -> list[Place]:
    """Return all fields of a message; of a oneof the one that is set; those of parts where the parts are set."""
    return list(_places(message, "", ()))


def _places(message: Any, prefix: str, steps: tuple[tuple[str, int | None], ...]) -> Iterator[Place]:
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof is not None and not message.HasField(field.name):
            continue
        place = Place(f"{prefix}{field.name}", steps, field)
        yield place
        if place.type_name in ("", MONEY, TIMESTAMP):
            continue
        if field.is_repeated:
            for index, part in enumerate(getattr(message, field.name)):
                yield from _places(part, f"{place.path}[{index}].", (*steps, (field.name, index)))
        elif message.HasField(field.name):
            yield from _places(getattr(message, field.name), f"{place.path}.", (*steps, (field.name, None)))
