"""A driver's online period: what riders are shown of driver and vehicle, and which rides the driver wants now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.ride_kind import Capability
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint

MAX_BREAK_SECONDS = 3600
"""A break that is longer ends the shift; the database holds the same bound."""
LOST_SECONDS = 30.0
"""Who should be driving a rider and is silent for longer has lost communications: six posts of an app in a row."""
SILENT_OFF_SECONDS = 600
"""Who is free and silent for longer is taken offline: the app is closed, or the phone is off."""


class EndReason(StrEnum):
    """Why a shift ended."""

    ASKED = "asked"
    LAST_RIDE = "last_ride"
    """After the ride that the driver wanted to be the last."""
    BREAK_OVER = "break_over"
    """The driver did not come back from a break."""
    SILENT = "silent"
    """The driver's device was not heard of for too long."""
    NOT_APPROVED = "not_approved"


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What a rider sees of the driver of a ride."""

    driver_id: UUID
    display_name: str
    vehicle_model: str
    vehicle_color: str
    vehicle_plate: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A driver's online period; open while `ended_at` is None. The facts are a copy from its start.

    `break_until` and `silent_until` are timers: who is not back, or heard of, by then is taken offline.
    """

    id: UUID
    driver: DriverFacts
    vehicle_class: VehicleClass
    started_at: datetime
    ends_after_ride: bool = False
    ended_at: datetime | None = None
    version: int = 1
    last_ride: bool = False
    """The next ride is to be the last: asked for while free."""
    break_since: datetime | None = None
    break_until: datetime | None = None
    heading: GeoPoint | None = None
    """Where the driver wants to get to: only rides that bring them closer are offered."""
    silent_since: datetime | None = None
    silent_until: datetime | None = None
    end_reason: EndReason | None = None
    """Why it ended. While it is open: why it ends after the ride under way, where that is more than a last ride, or
    where one of those who share the vehicle was driven by it."""
    capabilities: frozenset[Capability] = frozenset()
    """What the driver declared beside taking rides."""
    paused_seconds: int = 0
    """Spent in breaks that are over."""

    @property
    def driver_id(self) -> UUID:
        """Whose shift it is."""
        return self.driver.driver_id

    @property
    def takes_offers(self) -> bool:
        """Whether the driver wants new rides at all."""
        return self.ended_at is None and not self.ends_after_ride and self.break_until is None

    def ended(self, now: datetime, reason: EndReason) -> Shift:
        """Close the shift, and all of its timers with it."""
        return replace(
            self._moved(),
            ended_at=now,
            end_reason=reason,
            break_since=None,
            break_until=None,
            silent_since=None,
            silent_until=None,
        )

    def ending_after_ride(self, reason: EndReason) -> Shift:
        """Close the shift as soon as the ride under way is over, also by being called off."""
        # Who is no longer approved cannot make that a wish of their own, to take it back.
        kept = self.end_reason if self.end_reason is EndReason.NOT_APPROVED else reason
        if self.ends_after_ride and self.end_reason is kept:
            return self
        return replace(self._moved(), ends_after_ride=True, end_reason=kept)

    def staying(self, now: datetime) -> Shift:
        """Take back every wish to stop: the end after the ride, the last ride, the break. Who says so is not silent."""
        heard = replace(self._resumed(now), silent_since=None, silent_until=None)
        plain = replace(heard, ends_after_ride=False, last_ride=False, end_reason=None)
        return self if plain == self else replace(plain, version=self.version + 1)

    def declaring(self, capabilities: frozenset[Capability]) -> Shift:
        """Change what the driver declares."""
        return self if capabilities == self.capabilities else replace(self._moved(), capabilities=capabilities)

    def with_last_ride(self, wanted: bool) -> Shift:
        """Say whether the next ride, or the one under way, is to be the last.

        Whoever takes that back also takes back the wish to go offline after it, but not what is no wish.
        """
        ends = self.ends_after_ride and (wanted or self.end_reason is EndReason.NOT_APPROVED)
        changed = replace(self, last_ride=wanted, ends_after_ride=ends, end_reason=self.end_reason if ends else None)
        return self if changed == self else replace(changed, version=self.version + 1)

    def bound(self) -> Shift:
        """The driver took a ride: where it was to be the last, no other is offered."""
        return replace(self._moved(), ends_after_ride=True) if self.last_ride and not self.ends_after_ride else self

    def driven_one(self) -> Shift:
        """One of those who share the vehicle came to its end: a last ride was one, however the others' end."""
        if not self.last_ride or not self.ends_after_ride or self.end_reason is not None:
            return self
        return replace(self._moved(), end_reason=EndReason.LAST_RIDE)

    def freed(self, now: datetime, *, driven: bool) -> Shift:
        """The ride is over. `driven`: it came to its end at the drop-off or the rider did not come.

        A last ride that was called off is none: the driver waits for another, unless the shift ends for another reason.
        """
        if not self.ends_after_ride:
            return self
        if self.last_ride and not driven and self.end_reason is None:
            return replace(self._moved(), ends_after_ride=False)
        return self.ended(now, self.end_reason or EndReason.LAST_RIDE)

    def on_break(self, now: datetime, seconds: int) -> Shift:
        """Pause the shift: a break is no silence. Raises Conflict `break_open` when it is paused already."""
        if self.break_until is not None:
            raise Conflict("break_open", "the driver is on a break already")
        paused = replace(self._moved(), break_since=now, break_until=now + timedelta(seconds=seconds))
        return replace(paused, silent_since=None, silent_until=None)

    def back(self, now: datetime) -> Shift:
        """End the break; without one nothing changes."""
        return self if self.break_until is None else self._moved()._resumed(now)

    def heading_to(self, destination: GeoPoint | None) -> Shift:
        """Take only rides towards a place from now on; None takes all again."""
        return self if destination == self.heading else replace(self._moved(), heading=destination)

    def silent(self, since: datetime, now: datetime) -> Shift:
        """Mark that the device was not heard of since then; a break is no silence, and marked already stays so."""
        if self.silent_since is not None or self.break_until is not None:
            return self
        return replace(self._moved(), silent_since=since, silent_until=now + timedelta(seconds=SILENT_OFF_SECONDS))

    def heard(self) -> Shift:
        """The device is heard of again."""
        return self if self.silent_since is None else replace(self._moved(), silent_since=None, silent_until=None)

    def due_reason(self, now: datetime) -> EndReason | None:
        """Return why the shift is to end now by one of its timers; None while none is over."""
        if self.ended_at is not None:
            return None
        if self.break_until is not None and self.break_until <= now:
            return EndReason.BREAK_OVER
        if self.silent_until is not None and self.silent_until <= now:
            return EndReason.SILENT
        return None

    def given_time(self, now: datetime) -> Shift:
        """Start the timer of a silent driver anew: a ride is under way, which nobody ends from afar."""
        return replace(self, silent_until=now + timedelta(seconds=SILENT_OFF_SECONDS))

    def _resumed(self, now: datetime) -> Shift:
        if self.break_since is None:
            return self
        paused_seconds = self.paused_seconds + max(0, int((now - self.break_since).total_seconds()))
        return replace(self, break_since=None, break_until=None, paused_seconds=paused_seconds)

    def _moved(self) -> Shift:
        return replace(self, version=self.version + 1)
