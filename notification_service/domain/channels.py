"""The ways to a person, and what goes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum


class Channel(StrEnum):
    """A way to a person."""

    INBOX = "inbox"
    STREAM = "stream"
    PUSH = "push"
    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


class Priority(IntEnum):
    """Lower goes first."""

    SECURITY = 0
    TRIP_CRITICAL = 1
    MONEY = 2
    MARKETING = 3


@dataclass(frozen=True, slots=True)
class Leg:
    """A channel that a message goes by: at once, or later and only if nobody has acknowledged it until then."""

    channel: Channel
    unless_acknowledged_within: timedelta | None = None
