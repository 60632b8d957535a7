"""Offers as rows, and back."""

from __future__ import annotations

from typing import Any

from matching_service.adapters.ride_rows import order_from, stops_from_json
from matching_service.adapters.rows import Columns, place_from
from matching_service.adapters.run_rows import plan_from, plan_json
from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.terms import Funding
from shared_kernel.money import Money


def offer_row(offer: Offer) -> dict[str, Any]:
    """Write an offer; its places, passengers and funding are the ride's."""
    return {
        "id": offer.id,
        "ride_id": offer.ride_id,
        "driver_id": offer.driver_id,
        "state": offer.state.value,
        "created_at": offer.created_at,
        "expires_at": offer.expires_at,
        "closed_at": offer.closed_at,
        "pickup_eta_seconds": offer.pickup_eta_seconds,
        "cost": offer.cost,
        "earnings_minor": offer.earnings.amount_minor,
        "slot": offer.slot,
        "run_id": offer.run_id,
        "plan": plan_json(offer.plan) if offer.plan else None,
    }


def offer_from(row: Columns) -> Offer:
    """Read an offer joined with what it shows of its ride."""
    return Offer(
        id=row["id"],
        ride_id=row["ride_id"],
        driver_id=row["driver_id"],
        state=OfferState(row["state"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        pickup_eta_seconds=row["pickup_eta_seconds"],
        cost=row["cost"],
        pickup=place_from(row, "pickup"),
        dropoff=place_from(row, "dropoff"),
        distance_meters=row["distance_meters"],
        earnings=Money(row["currency_code"], row["earnings_minor"]),
        funding=Funding(row["funding"]),
        closed_at=row["closed_at"],
        stops=tuple(stop.place for stop in stops_from_json(row["stops"])),
        passengers=row["passengers"],
        pickup_at=row["pickup_at"],
        kind=RideKind(row["kind"]),
        order=order_from(row["delivery"]).without_phones() if row["delivery"] is not None else None,
        slot=row["slot"],
        run_id=row["run_id"],
        plan=plan_from(row["plan"] or ()),
    )
