"""Promise a price for a ride, one quote a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.city import CityPolicy, Product
from matching_service.domain.pricing import NO_SURGE_PERMILLE, PricedTrip, is_sold, price_trip
from matching_service.domain.promotion import Promotion, best_of
from matching_service.domain.quote import Fare, FareLineKind, Place, Quote
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.run import max_detour_seconds
from matching_service.domain.schedule import refuse_pickup_time
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.dispatch_ports import QuoteStore
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.location_ports import FreeDrivers
from matching_service.use_cases.plan_route import plan_route
from matching_service.use_cases.promotion_ports import UsablePromotions
from matching_service.use_cases.surge_ports import SurgeReader
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class CreateQuotesCommand:
    """Who asks for a price, from where to where; `product` None asks for all that carry persons."""

    rider_id: UUID
    pickup: Place
    dropoff: Place
    product: str | None = None
    stops: tuple[Place, ...] = ()
    passengers: int = 1
    pickup_at: datetime | None = None
    """When the ride is to begin; None for now."""
    without_promotion: bool = False
    """Whether the rider's promotions are kept for other rides."""


class CreateQuotes:
    """The use case. Quotes are made anew at each call: they bind nobody until a ride is asked for with one."""

    def __init__(
        self,
        *,
        cities: Cities,
        eta: EtaProvider,
        free_drivers: FreeDrivers,
        quotes: QuoteStore,
        clock: Clock,
        new_id: IdSource,
        surge: SurgeReader | None = None,
        promotions: UsablePromotions | None = None,
    ) -> None:
        """Make it; without a reader of surge, or of promotions, prices have none."""
        self._promotions = promotions
        self._cities = cities
        self._eta = eta
        self._free_drivers = free_drivers
        self._quotes = quotes
        self._clock = clock
        self._new_id = new_id
        self._surge = surge

    async def __call__(self, command: CreateQuotesCommand) -> list[Quote]:
        """Price the trip and store the quotes.

        Raises InvalidInput `unknown_product`, `too_many_passengers`, `too_many_stops`, `outside_service_area`,
        `trip_too_short`, `trip_too_long`, `pickup_time_too_soon`, `pickup_time_too_far` or `not_schedulable`, and
        Conflict `product_unavailable`.
        """
        city = await self._city(command)
        now = self._clock.now()
        if command.pickup_at is not None:
            # Before the city's clock is asked: by it the first and the last hours of the calendar do not exist.
            refuse_pickup_time(command.pickup_at, now, city.schedule)
        products = _with_seats(_products(city, command.product, len(command.stops)), command.passengers)
        begins_at = command.pickup_at or now
        products = _available(city, products, begins_at, command.pickup.point)
        _check_stops(city, command.stops)
        if command.pickup_at is not None:
            products = _schedulable(products)
        points = [place.point for place in (command.pickup, *command.stops, command.dropoff)]
        trip = await plan_route(self._eta, points, city.stops.wait_seconds)
        _check_length(city, trip.meters)
        expires_at = now + timedelta(seconds=city.quote_seconds)
        priced = PricedTrip(begins_at, points, trip.meters, trip.seconds, trip.line)
        # Of a ride ahead nobody knows yet how many will ask for one then.
        surges = command.pickup_at is None
        surge_permille = await self._surge_permille(city, command.pickup.point) if surges else NO_SURGE_PERMILLE
        usable = await self._usable(city, command, now)
        fares = [price_trip(city, product, priced, surge_permille) for product in products]
        chosen = [best_of(usable, city.city, product.name, fare) for product, fare in zip(products, fares, strict=True)]
        quotes = [
            Quote(
                id=self._new_id(),
                rider_id=command.rider_id,
                product=product.name,
                pickup=command.pickup,
                dropoff=command.dropoff,
                fare=fare if promotion is None else promotion.discount.applied(fare),
                distance_meters=trip.meters,
                trip_eta_seconds=trip.seconds,
                pickup_eta_seconds=await self._pickup_eta_seconds(city, product, command.pickup.point),
                expires_at=expires_at,
                surge_permille=surge_permille if _is_surged(fare) else NO_SURGE_PERMILLE,
                city=city.city,
                policy_version=city.version,
                surge_consent_token=self._consent_token(city, fare, surge_permille),
                stops=command.stops,
                passengers=command.passengers,
                polyline=trip.polyline,
                pickup_at=command.pickup_at,
                max_detour_seconds=_max_detour_seconds(product, trip.seconds),
                promotion_id=None if promotion is None else promotion.id,
                discount=None if promotion is None else promotion.discount,
            )
            for product, fare, promotion in zip(products, fares, chosen, strict=True)
        ]
        await self._quotes.add(quotes)
        return quotes

    async def _city(self, command: CreateQuotesCommand) -> CityPolicy:
        """Return the policy of the city that serves the pickup, if it serves all other places too."""
        atlas = await self._cities.in_force()
        city = atlas.at(command.pickup.point)
        violations: list[FieldViolation] = []
        if city is None:
            violations.append(FieldViolation("pickup", "must be in the service area of a city"))
            city = atlas.at(command.dropoff.point)
        if city is None:
            violations.append(FieldViolation("dropoff", "must be in the service area of a city"))
        else:
            stops = ((f"stops[{index}]", stop) for index, stop in enumerate(command.stops))
            for field, place in (*stops, ("dropoff", command.dropoff)):
                if not city.service_area.contains(place.point):
                    violations.append(FieldViolation(field, f"must be in the service area of {city.name}"))
        if city is None or violations:
            raise InvalidInput("outside_service_area", "the ride leaves the service area", violations=violations)
        return city

    async def _usable(self, city: CityPolicy, command: CreateQuotesCommand, now: datetime) -> Sequence[Promotion]:
        if self._promotions is None or command.without_promotion:
            return ()
        return await self._promotions.usable(command.rider_id, city.city, city.currency_code, now)

    async def _surge_permille(self, city: CityPolicy, pickup: GeoPoint) -> int:
        if self._surge is None or city.surge is None:
            return NO_SURGE_PERMILLE
        return min(city.surge.cap_permille, await self._surge.permille_at(city.city, pickup))

    def _consent_token(self, city: CityPolicy, fare: Fare, surge_permille: int) -> str:
        asked = city.surge is not None and surge_permille >= city.surge.consent_permille and _is_surged(fare)
        return self._new_id().hex if asked else ""

    async def _pickup_eta_seconds(self, city: CityPolicy, product: Product, pickup: GeoPoint) -> int | None:
        cap_seconds = city.dispatch.pickup_eta_cap_seconds
        reach_meters = self._eta.reach_meters(cap_seconds)
        nearest = await self._free_drivers.nearest(pickup, product.vehicle_classes, reach_meters)
        if nearest is None:
            return None
        [seconds] = await self._eta.seconds([(nearest, pickup)])
        return seconds if seconds <= cap_seconds else None


def _is_surged(fare: Fare) -> bool:
    return fare.amount_of(FareLineKind.SURGE).amount_minor > 0


def _products(city: CityPolicy, name: str | None, stops: int) -> list[Product]:
    if name is None:
        # A delivery is asked for by name: it carries no rider.
        products = [product for product in city.products.values() if product.kind is not RideKind.DELIVERY]
        if not products:
            raise Conflict("product_unavailable", "nothing here carries persons; name the product of a delivery")
        return _with_stops(products, stops)
    try:
        return _with_stops([city.products[name]], stops)
    except KeyError:
        known = ", ".join(city.products)
        raise InvalidInput(
            "unknown_product",
            "no such product in this city",
            violations=[FieldViolation("product", f"must be one of {known}")],
        ) from None


def _with_stops(products: list[Product], stops: int) -> list[Product]:
    # Who shares a vehicle makes no stops of their own.
    stopping = [product for product in products if not stops or product.kind is not RideKind.POOLED]
    if not stopping:
        raise InvalidInput(
            "too_many_stops",
            "a ride that shares its vehicle makes no stops of its own",
            violations=[FieldViolation("stops", "must be empty for a pooled product")],
        )
    return stopping


def _available(city: CityPolicy, products: list[Product], now: datetime, pickup: GeoPoint) -> list[Product]:
    available = [product for product in products if is_sold(city, product, now, pickup)]
    if not available:
        names = ", ".join(product.name for product in products)
        raise Conflict("product_unavailable", f"{names}: not to be had from there at this time")
    return available


def _schedulable(products: list[Product]) -> list[Product]:
    private = [product for product in products if product.kind is RideKind.PRIVATE]
    if not private:
        violation = FieldViolation("pickup_time", "is for rides of one party alone")
        raise InvalidInput("not_schedulable", "that cannot be asked for ahead", violations=[violation])
    return private


def _max_detour_seconds(product: Product, direct_seconds: int) -> int | None:
    return None if product.sharing is None else max_detour_seconds(product.sharing, direct_seconds)


def _with_seats(products: list[Product], passengers: int) -> list[Product]:
    large = [product for product in products if product.seats >= passengers]
    if not large:
        most = max(product.seats for product in products)
        raise InvalidInput(
            "too_many_passengers",
            f"there are no more than {most} seats",
            violations=[FieldViolation("passengers", f"must be at most {most}")],
        )
    return large


def _check_stops(city: CityPolicy, stops: tuple[Place, ...]) -> None:
    most = city.stops.max_stops
    if len(stops) > most:
        raise InvalidInput(
            "too_many_stops",
            f"a ride has at most {most} stops",
            violations=[FieldViolation("stops", f"must have at most {most} items")],
        )


def _check_length(city: CityPolicy, meters: int) -> None:
    if meters < city.min_trip_meters:
        raise InvalidInput(
            "trip_too_short",
            f"the trip is shorter than {city.min_trip_meters} m",
            violations=[FieldViolation("dropoff", "is too close to the pickup")],
        )
    if meters > city.max_trip_meters:
        raise InvalidInput(
            "trip_too_long",
            f"the trip is longer than {city.max_trip_meters} m",
            violations=[FieldViolation("dropoff", "is too far from the pickup")],
        )
