"""When a ride that is asked for ahead is to begin, and what comes before: hold, reminder, search; all rows' timers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from matching_service.domain.city import SchedulePolicy
from shared_kernel.errors import FieldViolation, InvalidInput

LOOK_AGAIN_SECONDS = 60
"""Before the search begins, the nearest driver's way is measured again after no longer than this."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times of a scheduled ride; `hold_at` and `remind_at` are None once they were seen to.

    `dispatch_at` is when drivers are looked at next; of a ride whose search has begun, when it began.
    """

    pickup_at: datetime
    hold_at: datetime | None
    remind_at: datetime | None
    dispatch_at: datetime

    @classmethod
    def of(cls, pickup_at: datetime, policy: SchedulePolicy) -> Self:
        """Lay out the times before a pickup; what lies in the past is due at once."""

        def ahead(seconds: int) -> datetime:
            return pickup_at - timedelta(seconds=seconds)

        return cls(
            pickup_at,
            ahead(policy.hold_lead_seconds),
            ahead(policy.remind_lead_seconds),
            ahead(policy.search_lead_seconds),
        )

    @property
    def due_at(self) -> datetime:
        """When to come back next."""
        return min(moment for moment in (self.hold_at, self.remind_at, self.dispatch_at) if moment is not None)

    def hold_seen_to(self) -> Self:
        """The hold is asked for."""
        return replace(self, hold_at=None)

    def reminded(self) -> Self:
        """The rider is reminded."""
        return replace(self, remind_at=None)

    def looked(self, next_look_at: datetime) -> Self:
        """Look at the drivers again then."""
        return replace(self, dispatch_at=next_look_at)

    def search_at(self, pickup_eta_seconds: int | None, policy: SchedulePolicy) -> datetime | None:
        """Return when a driver must be looked for who takes so long; None, without one, says at once."""
        if pickup_eta_seconds is None:
            return None
        return self.pickup_at - timedelta(seconds=pickup_eta_seconds + policy.search_margin_seconds)


def refuse_pickup_time(pickup_at: datetime, now: datetime, policy: SchedulePolicy) -> None:
    """Raise InvalidInput `pickup_time_too_soon` or `pickup_time_too_far` for a time the city takes no rides for."""
    ahead = (pickup_at - now).total_seconds()
    if ahead < policy.min_ahead_seconds:
        violation = FieldViolation("pickup_time", f"must be at least {policy.min_ahead_seconds} s ahead")
        raise InvalidInput("pickup_time_too_soon", "ask for a ride now instead", violations=[violation])
    if ahead > policy.max_ahead_seconds:
        violation = FieldViolation("pickup_time", f"must be at most {policy.max_ahead_seconds} s ahead")
        raise InvalidInput("pickup_time_too_far", "that is too far ahead", violations=[violation])
