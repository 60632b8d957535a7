"""The part of a city's document that fares depend on: zones, hours, fare rules, surcharges, tolls and taxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import time
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from matching_service.domain.fare_book import (
    FareBook,
    FareRule,
    PaidBy,
    Rates,
    Scope,
    Surcharge,
    Tax,
    Toll,
    Window,
)
from matching_service.domain.zones import Gate, ServiceArea
from shared_kernel.errors import DomainError
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

Amount = Annotated[int, Field(ge=0, le=10_000_000)]
Share = Annotated[int, Field(ge=0, le=10_000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[str, Field(min_length=1, max_length=80)]
_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Names = Annotated[list[Name], Field(max_length=50)]
_MAX_ENTRIES = 200
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Strict(BaseModel):
    """A table of the document: an unknown key is refused, and no value is taken for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Corners(Strict):
    """Points on the map as [latitude, longitude]."""

    corners: Annotated[list[tuple[float, float]], Field(min_length=3, max_length=10_000)]

    @field_validator("corners", mode="before")
    @classmethod
    def _as_tuples(cls, value: object) -> object:
        # TOML has arrays alone; strict validation would ask for tuples.
        if not isinstance(value, list):
            return value
        return [tuple(corner) if isinstance(corner, list) else corner for corner in value]

    @field_validator("corners")
    @classmethod
    def _on_the_earth(cls, corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
        for index, (latitude, longitude) in enumerate(corners):
            try:
                GeoPoint(latitude, longitude)
            except DomainError:
                raise ValueError(f"corner {index} is not a [latitude, longitude] on the Earth") from None
        return corners

    def area(self) -> ServiceArea:
        """Return the polygon."""
        return ServiceArea(tuple(GeoPoint(*corner) for corner in self.corners))


class _Line(Corners):
    corners: Annotated[list[tuple[float, float]], Field(min_length=2, max_length=2)]


class _Hours(Strict):
    days: Annotated[list[str], Field(min_length=1, max_length=7)]
    start: Annotated[_Clock, Field(alias="from")]
    end: Annotated[_Clock, Field(alias="to")]

    @field_validator("days")
    @classmethod
    def _known_days(cls, days: list[str]) -> list[str]:
        unknown = [day for day in days if day not in _DAYS]
        if unknown:
            raise ValueError(f"unknown day {unknown[0]!r}; known are {', '.join(_DAYS)}")
        return days

    def window(self) -> Window:
        days = frozenset(_DAYS.index(day) for day in self.days)
        return Window(days, time.fromisoformat(self.start), time.fromisoformat(self.end))


class Scoped(Strict):
    """Which rides a table is for; what is left out asks nothing."""

    products: _Names = []
    pickup_zones: _Names = []
    dropoff_zones: _Names = []
    windows: Annotated[list[_Hours], Field(max_length=50)] = []

    def scope(self) -> Scope:
        """Return it as the domain's."""
        return Scope(
            frozenset(self.products),
            frozenset(self.pickup_zones),
            frozenset(self.dropoff_zones),
            tuple(hours.window() for hours in self.windows),
        )


class _Fare(Scoped):
    name: Words
    flat_minor: Amount | None = None
    base_minor: Amount | None = None
    per_kilometer_minor: Amount | None = None
    per_minute_minor: Amount | None = None
    minimum_minor: Amount | None = None
    booking_fee_minor: Amount | None = None

    @model_validator(mode="after")
    def _flat_or_metered(self) -> Self:
        metered = (self.base_minor, self.per_kilometer_minor, self.per_minute_minor, self.minimum_minor)
        if self.flat_minor is not None and any(rate is not None for rate in metered):
            raise ValueError("flat_minor takes the place of base, per_kilometer, per_minute and minimum")
        if self.flat_minor == 0:
            raise ValueError("flat_minor is above zero")
        return self

    def rates(self, money: Callable[[int], Money]) -> Rates:
        def optional(amount_minor: int | None) -> Money | None:
            return None if amount_minor is None else money(amount_minor)

        return Rates(
            optional(self.flat_minor),
            optional(self.base_minor),
            optional(self.per_kilometer_minor),
            optional(self.per_minute_minor),
            optional(self.minimum_minor),
            optional(self.booking_fee_minor),
        )


class _Surcharge(Scoped):
    name: Words
    amount_minor: Amount
    paid_by: str = PaidBy.PLATFORM.value

    @field_validator("paid_by")
    @classmethod
    def _known_payer(cls, value: str) -> str:
        if value not in {payer.value for payer in PaidBy}:
            raise ValueError(f"unknown payer {value!r}; known are {', '.join(PaidBy)}")
        return value


class _Toll(Scoped):
    name: Words
    amount_minor: Amount
    gate: _Line | None = None
    one_way: bool = False
    zone: Name | None = None

    @field_validator("gate", mode="before")
    @classmethod
    def _as_corners(cls, value: object) -> object:
        return {"corners": value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.gate is None) == (self.zone is None):
            raise ValueError("a toll has a gate or a zone")
        if self.one_way and self.gate is None:
            raise ValueError("one_way is for gates")
        return self


class TaxTable(Scoped):
    """A tax."""

    rate_basis_points: Share
    # payment_service's bound of a jurisdiction.
    jurisdiction: Annotated[str, Field(min_length=1, max_length=40)]


class FareTables(Strict):
    """What the document says of fares beside its products."""

    zones: Annotated[dict[Name, Corners], Field(max_length=_MAX_ENTRIES)] = {}
    fares: Annotated[list[_Fare], Field(max_length=_MAX_ENTRIES)] = []
    surcharges: Annotated[list[_Surcharge], Field(max_length=_MAX_ENTRIES)] = []
    tolls: Annotated[list[_Toll], Field(max_length=_MAX_ENTRIES)] = []
    taxes: Annotated[list[TaxTable], Field(max_length=20)] = []

    def scoped(self) -> Iterator[tuple[str, Scoped]]:
        """Yield each table that names zones and products, with its place in the document."""
        for kind, tables in (
            ("fares", self.fares),
            ("surcharges", self.surcharges),
            ("tolls", self.tolls),
            ("taxes", self.taxes),
        ):
            for index, table in enumerate(tables):
                yield f"{kind}.{index}", table

    def book(self, money: Callable[[int], Money], taxes: Sequence[TaxTable]) -> FareBook:
        """Return it as the domain's, with these taxes."""
        zones = {name: zone.area() for name, zone in self.zones.items()}
        return FareBook(
            zones=zones,
            rules=tuple(FareRule(fare.name, fare.scope(), fare.rates(money)) for fare in self.fares),
            surcharges=tuple(
                Surcharge(each.name, each.scope(), money(each.amount_minor), PaidBy(each.paid_by))
                for each in self.surcharges
            ),
            tolls=tuple(
                Toll(toll.name, toll.scope(), money(toll.amount_minor), _place(toll, zones)) for toll in self.tolls
            ),
            taxes=tuple(Tax(tax.rate_basis_points, tax.jurisdiction, tax.scope()) for tax in taxes),
        )


def _place(toll: _Toll, zones: dict[str, ServiceArea]) -> Gate | ServiceArea:
    if toll.gate is None:
        return zones[toll.zone or ""]
    start, end = (GeoPoint(*corner) for corner in toll.gate.corners)
    return Gate(start, end, toll.one_way)
