"""A driver's live location, and which pings of a device are believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import cos, radians
from typing import NamedTuple
from uuid import UUID

from matching_service.domain.city import LocationPolicy, VehicleClass
from matching_service.domain.zones import Bounds, ServiceArea
from shared_kernel.geo import EARTH_RADIUS_METERS, GeoPoint, haversine_meters

FRESH_SECONDS = 15.0
"""Three of the five seconds between a driver app's posts: who is silent for longer is no candidate."""
GONE_SECONDS = 60.0
"""Who is silent for longer is dropped; a ping older than this says nothing about now and is refused."""
MAX_CLOCK_AHEAD_SECONDS = 5.0
"""A device's clock may be ahead by so much."""
SPEED_GRACE_METERS = 100.0
"""What two measurements may differ by at any speed: their own error."""
AREA_MARGIN_METERS = 30_000.0
"""So far outside the box around the service area a driver may be; further off is no place of a driver of this city, but
a receiver that has no fix (0, 0), the open sea, or a made-up position."""
METERS_PER_DEGREE = EARTH_RADIUS_METERS * radians(1)
EVERYWHERE = Bounds(-90.0, -180.0, 90.0, 180.0)


class PingVerdict(StrEnum):
    """Why a ping was taken or dropped."""

    ACCEPTED = "accepted"
    OUT_OF_ORDER = "out_of_order"
    INACCURATE = "inaccurate"
    TOO_FAST = "too_fast"
    IN_THE_FUTURE = "in_the_future"
    TOO_OLD = "too_old"
    OUTSIDE_AREA = "outside_area"
    RATE_LIMITED = "rate_limited"


class RecordOutcome(StrEnum):
    """What the store did with a position."""

    RECORDED = "recorded"
    OLDER = "older"
    """A position of a later measurement stands."""


class Ping(NamedTuple):
    """One position as the device measured it: plain numbers, since thousands come a second."""

    latitude: float
    longitude: float
    measured_at: float
    """Unix time in seconds."""
    sequence: int
    accuracy_meters: float = 0.0
    """0 when the device does not know it."""


ShiftKey = tuple[UUID, int]
"""A driver, and the tag of one of the driver's shifts."""


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
    """See `shift_tag_of`: sequences are compared within one shift."""

    @property
    def point(self) -> GeoPoint:
        """Where it is, as a checked point."""
        return GeoPoint(self.latitude, self.longitude)

    @property
    def shift_key(self) -> ShiftKey:
        """The shift in which it was told."""
        return self.driver_id, self.shift_tag


def shift_tag_of(shift_id: UUID) -> int:
    """Return the low 32 bits of a shift's id: they tell the shifts of one driver apart."""
    return shift_id.int & 0xFFFFFFFF


def closed_since(now: datetime) -> datetime:
    """Return since when the shifts ended that live locations may still be of.

    A ping is believed of an open shift alone, and one measured longer ago than GONE_SECONDS is refused: a position that
    is fresh, FRESH_SECONDS old at most, is never of a shift that ended before. The rest is for clocks that differ.
    """
    return now - timedelta(seconds=GONE_SECONDS)


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


def bounds_around(area: ServiceArea) -> Bounds:
    """Return the box around a service area that its drivers may stand in; degrees of longitude shrink to the poles."""
    latitudes = [corner.latitude for corner in area.corners]
    longitudes = [corner.longitude for corner in area.corners]
    margin = AREA_MARGIN_METERS / METERS_PER_DEGREE
    widest = max(abs(latitude) for latitude in latitudes)
    margin_east = margin / max(0.01, cos(radians(min(widest, 89.0))))
    return Bounds(
        min(latitudes) - margin, min(longitudes) - margin_east, max(latitudes) + margin, max(longitudes) + margin_east
    )


def judge_pings(
    pings: Sequence[Ping],
    last: Ping | None,
    now: float,
    policy: LocationPolicy,
    boxes: Sequence[Bounds],
    counts: dict[PingVerdict, int],
) -> Ping | None:
    """Judge pings in the order they came, each by the last one that was believed.

    One loop over plain numbers and no object a ping: a stream brings a hundred at a time. The order of the rules is
    that of their cost. Speed is measured by the device's own clock, since pings arrive in batches; a jump within
    SPEED_GRACE_METERS is never too fast.

    Args:
        pings: oldest first.
        last: what the first is judged by; None where nothing is known.
        now: Unix time in seconds.
        policy: which pings are believed.
        boxes: where drivers can be at all, one or more.
        counts: is given how many met which verdict.

    Returns:
        The newest ping that is believed, None without any.
    """
    latest, oldest = now + MAX_CLOCK_AHEAD_SECONDS, now - GONE_SECONDS
    max_accuracy, meters_per_second = policy.max_accuracy_meters, policy.max_speed_kmh / 3.6
    south, west, north, east = boxes[0]
    newest: Ping | None = None
    accepted = 0
    for ping in pings:
        latitude, longitude, measured_at, sequence, accuracy_meters = ping
        if accuracy_meters > max_accuracy:
            verdict = PingVerdict.INACCURATE
        elif measured_at > latest:
            verdict = PingVerdict.IN_THE_FUTURE
        elif measured_at < oldest:
            verdict = PingVerdict.TOO_OLD
        elif not (south <= latitude <= north and west <= longitude <= east) and not _is_in_any(ping, boxes):
            verdict = PingVerdict.OUTSIDE_AREA
        elif last is None:
            newest = last = ping
            accepted += 1
            continue
        elif (sequence <= last[3] and last[2] >= oldest) or measured_at < last[2]:
            verdict = PingVerdict.OUT_OF_ORDER
        else:
            # A driver who was gone is believed anywhere, and by any number: neither a wrong last fix nor an app that
            # counts from one again must shut the device out for hours.
            reach = SPEED_GRACE_METERS + (measured_at - last[2]) * meters_per_second
            near = (abs(latitude - last[0]) + abs(longitude - last[1])) * METERS_PER_DEGREE <= reach
            if near or last[2] < oldest or _meters(last, ping) <= reach:
                newest = last = ping
                accepted += 1
                continue
            verdict = PingVerdict.TOO_FAST
        counts[verdict] = counts.get(verdict, 0) + 1
    if accepted:
        counts[PingVerdict.ACCEPTED] = counts.get(PingVerdict.ACCEPTED, 0) + accepted
    return newest


def _is_in_any(ping: Ping, boxes: Sequence[Bounds]) -> bool:
    return any(south <= ping.latitude <= north and west <= ping.longitude <= east for south, west, north, east in boxes)


def _meters(a: Ping, b: Ping) -> float:
    return haversine_meters(GeoPoint(a.latitude, a.longitude), GeoPoint(b.latitude, b.longitude))
