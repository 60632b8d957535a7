"""A device: an installation of an app that can be pushed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_DEVICES = 10
"""Of an account: a push goes to each of them. Who signs in on an eleventh has long left the first."""


@dataclass(frozen=True, slots=True)
class Device:
    """One that is registered. `platform` is android, ios or web; `app` is rider or driver."""

    device_id: UUID
    platform: str
    app: str
    created_at: datetime
    seen_at: datetime
