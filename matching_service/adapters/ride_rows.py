"""Rides and their stops as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from matching_service.adapters.edit_rows import schedule_columns, schedule_from
from matching_service.adapters.postgres_quotes import fare_from_json, fare_lines_json
from matching_service.adapters.rows import Columns, driver_from, place_from
from matching_service.adapters.shard_cells import shard_of
from matching_service.domain.delivery import Delivery, DeliveryFailure, DeliveryOrder, ItemSize, Proof, ProofKind
from matching_service.domain.quote import FareLine, FareLineKind, Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import Capability, RideKind
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.run import Sharing
from matching_service.domain.stops import Stop, StopState
from matching_service.domain.terms import Funding, RideTerms
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


def ride_row(ride: Ride) -> dict[str, Any]:
    """Write a ride, all but the saga's own columns."""
    driver = ride.driver
    return {
        "id": ride.id,
        "state": ride.state.value,
        "payment_state": ride.payment_state.value,
        "version": ride.version,
        "rider_id": ride.rider_id,
        "rider_name": ride.rider_name,
        "quote_id": ride.quote_id,
        "city": ride.city,
        "policy_version": ride.policy_version,
        "funding": ride.funding.value,
        "payment_method_id": ride.payment_method_id,
        "product": ride.product,
        "shard": shard_of(ride.pickup.point),
        "pickup_latitude": ride.pickup.point.latitude,
        "pickup_longitude": ride.pickup.point.longitude,
        "pickup_address": ride.pickup.address,
        "dropoff_latitude": ride.dropoff.point.latitude,
        "dropoff_longitude": ride.dropoff.point.longitude,
        "dropoff_address": ride.dropoff.address,
        "currency_code": ride.fare.total.currency_code,
        "fare_total_minor": ride.fare.total.amount_minor,
        "fare_lines": fare_lines_json(ride.fare),
        "fee_kind": ride.fee.kind.value if ride.fee else None,
        "fee_minor": ride.fee.amount.amount_minor if ride.fee else None,
        "distance_meters": ride.distance_meters,
        "note": ride.note,
        "terms": asdict(ride.terms),
        "start_pin": ride.start_pin,
        "pin_failures": ride.pin_failures,
        "driver_id": driver.driver_id if driver else None,
        "driver_name": driver.display_name if driver else None,
        "vehicle_model": driver.vehicle_model if driver else None,
        "vehicle_color": driver.vehicle_color if driver else None,
        "vehicle_plate": driver.vehicle_plate if driver else None,
        "pickup_eta_seconds": ride.pickup_eta_seconds,
        "promised_pickup_at": ride.promised_pickup_at,
        "swap_count": ride.swap_count,
        "requested_at": ride.requested_at,
        "moved_at": ride.moved_at,
        "search_until": ride.search_until,
        "assigned_at": ride.assigned_at,
        "arrived_at": ride.arrived_at,
        "started_at": ride.started_at,
        "ended_at": ride.ended_at,
        "reason": ride.reason,
        "words": ride.words,
        "passengers": ride.passengers,
        "stop_count": len(ride.stops),
        "trip_seconds": ride.trip_seconds,
        "surge_permille": ride.surge_permille,
        "kind": ride.kind.value,
        **_delivery_columns(ride.delivery),
        "held_minor": ride.held_minor,
        "route_version": ride.route_version,
        "driven_meters": ride.driven_meters,
        "driven_seconds": ride.driven_seconds,
        "driven_to_latitude": None if ride.driven_to is None else ride.driven_to.latitude,
        "driven_to_longitude": None if ride.driven_to is None else ride.driven_to.longitude,
        "driven_at": ride.driven_at,
        **schedule_columns(ride.schedule),
        "timer_at": ride.schedule.due_at if ride.schedule and ride.state is RideState.SCHEDULED else None,
        "sharing": asdict(ride.sharing) if ride.sharing else None,
        "run_id": ride.run_id,
        "run_slot": ride.run_slot,
        "promotion_id": ride.promotion_id,
        "promotion_minor": ride.fare.amount_of(FareLineKind.PROMOTION).amount_minor,
    }


def changed_columns(before: Ride, after: Ride) -> dict[str, Any]:
    """Return what a move changed, so that an update touches no more."""
    old, new = ride_row(before), ride_row(after)
    return {name: value for name, value in new.items() if value != old[name]}


def ride_from(
    row: Columns, stops: tuple[Stop, ...] | None = None, *, driver_silent_since: datetime | None = None
) -> Ride:
    """Read a ride: its stops, if they are not given, from `stops_of_rides`.

    Since when its driver is silent stands in the driver's shift.
    """
    currency_code = row["currency_code"]
    driver_id = row["driver_id"]
    return Ride(
        id=row["id"],
        rider_id=row["rider_id"],
        rider_name=row["rider_name"],
        quote_id=row["quote_id"],
        funding=Funding(row["funding"]),
        payment_method_id=row["payment_method_id"],
        product=row["product"],
        pickup=place_from(row, "pickup"),
        dropoff=place_from(row, "dropoff"),
        fare=fare_from_json(currency_code, row["fare_total_minor"], row["fare_lines"]),
        distance_meters=row["distance_meters"],
        note=row["note"],
        terms=RideTerms.read(row["terms"]),
        start_pin=row["start_pin"],
        requested_at=row["requested_at"],
        moved_at=row["moved_at"],
        search_until=row["search_until"],
        state=RideState(row["state"]),
        payment_state=PaymentState(row["payment_state"]),
        version=row["version"],
        pin_failures=row["pin_failures"],
        fee=FareLine(FareLineKind(row["fee_kind"]), Money(currency_code, row["fee_minor"]))
        if row["fee_kind"]
        else None,
        driver=driver_from(row) if driver_id is not None else None,
        driver_silent_since=driver_silent_since,
        pickup_eta_seconds=row["pickup_eta_seconds"],
        promised_pickup_at=row["promised_pickup_at"],
        swap_count=row["swap_count"],
        assigned_at=row["assigned_at"],
        arrived_at=row["arrived_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        reason=row["reason"],
        words=row["words"],
        city=row["city"],
        policy_version=row["policy_version"],
        stops=stops_from_json(row["stops"]) if stops is None else stops,
        passengers=row["passengers"],
        trip_seconds=row["trip_seconds"],
        surge_permille=row["surge_permille"],
        kind=RideKind(row["kind"]),
        delivery=_delivery_from(row) if row["delivery"] is not None else None,
        held_minor=row["held_minor"],
        route_version=row["route_version"],
        driven_meters=row["driven_meters"],
        driven_seconds=row["driven_seconds"],
        driven_to=None
        if row["driven_to_latitude"] is None
        else GeoPoint(row["driven_to_latitude"], row["driven_to_longitude"]),
        driven_at=row["driven_at"],
        schedule=schedule_from(row),
        sharing=Sharing(**row["sharing"]) if row["sharing"] is not None else None,
        promotion_id=row["promotion_id"],
        # The run of a private ride is the database's own affair.
        run_id=row["run_id"] if row["kind"] == "pooled" else None,
        run_slot=row["run_slot"] if row["kind"] == "pooled" else None,
    )


def _delivery_columns(delivery: Delivery | None) -> dict[str, Any]:
    proof = delivery.proof if delivery else None
    return {
        "delivery": order_json(delivery.order) if delivery else None,
        "hand_over_pin": delivery.hand_over_pin if delivery else None,
        "hand_over_failures": delivery.hand_over_failures if delivery else 0,
        "proof_kind": proof.kind.value if proof else None,
        "proof_reference": proof.reference if proof else None,
        "delivery_failure": delivery.failure.value if delivery and delivery.failure else None,
    }


def _delivery_from(row: Columns) -> Delivery:
    return Delivery(
        order=order_from(row["delivery"]),
        hand_over_pin=row["hand_over_pin"],
        hand_over_failures=row["hand_over_failures"],
        proof=Proof(ProofKind(row["proof_kind"]), row["proof_reference"]) if row["proof_kind"] else None,
        failure=DeliveryFailure(row["delivery_failure"]) if row["delivery_failure"] else None,
    )


def stop_rows(ride: Ride) -> dict[UUID, dict[str, Any]]:
    """Write the stops of a ride, by their ids."""
    return {
        stop.id: {
            "id": stop.id,
            "ride_id": ride.id,
            "position": position,
            "latitude": stop.place.point.latitude,
            "longitude": stop.place.point.longitude,
            "address": stop.place.address,
            "state": stop.state.value,
            "reached_at": stop.reached_at,
            "left_at": stop.left_at,
        }
        for position, stop in enumerate(ride.stops, start=1)
    }


def stop_from(row: Columns) -> Stop:
    """Read a stop."""
    place = Place(GeoPoint(row["latitude"], row["longitude"]), row["address"])
    return Stop(row["id"], place, StopState(row["state"]), row["reached_at"], row["left_at"])


def stops_from_json(items: Sequence[Sequence[Any]]) -> tuple[Stop, ...]:
    """Read what `stops_of_rides` selects."""
    return tuple(
        Stop(
            UUID(stop_id),
            Place(GeoPoint(latitude, longitude), address),
            StopState(state),
            _moment(reached_at),
            _moment(left_at),
        )
        for stop_id, latitude, longitude, address, state, reached_at, left_at in items
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def order_json(order: DeliveryOrder) -> dict[str, Any]:
    """Write what was ordered as it stands in a JSON column."""
    return {**asdict(order), "capabilities": sorted(order.capabilities)}


def order_from(value: Mapping[str, Any]) -> DeliveryOrder:
    """Read what `order_json` wrote."""
    capabilities = frozenset(Capability(name) for name in value["capabilities"])
    enums: dict[str, Any] = {"size": ItemSize(value["size"]), "proof_required": ProofKind(value["proof_required"])}
    fields: dict[str, Any] = {**value, **enums, "capabilities": capabilities}
    return DeliveryOrder(**fields)
