"""Quotes in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import (
    bindparam,
    insert,
    select,
)

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.quote import Discount, Fare, FareLine, FareLineKind, Place, Quote
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


def quote_row(quote: Quote) -> dict[str, Any]:
    """Write a quote as a row of `quotes`."""
    return {
        "id": quote.id,
        "rider_id": quote.rider_id,
        "product": quote.product,
        "pickup_latitude": quote.pickup.point.latitude,
        "pickup_longitude": quote.pickup.point.longitude,
        "pickup_address": quote.pickup.address,
        "dropoff_latitude": quote.dropoff.point.latitude,
        "dropoff_longitude": quote.dropoff.point.longitude,
        "dropoff_address": quote.dropoff.address,
        "currency_code": quote.fare.total.currency_code,
        "total_minor": quote.fare.total.amount_minor,
        "fare_lines": fare_lines_json(quote.fare),
        "distance_meters": quote.distance_meters,
        "trip_eta_seconds": quote.trip_eta_seconds,
        "pickup_eta_seconds": quote.pickup_eta_seconds,
        "surge_permille": quote.surge_permille,
        "expires_at": quote.expires_at,
        "city": quote.city,
        "policy_version": quote.policy_version,
        "surge_consent_token": quote.surge_consent_token,
        "stops": places_json(quote.stops),
        "passengers": quote.passengers,
        "pickup_at": quote.pickup_at,
        "max_detour_seconds": quote.max_detour_seconds,
        "promotion_id": quote.promotion_id,
        "discount": None if quote.discount is None else asdict(quote.discount),
    }


def quote_from_row(columns: Mapping[Any, Any]) -> Quote:
    """Read a row of `quotes`, given by the names of its columns (`result.mappings()`)."""
    return Quote(
        id=columns["id"],
        rider_id=columns["rider_id"],
        product=columns["product"],
        pickup=Place(GeoPoint(columns["pickup_latitude"], columns["pickup_longitude"]), columns["pickup_address"]),
        dropoff=Place(GeoPoint(columns["dropoff_latitude"], columns["dropoff_longitude"]), columns["dropoff_address"]),
        fare=fare_from_json(columns["currency_code"], columns["total_minor"], columns["fare_lines"]),
        distance_meters=columns["distance_meters"],
        trip_eta_seconds=columns["trip_eta_seconds"],
        pickup_eta_seconds=columns["pickup_eta_seconds"],
        expires_at=columns["expires_at"],
        surge_permille=columns["surge_permille"],
        city=columns["city"],
        policy_version=columns["policy_version"],
        surge_consent_token=columns["surge_consent_token"],
        stops=places_from_json(columns["stops"]),
        passengers=columns["passengers"],
        pickup_at=columns["pickup_at"],
        max_detour_seconds=columns["max_detour_seconds"],
        promotion_id=columns["promotion_id"],
        discount=None if columns["discount"] is None else Discount(**columns["discount"]),
    )


def places_json(places: Sequence[Place]) -> list[list[float | str]]:
    """Write places as they stand in a JSON column: [latitude, longitude, address] each."""
    return [[place.point.latitude, place.point.longitude, place.address] for place in places]


def places_from_json(places: Sequence[Sequence[Any]]) -> tuple[Place, ...]:
    """Read places."""
    return tuple(Place(GeoPoint(latitude, longitude), address) for latitude, longitude, address in places)


def fare_lines_json(fare: Fare) -> list[list[str | int]]:
    """Write the lines of a fare as they stand in a JSON column: kind, amount, and the name of those that have one."""
    return [[line.kind.value, line.amount.amount_minor, *([line.name] if line.name else ())] for line in fare.lines]


def fare_from_json(currency_code: str, total_minor: int, lines: Sequence[Sequence[Any]]) -> Fare:
    """Read a fare; lines that do not sum to the total are a ValueError (somebody changed the row)."""
    return Fare(
        Money(currency_code, total_minor),
        tuple(
            FareLine(FareLineKind(kind), Money(currency_code, amount_minor), *name)
            for kind, amount_minor, *name in lines
        ),
    )


_QUOTE_OF_RIDER = select(tables.quotes).where(
    tables.quotes.c.id == bindparam("of_quote"), tables.quotes.c.rider_id == bindparam("of_rider")
)


class PostgresQuotes:
    """The QuoteStore of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, quotes: Sequence[Quote]) -> None:
        if not quotes:
            return
        # Several rows go as one message of asyncpg's, which the server takes whole or not at all.
        async with self._database.connect() as connection:
            await connection.execute(insert(tables.quotes), [quote_row(quote) for quote in quotes])

    async def get(self, quote_id: UUID, rider_id: UUID) -> Quote:
        async with self._database.connect() as connection:
            found = await connection.execute(_QUOTE_OF_RIDER, {"of_quote": quote_id, "of_rider": rider_id})
        row = found.mappings().one_or_none()
        if row is None:
            raise NotFound("quote_not_found", "no such quote")
        return quote_from_row(row)
