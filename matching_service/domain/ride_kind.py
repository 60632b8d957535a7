"""What kind of thing a ride is: it says what a product sells, and what the ride's driver must be able to do."""

from __future__ import annotations

from enum import StrEnum


class RideKind(StrEnum):
    """The kinds of rides, on one state machine and one solver; the names are those of the contract's RideKind."""

    PRIVATE = "private"
    """One party has the vehicle."""
    POOLED = "pooled"
    """Parties share a vehicle, each with a ride of its own."""
    DELIVERY = "delivery"
    """Goods go from a shop to a recipient."""


class Capability(StrEnum):
    """What a driver declares for a shift; the names are those of the contract's Capability."""

    DELIVERY = "delivery"
    """Takes delivery orders at all."""
    THERMAL_BAG = "thermal_bag"
    """Keeps food warm or cold."""
    AGE_CHECK = "age_check"
    """May hand over what has an age limit, and checks for it."""
    HEAVY_LOAD = "heavy_load"
    """Carries more than a person does with one hand."""
