"""What a connected app is sent of a fact, as the REST interface writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notification_service.domain.facts import Fact, Happening, OfferFact, RideFact
from shared_kernel.ids import to_public_id


def live_event(fact: Fact, *, for_rider: bool) -> tuple[str, Mapping[str, Any]]:
    """Return the type and the data of the live event of a fact; ("", {}) where its words are all there is."""
    match fact:
        case RideFact():
            return "ride_updated", ride_updated(fact, for_rider=for_rider)
        case OfferFact():
            return fact.happening.value, fact.public
        case _:
            return "", {}


def ride_updated(fact: RideFact, *, for_rider: bool) -> dict[str, Any]:
    """Return the `ride_updated` event as the REST interface writes it; the start PIN is the rider's alone."""
    data: dict[str, Any] = {
        "ride_id": to_public_id("ride", fact.ride_id),
        "state": fact.state,
        "payment_state": fact.payment_state,
        "funding": fact.funding,
        "kind": fact.kind,
        "version": fact.version,
        "reason": fact.reason or None,
        "driver": None,
    }
    if fact.driver is not None:
        data["driver"] = {
            "id": to_public_id("acct", fact.driver.driver_id),
            "display_name": fact.driver.display_name,
            "vehicle": {
                "model": fact.driver.vehicle_model,
                "color": fact.driver.vehicle_color,
                "plate": fact.driver.vehicle_plate,
            },
        }
    if fact.pickup_at is not None:
        data["pickup_at"] = fact.pickup_at.isoformat().replace("+00:00", "Z")
    if fact.happening is Happening.DRIVER_ARRIVING:
        # From where the driver is now; the state is what it was.
        data["pickup_eta_seconds"] = fact.pickup_eta_seconds
    if fact.edit is not None:
        data["edit_id"] = to_public_id("edit", fact.edit.edit_id)
    if for_rider and fact.start_pin:
        data["start_pin"] = fact.start_pin
    if for_rider and fact.hand_over_pin:
        data["hand_over_pin"] = fact.hand_over_pin
    return data
