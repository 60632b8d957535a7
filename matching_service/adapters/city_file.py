"""The document of a city's policy and the files it may come from: TOML, an unknown key refused, each fault told by
file, key and reason.

A key that a later release adds has a default: the documents that are stored must stay readable.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator

from matching_service.adapters.city_fares import Amount, Corners, FareTables, Name, Scoped, Share, Strict, TaxTable
from matching_service.domain.city import (
    CityPolicy,
    CostWeights,
    DispatchMode,
    DispatchPolicy,
    EditPolicy,
    FeePolicy,
    LocationPolicy,
    Product,
    SchedulePolicy,
    SharingPolicy,
    StopPolicy,
    SwapPolicy,
    TravelPolicy,
    VehicleClass,
)
from matching_service.domain.offer import MAX_BROADCAST_OFFERS
from matching_service.domain.pooling import MAX_PARTIES
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.stops import MAX_STOPS
from matching_service.domain.surge import SurgePolicy
from shared_kernel.errors import DomainError, FieldViolation, InvalidInput
from shared_kernel.money import Money, exponent


class CityFileError(ValueError):
    """A city file that cannot be used; the text names the file, each key at fault and the reason."""


class _Fees(Strict):
    free_cancel_seconds: Annotated[int, Field(ge=0, le=3600)]
    cancel_fee_minor: Amount
    no_show_fee_minor: Amount
    no_show_wait_seconds: Annotated[int, Field(ge=0, le=3600)]
    # With defaults: the stored documents of a release before them lack them.
    cancel_fee_per_minute_minor: Amount = 0
    cancel_fee_most_minor: Amount | None = None
    late_grace_seconds: Annotated[int, Field(ge=0, le=7200)] | None = None
    waiting_grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    waiting_most_seconds: Annotated[int, Field(ge=0, le=7200)] = 1800

    @model_validator(mode="after")
    def _most_is_not_less(self) -> Self:
        if self.cancel_fee_most_minor is not None and self.cancel_fee_most_minor < self.cancel_fee_minor:
            raise ValueError("cancel_fee_most_minor is below cancel_fee_minor")
        if self.cancel_fee_per_minute_minor and self.cancel_fee_most_minor is None:
            raise ValueError("a fee that grows by the minute needs cancel_fee_most_minor")
        return self


class _Swaps(Strict):
    max_per_ride: Annotated[int, Field(ge=0, le=10)] = 2
    min_gain_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    not_within_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    reroute_without_consent: bool = True


class _Surge(Strict):
    period_seconds: Annotated[int, Field(ge=1, le=600)]
    horizon_seconds: Annotated[int, Field(ge=0, le=3600)]
    least_requests: Annotated[int, Field(ge=1, le=10_000)]
    start_permille: Annotated[int, Field(ge=0, le=100_000)]
    slope_permille: Annotated[int, Field(ge=0, le=10_000)]
    cap_permille: Annotated[int, Field(ge=1000, le=10_000)]
    step_permille: Annotated[int, Field(ge=1, le=1000)]
    hysteresis_permille: Annotated[int, Field(ge=0, le=5000)]
    average_permille: Annotated[int, Field(ge=1, le=1000)]
    consent_permille: Annotated[int, Field(ge=1001, le=10_001)]


class _Weights(Strict):
    fairness_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    decline_seconds: Annotated[float, Field(ge=0, le=600)] = 15.0
    destination: Annotated[float, Field(ge=0, le=2)] = 0.5


class _Dispatch(Strict):
    tick_seconds: Annotated[float, Field(ge=0.1, le=30)]
    # With defaults: the stored documents of a release before them lack them.
    late_accept_seconds: Annotated[int, Field(ge=0, le=60)] = 10
    most_tick_seconds: Annotated[float, Field(ge=0.1, le=60)] = 5.0
    offer_seconds: Annotated[int, Field(ge=1, le=120)]
    search_window_seconds: Annotated[int, Field(ge=10, le=7200)]
    pickup_eta_cap_seconds: Annotated[int, Field(ge=60, le=7200)]
    # Policies that were stored before there were such keys are read as they were meant: with what the package has.
    first_pickup_eta_cap_seconds: Annotated[int, Field(ge=60, le=7200)] = 600
    pickup_eta_cap_growth: Annotated[float, Field(ge=0, le=100)] = 2.0
    swaps: _Swaps = _Swaps()
    mode: Literal["batch", "broadcast"] = "batch"
    broadcast_offers: Annotated[int, Field(ge=2, le=MAX_BROADCAST_OFFERS)] = 5
    weights: _Weights = _Weights()

    @model_validator(mode="after")
    def _window_holds_an_offer(self) -> Self:
        if self.search_window_seconds < self.offer_seconds:
            raise ValueError("search_window_seconds is shorter than offer_seconds")
        return self


class _Stops(Strict):
    # With defaults, as all of this section: the stored documents of a release before it lack it.
    max_stops: Annotated[int, Field(ge=0, le=MAX_STOPS)] = MAX_STOPS
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 180


class _Edits(Strict):
    quote_seconds: Annotated[int, Field(ge=10, le=3600)] = 120
    max_pickup_meters: Annotated[int, Field(ge=0, le=100_000)] = 3000
    redispatch_meters: Annotated[int, Field(ge=0, le=100_000)] = 800
    driver_consent_seconds: Annotated[int, Field(ge=0, le=36_000)] = 1200
    driver_answer_seconds: Annotated[int, Field(ge=5, le=600)] = 45


class _Schedule(Strict):
    min_ahead_seconds: Annotated[int, Field(ge=0, le=86_400)] = 1800
    max_ahead_seconds: Annotated[int, Field(ge=3600, le=31_536_000)] = 2_592_000
    max_rides: Annotated[int, Field(ge=0, le=50)] = 5
    # Far below the seven days that a hold on a card lasts.
    hold_lead_seconds: Annotated[int, Field(ge=0, le=259_200)] = 3600
    remind_lead_seconds: Annotated[int, Field(ge=0, le=259_200)] = 2700
    search_lead_seconds: Annotated[int, Field(ge=0, le=7200)] = 1800
    search_margin_seconds: Annotated[int, Field(ge=0, le=3600)] = 180
    free_cancel_lead_seconds: Annotated[int, Field(ge=0, le=86_400)] = 900

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.min_ahead_seconds >= self.max_ahead_seconds:
            raise ValueError("min_ahead_seconds is not below max_ahead_seconds")
        return self


class _Locations(Strict):
    max_speed_kmh: Annotated[float, Field(gt=0, le=100_000)]
    max_accuracy_meters: Annotated[float, Field(gt=0, le=10_000)]


class _Travel(Strict):
    circuity: Annotated[float, Field(ge=1, le=5)]
    speed_kmh: Annotated[float, Field(gt=0, le=200)]


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
        unknown = [name for name in value if name not in known]
        if unknown:
            raise ValueError(f"unknown vehicle class {unknown[0]!r}; known are {', '.join(known)}")
        return [known[name] for name in value]


class _CityFile(FareTables):
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
    fees: _Fees
    dispatch: _Dispatch
    # Without it the city has no surge.
    surge: _Surge | None = None
    stops: _Stops = _Stops()
    edits: _Edits = _Edits()
    schedule: _Schedule = _Schedule()
    locations: _Locations
    travel: _Travel
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


@dataclass(frozen=True, slots=True)
class CityFile:
    """A file that was read: its text as it stands, and what it says."""

    text: str
    policy: CityPolicy


def load_cities(path: Path | None) -> list[CityFile]:
    """Read a city file, or all `*.toml` of a folder, or the packaged one when `path` is None; in order of their keys.

    Raises CityFileError, also for a folder without a file and for two files of one city.
    """
    if path is None:
        text = files("matching_service").joinpath("cities/default.toml").read_text(encoding="utf-8")
        return [CityFile(text, parse_city(text, "matching_service/cities/default.toml"))]
    if not path.is_dir():
        return [_load(path)]
    found = {file: _load(file) for file in sorted(path.glob("*.toml"))}
    if not found:
        raise CityFileError(f"{path}: there is no city file (*.toml) in this folder")
    by_city: dict[str, Path] = {}
    for file, read in found.items():
        former = by_city.setdefault(read.policy.city, file)
        if former != file:
            raise CityFileError(f"{file}: city: {read.policy.city!r} is the city of {former} already")
    return sorted(found.values(), key=lambda read: read.policy.city)


def load_city(path: Path | None) -> CityPolicy:
    """Read one city file, or the packaged one when `path` is None. Raises CityFileError."""
    return load_cities(path)[0].policy


def parse_city(text: str, source: str) -> CityPolicy:
    """Read the text of a city file; `source` names it in errors. Raises CityFileError."""
    try:
        return read_document(text)
    except InvalidInput as error:
        faults = [f"{source}: {fault.field}: {fault.description}" for fault in error.violations]
        raise CityFileError("\n".join(faults)) from error


def read_document(text: str) -> CityPolicy:
    """Read the document of a city's policy.

    Raises:
        InvalidInput: `invalid_city_policy`; each violation names a key of the document and the rule that it breaks.
    """
    try:
        content = _CityFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _invalid([FieldViolation("the file", f"is not TOML: {error}")]) from error
    except ValidationError as error:
        violations = [
            FieldViolation(".".join(str(part) for part in fault["loc"]) or "the file", fault["msg"])
            for fault in error.errors(include_url=False)
        ]
        raise _invalid(violations) from error
    return _as_policy(content)


def _load(path: Path) -> CityFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CityFileError(f"{path}: cannot be read: {error}") from error
    return CityFile(text, parse_city(text, str(path)))


def _invalid(violations: list[FieldViolation]) -> InvalidInput:
    return InvalidInput("invalid_city_policy", "the city's policy cannot be used", violations=violations)


def _as_policy(content: _CityFile) -> CityPolicy:
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
            return_fee=None if product.return_fee_minor is None else money(product.return_fee_minor),
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
            cancel_fee=money(content.fees.cancel_fee_minor),
            no_show_fee=money(content.fees.no_show_fee_minor),
            no_show_wait_seconds=content.fees.no_show_wait_seconds,
            cancel_fee_per_minute=money(content.fees.cancel_fee_per_minute_minor),
            cancel_fee_most=money(content.fees.cancel_fee_most_minor or content.fees.cancel_fee_minor),
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
