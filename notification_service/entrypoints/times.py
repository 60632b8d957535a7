"""Moments on the wire."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(moment: datetime) -> Timestamp:
    """Write a moment."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def timestamp_or_none(moment: datetime | None) -> Timestamp | None:
    """Write a moment, if there is one."""
    return None if moment is None else timestamp(moment)
