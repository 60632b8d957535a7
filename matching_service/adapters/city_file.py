"""The document of a city's policy and the files it may come from: TOML, an unknown key refused, each fault told by
file, key and reason.

A key that a later release adds has a default: the documents that are stored must stay readable.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from matching_service.domain.city import (
    CityPolicy,
    DispatchPolicy,
    EditPolicy,
    FeePolicy,
    LocationPolicy,
    Product,
    ServiceArea,
    StopPolicy,
    SwapPolicy,
    Tax,
    TravelPolicy,
    VehicleClass,
)
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.stops import MAX_STOPS
from shared_kernel.errors import DomainError, FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money, exponent

_Amount = Annotated[int, Field(ge=0, le=10_000_000)]
_Share = Annotated[int, Field(ge=0, le=10_000)]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class CityFileError(ValueError):
    """A city file that cannot be used; the text names the file, each key at fault and the reason."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Area(_Strict):
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


class _Tax(_Strict):
    rate_basis_points: _Share
    jurisdiction: Annotated[str, Field(min_length=1, max_length=80)]


class _Fees(_Strict):
    free_cancel_seconds: Annotated[int, Field(ge=0, le=3600)]
    cancel_fee_minor: _Amount
    no_show_fee_minor: _Amount
    no_show_wait_seconds: Annotated[int, Field(ge=0, le=3600)]


class _Swaps(_Strict):
    max_per_ride: Annotated[int, Field(ge=0, le=10)] = 2
    min_gain_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    not_within_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    reroute_without_consent: bool = True


class _Dispatch(_Strict):
    tick_seconds: Annotated[float, Field(ge=0.1, le=30)]
    offer_seconds: Annotated[int, Field(ge=1, le=120)]
    search_window_seconds: Annotated[int, Field(ge=10, le=7200)]
    pickup_eta_cap_seconds: Annotated[int, Field(ge=60, le=7200)]
    # Policies that were stored before there were such keys are read as they were meant: with what the package has.
    first_pickup_eta_cap_seconds: Annotated[int, Field(ge=60, le=7200)] = 600
    pickup_eta_cap_growth: Annotated[float, Field(ge=0, le=100)] = 2.0
    swaps: _Swaps = _Swaps()

    @model_validator(mode="after")
    def _window_holds_an_offer(self) -> Self:
        if self.search_window_seconds < self.offer_seconds:
            raise ValueError("search_window_seconds is shorter than offer_seconds")
        return self


class _Stops(_Strict):
    # With defaults, as all of this section: the stored documents of a release before it lack it.
    max_stops: Annotated[int, Field(ge=0, le=MAX_STOPS)] = MAX_STOPS
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 180


class _Edits(_Strict):
    quote_seconds: Annotated[int, Field(ge=10, le=3600)] = 120
    max_pickup_meters: Annotated[int, Field(ge=0, le=100_000)] = 3000
    redispatch_meters: Annotated[int, Field(ge=0, le=100_000)] = 800
    driver_consent_seconds: Annotated[int, Field(ge=0, le=36_000)] = 1200
    driver_answer_seconds: Annotated[int, Field(ge=5, le=600)] = 45


class _Locations(_Strict):
    max_speed_kmh: Annotated[float, Field(gt=0, le=100_000)]
    max_accuracy_meters: Annotated[float, Field(gt=0, le=10_000)]


class _Travel(_Strict):
    circuity: Annotated[float, Field(ge=1, le=5)]
    speed_kmh: Annotated[float, Field(gt=0, le=200)]


class _Product(_Strict):
    vehicle_classes: Annotated[list[VehicleClass], Field(min_length=1)]
    base_minor: _Amount
    per_kilometer_minor: _Amount
    per_minute_minor: _Amount
    minimum_minor: _Amount
    booking_fee_minor: _Amount
    # With a default: the stored documents of a release before it lack it.
    seats: Annotated[int, Field(ge=1, le=60)] = 4
    kind: RideKind = RideKind.PRIVATE
    return_fee_minor: _Amount | None = None

    @field_validator("kind", mode="before")
    @classmethod
    def _known_kind(cls, value: object) -> object:
        known = {kind.value: kind for kind in RideKind}
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"unknown kind {value!r}; known are {', '.join(known)}")
        return known[value]

    @model_validator(mode="after")
    def _a_return_costs_what_is_said(self) -> Self:
        if (self.kind is RideKind.DELIVERY) != (self.return_fee_minor is not None):
            raise ValueError("return_fee_minor is for products of the kind delivery, and they need it")
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


class _CityFile(_Strict):
    city: _Name
    name: Annotated[str, Field(min_length=1, max_length=80)]
    time_zone: str
    currency_code: str
    commission_basis_points: _Share
    cash_accepted: bool
    quote_seconds: Annotated[int, Field(ge=10, le=3600)]
    min_trip_meters: Annotated[int, Field(ge=0)]
    max_trip_meters: Annotated[int, Field(gt=0, le=2_000_000)]
    service_area: _Area
    tax: _Tax
    fees: _Fees
    dispatch: _Dispatch
    stops: _Stops = _Stops()
    edits: _Edits = _Edits()
    locations: _Locations
    travel: _Travel
    products: Annotated[dict[_Name, _Product], Field(min_length=1, max_length=50)]

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
        )
        for name, product in content.products.items()
    }
    return CityPolicy(
        city=content.city,
        name=content.name,
        time_zone=content.time_zone,
        currency_code=content.currency_code,
        service_area=ServiceArea(tuple(GeoPoint(*corner) for corner in content.service_area.corners)),
        products=products,
        tax=Tax(content.tax.rate_basis_points, content.tax.jurisdiction),
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
        ),
        dispatch=DispatchPolicy(
            **content.dispatch.model_dump(exclude={"swaps"}), swaps=SwapPolicy(**content.dispatch.swaps.model_dump())
        ),
        stops=StopPolicy(**content.stops.model_dump()),
        edits=EditPolicy(**content.edits.model_dump()),
        locations=LocationPolicy(**content.locations.model_dump()),
        travel=TravelPolicy(**content.travel.model_dump()),
    )
