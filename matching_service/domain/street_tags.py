"""What OpenStreetMap's tags say of a street: whether a car may use it, in which directions, and how fast.

The keys are those of https://wiki.openstreetmap.org/wiki/Key:access, Key:oneway, Key:maxspeed and Relation:restriction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Tags = Mapping[str, str]

SPEED_KMH_BY_CLASS: Mapping[str, float] = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 70,
    "trunk_link": 40,
    "primary": 45,
    "primary_link": 30,
    "secondary": 40,
    "secondary_link": 25,
    "tertiary": 32,
    "tertiary_link": 20,
    "unclassified": 25,
    "residential": 25,
    "living_street": 10,
    "service": 15,
    "road": 20,
}
"""Speed without traffic where no limit is tagged; a class that is not listed is not for cars."""
SHARE_OF_LIMIT = 0.8
"""Of a tagged limit so much is driven in the mean between crossings (the share OSRM's car profile takes)."""
MIN_SPEED_KMH, MAX_SPEED_KMH = 5.0, 130.0
SIGNAL_SECONDS = 2.0
"""What a traffic signal on the way costs, green ones counted."""

_KMH_PER_UNIT = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_NAMED_LIMITS_KMH = {"walk": 7.0, "none": MAX_SPEED_KMH}
# The first of these keys that is set decides: the narrower the vehicle, the stronger the word.
_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
_CLOSED = frozenset({"no", "private", "agricultural", "forestry", "emergency", "military", "bus"})
_CLOSED_SERVICES = frozenset({"parking_aisle", "drive-through", "emergency_access"})
_OPEN_BARRIERS = frozenset(
    "border_control bump_gate cattle_grid entrance height_restrictor kerb no sally_port toll_booth".split()
)
"""Barriers that a car passes, if no access tag says otherwise."""
_ROUNDABOUTS = frozenset({"roundabout", "circular"})
_ONE_WAY_CLASSES = frozenset({"motorway", "motorway_link"})


class Street(NamedTuple):
    """How a car may use a way."""

    speed_kmh: float
    forward: bool
    backward: bool


class TurnRule(NamedTuple):
    """A turn restriction: at `via`, from the way `from_way`, the way `to_way` is barred, or the only one allowed."""

    from_way: int
    via: int
    to_way: int
    only: bool


def street_of(tags: Tags) -> Street | None:
    """Return how a car may use a way with these tags; None when it may not, or it is no street."""
    speed = SPEED_KMH_BY_CLASS.get(highway := tags.get("highway", ""))
    if speed is None or tags.get("area") == "yes" or not _is_open(tags):
        return None
    if highway == "service" and tags.get("service") in _CLOSED_SERVICES:
        return None
    forward, backward = _directions(tags, highway)
    if not (forward or backward):
        return None
    limit = limit_kmh(tags.get("maxspeed", ""))
    driven = speed if limit is None else limit * SHARE_OF_LIMIT
    return Street(min(max(driven, MIN_SPEED_KMH), MAX_SPEED_KMH), forward, backward)


def limit_kmh(text: str) -> float | None:
    """Read a speed limit: `50`, `30 mph`, `walk`, `none`. Anything else, for example `RU:urban`, is None."""
    words = text.strip().lower()
    if words in _NAMED_LIMITS_KMH:
        return _NAMED_LIMITS_KMH[words]
    digits = words.rstrip("abcdefghijklmnopqrstuvwxyz/ ")
    factor = _KMH_PER_UNIT.get(words[len(digits) :].strip())
    if factor is None or not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        return None
    kmh = float(digits) * factor
    return kmh if 0 < kmh <= 300 else None


def blocks_cars(tags: Tags) -> bool:
    """Tell whether a node with these tags cannot be driven through: a bollard, a locked gate."""
    barrier = tags.get("barrier")
    if barrier is None:
        return False
    for key in _ACCESS_KEYS:
        if key in tags:
            return tags[key] in _CLOSED
    return barrier not in _OPEN_BARRIERS and not (barrier == "gate" and tags.get("locked") == "no")


def is_signal(tags: Tags) -> bool:
    """Tell whether a node is a traffic signal."""
    return tags.get("highway") == "traffic_signals"


def turn_kind(tags: Tags) -> bool | None:
    """Return True for an `only_` restriction that binds cars, False for a `no_` one, None where neither is meant.

    One that holds at certain hours only is left out: a way that is sometimes barred is better than none at all.
    """
    word = tags.get("restriction:motorcar") or tags.get("restriction", "")
    exempt = tags.get("except", "").replace(" ", "").split(";")
    if "restriction:conditional" in tags or {"motorcar", "motor_vehicle"} & set(exempt):
        return None
    if word.startswith("only_"):
        return True
    # Nobody turns back in the middle of a search for the quickest way, save into a dead end.
    return False if word.startswith("no_") and word not in {"no_entry", "no_exit"} else None


def _is_open(tags: Tags) -> bool:
    for key in _ACCESS_KEYS:
        if key in tags:
            return tags[key] not in _CLOSED
    return True


def _directions(tags: Tags, highway: str) -> tuple[bool, bool]:
    match tags.get("oneway:motorcar") or tags.get("oneway:motor_vehicle") or tags.get("oneway", ""):
        case "yes" | "true" | "1":
            return True, False
        case "-1" | "reverse":
            return False, True
        case "reversible":
            return False, False  # which way it is open, nobody knows
        case "no" | "false" | "0" | "alternating":
            return True, True
        case _:
            one_way = tags.get("junction") in _ROUNDABOUTS or highway in _ONE_WAY_CLASSES
            return True, not one_way
