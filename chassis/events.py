"""Events as they come off a stream, and how a stream entry or a parked row becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from chassis.dead_letters import DeadLetter


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """A fact from another service: its id, type (full message name), whom it is about, when, and the message."""

    id: UUID
    type: str
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    traceparent: str
    message: Message


@dataclass(frozen=True, slots=True)
class Envelope:
    """A stream entry whose payload is not read yet."""

    id: UUID
    type: str
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    traceparent: str
    payload: bytes

    @classmethod
    def read(cls, fields: Mapping[bytes, bytes]) -> Envelope:
        """Read the fields of a stream entry; a ValueError if it is not one of ours."""
        try:
            return cls(
                UUID(fields[b"id"].decode()),
                fields[b"type"].decode(),
                UUID(fields[b"aggregate_id"].decode()),
                int(fields[b"aggregate_version"]),
                datetime.fromisoformat(fields[b"occurred_at"].decode()),
                fields.get(b"traceparent", b"").decode(),
                fields[b"payload"],
            )
        except (KeyError, UnicodeDecodeError) as error:
            raise ValueError(f"not an event: {error!r}") from error

    def parked(self, stream: str, consumer: str, attempts: int, error: str) -> DeadLetter:
        """Return the event as it is parked."""
        return DeadLetter(
            event_id=self.id,
            consumer=consumer,
            stream=stream,
            type=self.type,
            aggregate_id=self.aggregate_id,
            aggregate_version=self.aggregate_version,
            occurred_at=self.occurred_at,
            traceparent=self.traceparent,
            payload=self.payload,
            attempts=attempts,
            error=error,
            parked_at=self.occurred_at,
        )


class EventTypes:
    """The messages a consumer knows, by full name."""

    def __init__(self, types: Iterable[type[Message]]) -> None:
        self._by_name = {str(cls.DESCRIPTOR.full_name): cls for cls in types}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def open(self, event: Envelope | DeadLetter) -> IncomingEvent:
        """Parse the payload; raises KeyError for an unknown type and DecodeError for a broken one."""
        return IncomingEvent(
            event.id if isinstance(event, Envelope) else event.event_id,
            event.type,
            event.aggregate_id,
            event.aggregate_version,
            event.occurred_at,
            event.traceparent,
            self._by_name[event.type].FromString(event.payload),
        )
