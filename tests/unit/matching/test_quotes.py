"""Promising prices."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.city import CityPolicy, VehicleClass
from matching_service.domain.eta import CrowFliesEta, Trip
from matching_service.domain.fare_book import Scope, Toll, Window
from matching_service.domain.polyline import encode_polyline
from matching_service.domain.pricing import PricedTrip, price_trip
from matching_service.domain.quote import FareLineKind, Place
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.zones import Gate, ServiceArea
from matching_service.use_cases.create_quotes import CreateQuotes, CreateQuotesCommand
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.list_products import ListProducts
from shared_kernel.errors import Conflict, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import Uuid7Source
from shared_kernel.money import Money
from tests.fakes.matching_dispatch import NOON, FakeFreeDrivers, FakeQuotes, HandClock

CITY = load_city(None)
RIDER = UUID(int=1)
CITY_HALL = Place(GeoPoint(37.7793, -122.4193), "City Hall")
PIER = Place(GeoPoint(37.8087, -122.4098), "Pier 39")


def quoting(
    free: FakeFreeDrivers | None = None, city: CityPolicy = CITY, eta: EtaProvider | None = None
) -> tuple[CreateQuotes, FakeQuotes, HandClock]:
    store, clock = FakeQuotes(), HandClock()
    use_case = CreateQuotes(
        cities=FixedCities(city),
        eta=eta or CrowFliesEta(CITY.travel),
        free_drivers=free or FakeFreeDrivers(None),
        quotes=store,
        clock=clock,
        new_id=Uuid7Source(),
    )
    return use_case, store, clock


async def test_each_product_gets_a_quote_that_is_stored_and_expires() -> None:
    create_quotes, store, clock = quoting()
    quotes = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER))
    assert [quote.product for quote in quotes] == ["economy", "xl", "wheelchair", "pool"]
    assert [await store.get(quote.id, RIDER) for quote in quotes] == quotes
    first = quotes[0]
    assert first.pickup_eta_seconds is None
    assert first.surge_permille == 1000
    # 3.37 km as the crow flies, stretched by 1.20 and driven at 19.9 km/h
    assert 3_900 < first.distance_meters < 4_200
    assert first.trip_eta_seconds == pytest.approx(first.distance_meters / (19.9 / 3.6), abs=1)
    assert not first.is_expired(clock.now())
    clock.advance(300)
    assert first.is_expired(clock.now())


async def test_one_product_alone_can_be_asked_for() -> None:
    create_quotes, _, _ = quoting()
    [quote] = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "xl"))
    assert quote.product == "xl"


async def test_the_pickup_time_is_that_of_the_nearest_free_driver_of_the_product() -> None:
    near = GeoPoint(37.7893, -122.4193)  # 1112 m: 241.4 s
    create_quotes, _, _ = quoting(FakeFreeDrivers(near, frozenset({VehicleClass.XL})))
    quotes = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER))
    assert [quote.pickup_eta_seconds for quote in quotes] == [242, 242, None, 242]


@pytest.mark.parametrize(
    ("pickup", "dropoff", "product", "reason"),
    [
        (CITY_HALL, Place(GeoPoint(38.58, -121.49)), None, "outside_service_area"),
        (Place(GeoPoint(36.6, -121.9)), CITY_HALL, None, "outside_service_area"),
        (CITY_HALL, Place(GeoPoint(37.7794, -122.4193)), None, "trip_too_short"),
        (Place(GeoPoint(37.21, -121.71)), Place(GeoPoint(38.09, -122.79)), None, "trip_too_long"),
        (CITY_HALL, PIER, "limousine", "unknown_product"),
    ],
)
async def test_a_trip_the_city_does_not_sell_is_refused(
    pickup: Place, dropoff: Place, product: str | None, reason: str
) -> None:
    create_quotes, store, _ = quoting()
    with pytest.raises(InvalidInput) as caught:
        await create_quotes(CreateQuotesCommand(RIDER, pickup, dropoff, product))
    assert caught.value.reason == reason
    assert caught.value.violations
    assert store.quotes == {}


async def test_a_driver_beyond_the_cap_gives_no_pickup_time() -> None:
    create_quotes, _, _ = quoting(FakeFreeDrivers(GeoPoint(37.70, -122.48)))
    quotes = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER))
    assert {quote.pickup_eta_seconds for quote in quotes} == {None}


async def test_reach_is_the_distance_of_the_cap() -> None:
    eta = CrowFliesEta(CITY.travel)
    reach = eta.reach_meters(1_200)
    degrees = reach / 111_195.08
    [seconds] = await eta.seconds([(GeoPoint(37.0, -122.0), GeoPoint(37.0 + degrees, -122.0))])
    assert seconds in {1_200, 1_201}


async def test_a_driver_on_the_spot_takes_a_second() -> None:
    assert await CrowFliesEta(CITY.travel).seconds([(PIER.point, PIER.point)]) == [1]


async def test_a_ride_with_stops_is_priced_leg_by_leg_with_the_wait_at_each_stop() -> None:
    create_quotes, _, _ = quoting()
    [there] = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "economy"))
    [back] = await create_quotes(CreateQuotesCommand(RIDER, PIER, CITY_HALL, "economy"))
    round_trip = CreateQuotesCommand(RIDER, CITY_HALL, CITY_HALL, "economy", stops=(PIER,))
    [quote] = await create_quotes(round_trip)
    assert quote.stops == (PIER,)
    assert quote.distance_meters == there.distance_meters + back.distance_meters
    assert quote.trip_eta_seconds == there.trip_eta_seconds + back.trip_eta_seconds + CITY.stops.wait_seconds
    product = CITY.products["economy"]
    places = [CITY_HALL.point, PIER.point, CITY_HALL.point]
    trip = PricedTrip(NOON, places, quote.distance_meters, quote.trip_eta_seconds, places)
    assert quote.fare == price_trip(CITY, product, trip)


async def test_more_stops_than_the_city_allows_are_refused() -> None:
    create_quotes, _, _ = quoting()
    with pytest.raises(InvalidInput) as refused:
        await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, stops=(PIER,) * 6))
    assert refused.value.reason == "too_many_stops"


async def test_a_stop_outside_the_service_area_is_named() -> None:
    create_quotes, _, _ = quoting()
    sacramento = Place(GeoPoint(38.58, -121.49))
    with pytest.raises(InvalidInput) as refused:
        await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, stops=(PIER, sacramento)))
    assert [item.field for item in refused.value.violations] == ["stops[1]"]


async def test_products_with_too_few_seats_are_left_out() -> None:
    create_quotes, _, _ = quoting()
    quotes = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, passengers=5))
    assert [(quote.product, quote.passengers) for quote in quotes] == [("xl", 5)]


@pytest.mark.parametrize(("product", "passengers"), [("economy", 5), (None, 7)])
async def test_a_party_that_no_product_carries_is_refused(product: str | None, passengers: int) -> None:
    create_quotes, _, _ = quoting()
    with pytest.raises(InvalidInput) as refused:
        await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, product, passengers=passengers))
    assert refused.value.reason == "too_many_passengers"


@pytest.mark.parametrize(
    ("sold", "stops", "reason"),
    [
        ("delivery", (), "product_unavailable"),
        ("delivery", (PIER,), "product_unavailable"),
        ("pool", (PIER,), "too_many_stops"),
    ],
)
async def test_a_city_that_carries_no_such_party_says_so_when_no_product_is_named(
    sold: str, stops: tuple[Place, ...], reason: str
) -> None:
    create_quotes, store, _ = quoting(city=replace(CITY, products={sold: CITY.products[sold]}))
    with pytest.raises((Conflict, InvalidInput)) as refused:
        await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, stops=stops))
    assert refused.value.reason == reason
    assert store.quotes == {}


async def test_a_product_is_sold_where_and_when_it_is_available() -> None:
    here = ServiceArea(
        tuple(GeoPoint(*corner) for corner in [(37.77, -122.43), (37.79, -122.43), (37.79, -122.41), (37.77, -122.41)])
    )
    friday_noon = Window(frozenset({4}), time(5), time(6))  # 12:00 UTC is 05:00 by the city's clock
    for scope, sold in (
        (Scope(pickup_zones=frozenset({"hall"})), ["economy", "xl", "wheelchair"]),
        (Scope(windows=(friday_noon,)), ["economy", "xl", "wheelchair"]),
        (Scope(windows=(replace(friday_noon, days=frozenset({0})),)), ["economy", "wheelchair"]),
    ):
        products = dict(CITY.products) | {"xl": replace(CITY.products["xl"], available=scope)}
        city = replace(CITY, products=products, fares=replace(CITY.fares, zones={"hall": here}))
        create_quotes, _, clock = quoting(city=city)
        quotes = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER))
        assert [quote.product for quote in quotes] == [*sold, "pool"]
        listed = await ListProducts(FixedCities(city), clock)(CITY_HALL.point)
        assert [product.name for product in listed.products if product.kind is RideKind.PRIVATE] == sold
        if "xl" not in sold:
            with pytest.raises(Conflict) as caught:
                await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "xl"))
            assert caught.value.reason == "product_unavailable"


async def test_a_trip_over_the_bridge_is_quoted_with_its_toll() -> None:
    bridge = Toll("bridge", Scope(), Money("USD", 700), Gate(GeoPoint(37.79, -122.5), GeoPoint(37.79, -122.3), False))
    city = replace(CITY, fares=replace(CITY.fares, tolls=(bridge,)))
    create_quotes, _, _ = quoting(city=city)
    [over] = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "economy"))
    assert [line.amount.amount_minor for line in over.fare.lines if line.name == "bridge"] == [700]
    near = Place(GeoPoint(37.7693, -122.4193))
    [short] = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, near, "economy"))
    assert short.fare.amount_of(FareLineKind.TOLL) == Money("USD", 0)


async def test_a_toll_on_the_map_is_quoted_also_where_the_map_does_not_hold_another_leg() -> None:
    class HalfMapped(CrowFliesEta):
        """Knows the way from City Hall by the bridge, and no other."""

        async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
            by_the_bridge = [(37.7793, -122.4193), (37.785, -122.455), (37.795, -122.455), (37.8087, -122.4098)]
            line = encode_polyline(by_the_bridge) if origin == CITY_HALL.point else ""
            return (await super().trip(origin, destination))._replace(polyline=line)

    bridge = Toll("bridge", Scope(), Money("USD", 700), Gate(GeoPoint(37.79, -122.46), GeoPoint(37.79, -122.45), False))
    city = replace(CITY, fares=replace(CITY.fares, tolls=(bridge,)))
    create_quotes, _, _ = quoting(city=city, eta=HalfMapped(CITY.travel))
    beyond = Place(GeoPoint(37.8187, -122.4098))
    for command in (
        CreateQuotesCommand(RIDER, CITY_HALL, PIER, "economy"),
        CreateQuotesCommand(RIDER, CITY_HALL, beyond, "economy", stops=(PIER,)),
    ):
        [quote] = await create_quotes(command)
        assert quote.fare.amount_of(FareLineKind.TOLL) == Money("USD", 700)


async def test_a_pickup_tells_which_of_two_cities_sells() -> None:
    corners = [(37.80, -122.5), (38.1, -122.5), (38.1, -122.3), (37.80, -122.3)]
    north = ServiceArea(tuple(GeoPoint(*corner) for corner in corners))
    other = replace(CITY, city="marin", service_area=north, products={"economy": CITY.products["economy"]})
    create_quotes, _, clock = quoting(city=other)
    create_quotes = CreateQuotes(
        cities=FixedCities(CITY, other),
        eta=CrowFliesEta(CITY.travel),
        free_drivers=FakeFreeDrivers(None),
        quotes=FakeQuotes(),
        clock=clock,
        new_id=Uuid7Source(),
    )
    up = Place(GeoPoint(37.9, -122.4))
    assert {quote.city for quote in await create_quotes(CreateQuotesCommand(RIDER, PIER, up))} == {"marin"}
    assert {quote.city for quote in await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER))} == {CITY.city}
    with pytest.raises(InvalidInput) as leaving:
        await create_quotes(CreateQuotesCommand(RIDER, up, CITY_HALL))
    assert [violation.field for violation in leaving.value.violations] == ["dropoff"]
    with pytest.raises(InvalidInput) as nowhere:
        await ListProducts(FixedCities(CITY, other), clock)(None)
    assert nowhere.value.reason == "pickup_required"


async def test_a_ride_ahead_is_quoted_within_the_citys_bounds() -> None:
    create_quotes, _, clock = quoting()
    tomorrow = clock.now() + timedelta(days=1)
    [quote] = await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "economy", pickup_at=tomorrow))
    assert quote.pickup_at == tomorrow
    for moment, reason in (
        (clock.now() + timedelta(seconds=CITY.schedule.min_ahead_seconds - 1), "pickup_time_too_soon"),
        (clock.now() - timedelta(days=1), "pickup_time_too_soon"),
        (clock.now() + timedelta(seconds=CITY.schedule.max_ahead_seconds + 1), "pickup_time_too_far"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "economy", pickup_at=moment))
        assert refused.value.reason == reason


@pytest.mark.parametrize("time_zone", ["America/Los_Angeles", "Asia/Tokyo"])
@pytest.mark.parametrize(
    ("pickup_at", "reason"),
    [
        (datetime.min.replace(tzinfo=UTC), "pickup_time_too_soon"),
        (datetime.max.replace(tzinfo=UTC), "pickup_time_too_far"),
    ],
)
async def test_a_time_that_the_citys_calendar_does_not_hold_is_refused_as_any_other(
    time_zone: str, pickup_at: datetime, reason: str
) -> None:
    create_quotes, _, _ = quoting(city=replace(CITY, time_zone=time_zone))
    with pytest.raises(InvalidInput) as refused:
        await create_quotes(CreateQuotesCommand(RIDER, CITY_HALL, PIER, "economy", pickup_at=pickup_at))
    assert refused.value.reason == reason
