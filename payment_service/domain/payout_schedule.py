"""When earnings are paid out without anybody asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class PayoutInterval(StrEnum):
    """How often."""

    WEEKLY = "weekly"
    DAILY = "daily"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class PayoutSchedule:
    """Payouts at an hour (0 to 23, UTC) of each day, or of a weekday (0 is Monday)."""

    interval: PayoutInterval
    weekday: int
    hour: int

    def latest(self, now: datetime) -> datetime | None:
        """Return the latest scheduled time that has come; None where nothing is scheduled."""
        if self.interval is PayoutInterval.OFF:
            return None
        at = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        if self.interval is PayoutInterval.WEEKLY:
            at -= timedelta(days=(at.weekday() - self.weekday) % 7)
        if at > now:
            at -= timedelta(days=7 if self.interval is PayoutInterval.WEEKLY else 1)
        return at
