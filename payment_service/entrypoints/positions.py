"""Where pages end that are ordered by time: read from the parts of their tokens (ValueError for what is none)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payment_service.entrypoints.pages import read_time


def time_and_name(at: str, name: str) -> tuple[datetime, str]:
    moment = read_time(at)
    if not name or not name.isprintable():
        raise ValueError("no position")
    return moment, name


def time_and_id(at: str, row_id: str) -> tuple[datetime, UUID]:
    moment, name = time_and_name(at, row_id)
    return moment, UUID(name)
