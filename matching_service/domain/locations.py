"""A driver's live location, and which pings of a device are believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.city import LocationPolicy, VehicleClass
from shared_kernel.geo import GeoPoint, haversine_meters

FRESH_SECONDS = 15.0
"""Three of the five seconds between a driver app's posts: who is silent for longer is no candidate."""
GONE_SECONDS = 60.0
"""Who is silent for longer is dropped; a ping older than this says nothing about now and is refused."""
MAX_CLOCK_AHEAD_SECONDS = 5.0
"""A device's clock may be ahead by so much."""
SPEED_GRACE_METERS = 100.0
"""What two measurements may differ by at any speed: their own error."""


class PingVerdict(StrEnum):
    """Why a ping was taken or dropped."""

    ACCEPTED = "accepted"
    OUT_OF_ORDER = "out_of_order"
    INACCURATE = "inaccurate"
    TOO_FAST = "too_fast"
    IN_THE_FUTURE = "in_the_future"
    TOO_OLD = "too_old"
    RATE_LIMITED = "rate_limited"


class RecordOutcome(StrEnum):
    """What the store did with a position."""

    RECORDED = "recorded"
    OLDER = "older"
    """A position of a later measurement stands."""


@dataclass(frozen=True, slots=True)
class Ping:
    """One position as the device measured it. `accuracy_meters` is 0 when the device does not know it."""

    point: GeoPoint
    measured_at: datetime
    sequence: int
    accuracy_meters: float = 0.0


class DriverPosition(NamedTuple):
    """A driver's last position. A tuple, since a tick holds tens of thousands of them."""

    driver_id: UUID
    latitude: float
    longitude: float
    measured_at: float
    """Unix time in seconds."""
    sequence: int
    vehicle_class: VehicleClass
    shift_tag: int
    """The low 32 bits of the shift's id: sequences are compared within one shift."""

    @property
    def point(self) -> GeoPoint:
        """Where it is, as a checked point."""
        return GeoPoint(self.latitude, self.longitude)


class Fix(NamedTuple):
    """The ping that the next one is judged by."""

    point: GeoPoint
    measured_at: datetime
    sequence: int


class TokenBucket:
    """Allows so many pings a second in the mean and a burst of two batches; time is the caller's."""

    BURST = 200.0
    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, per_second: float, now: float) -> None:
        self._rate = per_second
        self._left = self.BURST
        self._at = now

    def take(self, wanted: int, now: float) -> int:
        """Take up to `wanted` tokens at `now` (monotonic seconds); return how many there were."""
        self._left = min(self.BURST, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken


def judge_pings(
    pings: Sequence[Ping], last: Fix | None, now: datetime, policy: LocationPolicy
) -> list[tuple[Ping, PingVerdict]]:
    """Judge pings in the order they came, each by the last one that was accepted.

    The order of the rules is that of their cost. Speed is measured by the device's own clock, since pings arrive in
    batches; a jump within SPEED_GRACE_METERS is never too fast.
    """
    verdicts: list[tuple[Ping, PingVerdict]] = []
    for ping in pings:
        verdict = _judge(ping, last, now, policy)
        verdicts.append((ping, verdict))
        if verdict is PingVerdict.ACCEPTED:
            last = Fix(ping.point, ping.measured_at, ping.sequence)
    return verdicts


def _judge(ping: Ping, last: Fix | None, now: datetime, policy: LocationPolicy) -> PingVerdict:
    if ping.accuracy_meters > policy.max_accuracy_meters:
        return PingVerdict.INACCURATE
    if ping.measured_at > now + timedelta(seconds=MAX_CLOCK_AHEAD_SECONDS):
        return PingVerdict.IN_THE_FUTURE
    if ping.measured_at < now - timedelta(seconds=GONE_SECONDS):
        return PingVerdict.TOO_OLD
    return PingVerdict.ACCEPTED if last is None else _judge_by_last(ping, last, now, policy)


def _judge_by_last(ping: Ping, last: Fix, now: datetime, policy: LocationPolicy) -> PingVerdict:
    if ping.sequence <= last.sequence or ping.measured_at < last.measured_at:
        return PingVerdict.OUT_OF_ORDER
    if last.measured_at < now - timedelta(seconds=GONE_SECONDS):
        return PingVerdict.ACCEPTED  # the driver was gone; a wrong last fix must not shut the device out for hours
    seconds = (ping.measured_at - last.measured_at).total_seconds()
    reach_meters = SPEED_GRACE_METERS + seconds * policy.max_speed_kmh / 3.6
    if haversine_meters(last.point, ping.point) > reach_meters:
        return PingVerdict.TOO_FAST
    return PingVerdict.ACCEPTED
