"""What looks wrong on a trip: the vehicle is far from the way, or stands still where nobody gets in or out.

The way is not known street by street, so that a corridor around the straight legs from place to place stands for it,
wider for longer legs. Each case is told once: it ends when the vehicle is back in the corridor, or moves on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from math import cos, hypot, radians
from uuid import UUID

from shared_kernel.geo import EARTH_RADIUS_METERS, GeoPoint, haversine_meters

MOST_ALERTS = 5
"""Of a kind and a ride: who was asked so often whether all is well is not asked again. The database holds the same."""

Leg = tuple[GeoPoint, GeoPoint]


class AlertKind(StrEnum):
    """What looks wrong; the names are those of the contract's TripAlertKind."""

    ROUTE_DEVIATED = "route_deviated"
    LONG_STOP = "long_stop"


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """When somebody is asked whether all is well."""

    corridor_meters: float
    """How far from its legs a trip may be, at least."""
    corridor_share: float
    """And how far as a share of a leg's length: the longer a leg, the further streets lead around."""
    stray_seconds: float
    """How long it may be further away."""
    still_meters: float
    """Who stays within so much stands still; locations waver."""
    still_seconds: float
    """How long it may stand still."""
    near_meters: float
    """Around pickup, stops and dropoff it may stand as long as it will."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip under way, as far as it is watched: who drives it, where it stops, and by which legs it goes."""

    ride_id: UUID
    driver_id: UUID
    places: tuple[GeoPoint, ...]
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class TripWatch:
    """What is remembered of a trip between two looks. A `told` is of the case under way."""

    still_at: GeoPoint
    still_since: datetime
    still_told: bool = False
    stray_since: datetime | None = None
    stray_told: bool = False

    def told(self, kind: AlertKind) -> TripWatch:
        """Note that a case was told."""
        return replace(self, **{"stray_told" if kind is AlertKind.ROUTE_DEVIATED else "still_told": True})


@dataclass(frozen=True, slots=True)
class TripAlert:
    """Something that looks wrong on a trip, since a time."""

    id: UUID
    ride_id: UUID
    rider_id: UUID
    driver_id: UUID
    kind: AlertKind
    point: GeoPoint
    since: datetime
    raised_at: datetime


def legs_through(places: Sequence[GeoPoint], driven_to: GeoPoint | None, next_place: GeoPoint) -> tuple[Leg, ...]:
    """Return the legs of a trip through its places; one that was edited on the way goes on from where it was."""
    legs = list(pairwise(places))
    if driven_to is not None:
        legs.append((driven_to, next_place))
    return tuple(legs)


def looked(watch: TripWatch | None, trip: Trip, point: GeoPoint, at: datetime, policy: WatchPolicy) -> TripWatch:
    """Return what is remembered after a look: the vehicle was at a point at a time."""
    if watch is None:
        watch = TripWatch(point, at)
    stays = haversine_meters(watch.still_at, point) <= policy.still_meters
    if not stays or any(haversine_meters(place, point) <= policy.near_meters for place in trip.places):
        watch = replace(watch, still_at=point, still_since=at, still_told=False)
    if is_off_way(trip, point, policy):
        return watch if watch.stray_since is not None else replace(watch, stray_since=at, stray_told=False)
    return replace(watch, stray_since=None, stray_told=False)


def due_alerts(watch: TripWatch, at: datetime, policy: WatchPolicy) -> list[tuple[AlertKind, datetime]]:
    """Return what is to be told now, and since when it is so."""
    due: list[tuple[AlertKind, datetime]] = []
    stray = watch.stray_since
    if stray is not None and not watch.stray_told and (at - stray).total_seconds() >= policy.stray_seconds:
        due.append((AlertKind.ROUTE_DEVIATED, stray))
    if not watch.still_told and (at - watch.still_since).total_seconds() >= policy.still_seconds:
        due.append((AlertKind.LONG_STOP, watch.still_since))
    return due


def is_off_way(trip: Trip, point: GeoPoint, policy: WatchPolicy) -> bool:
    """Tell whether a point lies in the corridor of no leg."""
    return all(
        meters_from_leg(point, leg) > max(policy.corridor_meters, policy.corridor_share * haversine_meters(*leg))
        for leg in trip.legs
    )


def meters_from_leg(point: GeoPoint, leg: Leg) -> float:
    """Return how far a point is from a straight leg, on a plane around the point: good for legs within a city."""
    (ax, ay), (bx, by) = _on_plane(point, leg[0]), _on_plane(point, leg[1])
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / length))
    return hypot(ax + along * dx, ay + along * dy)


def _on_plane(origin: GeoPoint, point: GeoPoint) -> tuple[float, float]:
    east = radians((point.longitude - origin.longitude + 180) % 360 - 180) * cos(radians(origin.latitude))
    return east * EARTH_RADIUS_METERS, radians(point.latitude - origin.latitude) * EARTH_RADIUS_METERS
