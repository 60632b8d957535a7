"""The document of a city's policy: TOML, an unknown key refused, each fault told by key and reason.

A key that a later release adds has a default: the documents that are stored must stay readable.
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator

from matching_service.adapters.city_fares import Amount, Corners, FareTables, Name, Scoped, Share, Strict, TaxTable
from matching_service.adapters.city_faults import unusable
from matching_service.adapters.city_sections import (
    DispatchSection,
    EditsSection,
    FeesSection,
    LocationsSection,
    ScheduleSection,
    StopsSection,
    SurgeSection,
    TravelSection,
)
from matching_service.domain.city import (
    CityPolicy,
    EditPolicy,
    FeePolicy,
    LocationPolicy,
    Product,
    SchedulePolicy,
    SharingPolicy,
    StopPolicy,
    TravelPolicy,
    VehicleClass,
)
from matching_service.domain.dispatch_policy import CostWeights, DispatchMode, DispatchPolicy, SwapPolicy
from matching_service.domain.pooling import MAX_PARTIES
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.surge import SurgePolicy
from shared_kernel.errors import DomainError, FieldViolation
from shared_kernel.money import Money, exponent


class _Sharing(Strict):
    max_detour_seconds: Annotated[int, Field(ge=0, le=3600)]
    max_detour_basis_points: Annotated[int, Field(ge=0, le=20_000)]
    max_wait_seconds: Annotated[int, Field(ge=0, le=3600)]
    parties: Annotated[int, Field(ge=2, le=MAX_PARTIES)]


class _Product(Strict):
    vehicle_classes: Annotated[list[VehicleClass], Field(min_length=1)]
    base_minor: Amount
    per_kilometer_minor: Amount
    per_minute_minor: Amount
    minimum_minor: Amount
    booking_fee_minor: Amount
    waiting_per_minute_minor: Amount = 0
    available: Scoped = Scoped()
    # With a default: the stored documents of a release before it lack it.
    seats: Annotated[int, Field(ge=1, le=60)] = 4
    kind: RideKind = RideKind.PRIVATE
    return_fee_minor: Amount | None = None
    sharing: _Sharing | None = None

    @field_validator("kind", mode="before")
    @classmethod
    def _known_kind(cls, value: object) -> object:
        known = {kind.value: kind for kind in RideKind}
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"unknown kind {value!r}; known are {', '.join(known)}")
        return known[value]

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if (self.kind is RideKind.DELIVERY) != (self.return_fee_minor is not None):
            raise ValueError("return_fee_minor is for products of the kind delivery, and they need it")
        if (self.kind is RideKind.POOLED) != (self.sharing is not None):
            raise ValueError("sharing is for products of the kind pooled, and they need it")
        return self

    @field_validator("vehicle_classes", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        known = {vehicle_class.value: vehicle_class for vehicle_class in VehicleClass}
        unknown = [name for name in value if not isinstance(name, str) or name not in known]
        if unknown:
            raise ValueError(f"unknown vehicle class {unknown[0]!r}; known are {', '.join(known)}")
        return [known[name] for name in value]


class _CityDocument(FareTables):
    city: Name
    name: Annotated[str, Field(min_length=1, max_length=80)]
    time_zone: str
    currency_code: str
    commission_basis_points: Share
    cash_accepted: bool
    quote_seconds: Annotated[int, Field(ge=10, le=3600)]
    min_trip_meters: Annotated[int, Field(ge=0)]
    max_trip_meters: Annotated[int, Field(gt=0, le=2_000_000)]
    service_area: Corners
    # One tax on all rides, or several in [[taxes]].
    tax: TaxTable | None = None
    fees: FeesSection
    dispatch: DispatchSection
    # Without it the city has no surge.
    surge: SurgeSection | None = None
    stops: StopsSection = StopsSection()
    edits: EditsSection = EditsSection()
    schedule: ScheduleSection = ScheduleSection()
    locations: LocationsSection
    travel: TravelSection
    products: Annotated[dict[Name, _Product], Field(min_length=1, max_length=50)]

    @field_validator("currency_code")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        try:
            exponent(code)
        except DomainError:
            raise ValueError("is not an ISO 4217 currency code") from None
        return code

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not a name of the IANA time zone database") from None
        return name

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Self:
        if self.min_trip_meters >= self.max_trip_meters:
            raise ValueError("min_trip_meters is not below max_trip_meters")
        return self

    @model_validator(mode="after")
    def _one_tax_or_several(self) -> Self:
        if (self.tax is None) == (not self.taxes):
            raise ValueError("a city has either [tax] or [[taxes]]")
        jurisdictions = [tax.jurisdiction for tax in self.all_taxes]
        if len(set(jurisdictions)) != len(jurisdictions):
            raise ValueError("two taxes have one jurisdiction: a receipt could not tell them apart")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        scopes = [
            *self.scoped(),
            *((f"products.{name}.available", sold.available) for name, sold in self.products.items()),
        ]
        for place, scope in scopes:
            for product in scope.products:
                if product not in self.products:
                    raise ValueError(f"{place}.products: there is no product {product!r}")
            for zone in (*scope.pickup_zones, *scope.dropoff_zones):
                if zone not in self.zones:
                    raise ValueError(f"{place}: there is no zone {zone!r}")
        for index, toll in enumerate(self.tolls):
            if toll.zone is not None and toll.zone not in self.zones:
                raise ValueError(f"tolls.{index}.zone: there is no zone {toll.zone!r}")
        for name, sold in self.products.items():
            if sold.available.products or sold.available.dropoff_zones:
                raise ValueError(f"products.{name}.available: takes pickup_zones and windows alone")
        return self

    @property
    def all_taxes(self) -> list[TaxTable]:
        """The taxes, however they are written."""
        return list(self.taxes) if self.tax is None else [self.tax]


def read_document(text: str) -> CityPolicy:
    """Read the document of a city's policy.

    Raises:
        InvalidInput: `invalid_city_policy`; each violation names a key of the document and the rule that it breaks.
    """
    try:
        written = tomllib.loads(text)
    except RecursionError as error:
        raise unusable([FieldViolation("the file", "has tables or arrays in one another without end")]) from error
    except ValueError as error:  # also a number of more digits than Python reads
        raise unusable([FieldViolation("the file", f"is not TOML: {error}")]) from error
    try:
        content = _CityDocument.model_validate(written)
    except ValidationError as error:
        faults = [
            FieldViolation(".".join(str(part) for part in fault["loc"]) or "the file", fault["msg"])
            for fault in error.errors(include_url=False)
        ]
        raise unusable(faults) from error
    return _as_policy(content)


def _as_policy(content: _CityDocument) -> CityPolicy:
    def money(amount_minor: int) -> Money:
        return Money(content.currency_code, amount_minor)

    products = {
        name: Product(
            name=name,
            vehicle_classes=frozenset(product.vehicle_classes),
            base=money(product.base_minor),
            per_kilometer=money(product.per_kilometer_minor),
            per_minute=money(product.per_minute_minor),
            minimum=money(product.minimum_minor),
            booking_fee=money(product.booking_fee_minor),
            seats=product.seats,
            kind=product.kind,
            return_fee=None if product.return_fee_minor is None else money(product.return_fee_minor).charged(),
            waiting_per_minute=money(product.waiting_per_minute_minor),
            available=product.available.scope(),
            sharing=None if product.sharing is None else SharingPolicy(**product.sharing.model_dump()),
        )
        for name, product in content.products.items()
    }
    return CityPolicy(
        city=content.city,
        name=content.name,
        time_zone=content.time_zone,
        currency_code=content.currency_code,
        service_area=content.service_area.area(),
        products=products,
        surge=None if content.surge is None else SurgePolicy(**content.surge.model_dump()),
        fares=content.book(money, content.all_taxes),
        commission_basis_points=content.commission_basis_points,
        cash_accepted=content.cash_accepted,
        quote_seconds=content.quote_seconds,
        min_trip_meters=content.min_trip_meters,
        max_trip_meters=content.max_trip_meters,
        fees=FeePolicy(
            free_cancel_seconds=content.fees.free_cancel_seconds,
            cancel_fee=money(content.fees.cancel_fee_minor).charged(),
            no_show_fee=money(content.fees.no_show_fee_minor).charged(),
            no_show_wait_seconds=content.fees.no_show_wait_seconds,
            cancel_fee_per_minute=money(content.fees.cancel_fee_per_minute_minor),
            cancel_fee_most=money(content.fees.cancel_fee_most_minor or content.fees.cancel_fee_minor).charged(),
            late_grace_seconds=content.fees.late_grace_seconds,
            waiting_grace_seconds=content.fees.waiting_grace_seconds,
            waiting_most_seconds=content.fees.waiting_most_seconds,
        ),
        dispatch=DispatchPolicy(
            **content.dispatch.model_dump(exclude={"swaps", "mode", "weights"}),
            swaps=SwapPolicy(**content.dispatch.swaps.model_dump()),
            mode=DispatchMode(content.dispatch.mode),
            weights=CostWeights(**content.dispatch.weights.model_dump()),
        ),
        stops=StopPolicy(**content.stops.model_dump()),
        edits=EditPolicy(**content.edits.model_dump()),
        schedule=SchedulePolicy(**content.schedule.model_dump()),
        locations=LocationPolicy(**content.locations.model_dump()),
        travel=TravelPolicy(**content.travel.model_dump()),
    )
