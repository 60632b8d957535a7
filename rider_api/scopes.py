"""Scopes: what a token may be used for. Every route has one, and every role holds some; nothing else is allowed.

A scope is `area:read` or `area:write`: looking, and everything else. The role says who may ask at all; the scope says
for what, so that a token may be given to a helper or a partner for a part of what its role may do.
"""

from __future__ import annotations

from collections.abc import Mapping

from chassis.auth import Role

OPEN_SCOPE = "open"
"""Of routes that anybody may use, with a token or without."""

_OPERATORS = frozenset(
    {
        "account",
        "products",
        "maps",
        "operate_rides",
        "operate_drivers",
        "operate_money",
        "operate_cities",
        "operate_maps",
        "operate_messages",
        "agencies",
        "audit",
        "operate_people",
        "ride_stories",
    }
)
_TRAVELERS = {"account", "notifications", "applications", "products", "maps"}
_AREAS: Mapping[Role, frozenset[str]] = {
    Role.ANONYMOUS: frozenset(),
    Role.RIDER: frozenset({*_TRAVELERS, "rides", "quotes", "payments"}),
    Role.DRIVER: frozenset({*_TRAVELERS, "driving", "earnings"}),
    Role.SUPPORT: frozenset({"account", "operate_drivers", "operate_people", "ride_stories"}),
    Role.OPERATOR: _OPERATORS,
    Role.ADMIN: _OPERATORS | {"staff"},
    Role.PARTNER: frozenset({"agencies"}),
    Role.SERVICE: frozenset(),
}
AREAS = frozenset().union(*_AREAS.values())
"""All areas that there are."""


def scope_of(area: str, method: str) -> str:
    """Return the scope of a route of an area: looking asks for less than changing.

    Raises:
        ValueError: for an area that no role holds.
    """
    if area == OPEN_SCOPE:
        return OPEN_SCOPE
    if area not in AREAS:
        raise ValueError(f"nobody holds the area {area}: see rider_api/scopes.py")
    return f"{area}:{'read' if method == 'GET' else 'write'}"


def holds(role: Role, scope: str) -> bool:
    """Tell whether a role has a scope."""
    return scope == OPEN_SCOPE or scope.partition(":")[0] in _AREAS[role]
