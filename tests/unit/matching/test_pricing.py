"""What a ride costs and what its driver earns."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from math import cos, sin
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.city_file import load_city
from matching_service.domain import zones
from matching_service.domain.city import CityPolicy, Product
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
from matching_service.domain.pricing import PricedTrip, driver_earnings, price_fee, price_trip, with_waiting
from matching_service.domain.quote import Discount, Fare, FareLine, FareLineKind
from matching_service.domain.terms import RideTerms
from matching_service.domain.zones import Bounds, Gate, ServiceArea
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


def usd(amount_minor: int) -> Money:
    return Money("USD", amount_minor)


ANY = Scope()
HERE, THERE = GeoPoint(37.77, -122.42), GeoPoint(37.80, -122.27)
PACKAGED = load_city(None)
ECONOMY = replace(PACKAGED.products["economy"], base=usd(220), per_kilometer=usd(72), per_minute=usd(39))
TAX, OTHER_TAX = Tax(325, "somewhere", ANY), Tax(875, "elsewhere", ANY)
WEST = ServiceArea((GeoPoint(37.7, -122.5), GeoPoint(37.9, -122.5), GeoPoint(37.9, -122.36), GeoPoint(37.7, -122.36)))
EAST = ServiceArea((GeoPoint(37.7, -122.36), GeoPoint(37.9, -122.36), GeoPoint(37.9, -122.1), GeoPoint(37.7, -122.1)))
ZONES = {"west": WEST, "east": EAST}
NOON = datetime(2024, 5, 17, 12, 0, tzinfo=ZoneInfo("America/Los_Angeles"))  # a Friday


def city(**fares: Any) -> CityPolicy:
    """The packaged city with a book of fares of its own."""
    return replace(PACKAGED, fares=replace(FareBook(zones=ZONES), **fares))


def priced(
    product: Product, meters: int, seconds: int, at: datetime = NOON, surge: int = 1000, **fares: object
) -> Fare:
    """The price of a trip over the bay by a book of fares."""
    trip = PricedTrip(at, [HERE, THERE], meters, seconds, [HERE, THERE])
    return price_trip(city(**fares), product, trip, surge)


def amounts_of(fare: Fare) -> dict[str, int]:
    return {line.name or line.kind.value: line.amount.amount_minor for line in fare.lines}


amounts = st.integers(0, 100_000).map(usd)


def product_of(base: Money, kilometer: Money, minute: Money, minimum: Money, fee: Money) -> Product:
    return replace(ECONOMY, base=base, per_kilometer=kilometer, per_minute=minute, minimum=minimum, booking_fee=fee)


def rule_of(scope: Scope, flat: Money | None, minute: Money | None) -> FareRule:
    return FareRule("a rule", scope, Rates(flat=flat, per_minute=minute))


def taxes_of(rates: list[int]) -> tuple[Tax, ...]:
    return tuple(Tax(rate, f"tax {index}", ANY) for index, rate in enumerate(rates))


products = st.builds(product_of, amounts, amounts, amounts, amounts, amounts)
scopes = st.builds(
    Scope,
    st.sampled_from([frozenset[str](), frozenset({"economy"}), frozenset({"xl"})]),
    st.sampled_from([frozenset[str](), frozenset({"west"}), frozenset({"east"})]),
    st.sampled_from([frozenset[str](), frozenset({"west"}), frozenset({"east"})]),
    st.sampled_from([(), (Window(frozenset({4}), time(9), time(17)),), (Window(frozenset({5}), time(9), time(17)),)]),
)
books = st.fixed_dictionaries(
    {
        "rules": st.lists(st.builds(rule_of, scopes, st.none() | amounts, st.none() | amounts), max_size=3).map(tuple),
        "surcharges": st.lists(st.builds(Surcharge, st.just("airport"), scopes, amounts, st.sampled_from(PaidBy))).map(
            tuple
        ),
        "tolls": st.lists(
            st.builds(Toll, st.just("bridge"), scopes, amounts, st.sampled_from([WEST, EAST])), max_size=3
        ).map(tuple),
        "taxes": st.lists(st.integers(0, 10_000), max_size=3).map(taxes_of),
    }
)
surges = st.integers(1000, 5000)


def test_a_long_trip_costs_base_distance_time_booking_fee_and_tax() -> None:
    fare = priced(ECONOMY, 10_000, 1_800, taxes=(TAX,))
    # 220 + 720 + 1170 = 2110; + 275 = 2385; 3.25 % of it is 77.5125, rounded 78
    assert amounts_of(fare) == {"base": 220, "distance": 720, "time": 1170, "booking_fee": 275, "somewhere": 78}
    assert fare.total == usd(2463)


def test_a_short_trip_is_brought_up_to_the_minimum_before_booking_fee_and_tax() -> None:
    fare = priced(ECONOMY, 1_000, 60)
    assert amounts_of(fare) == {"base": 220, "distance": 72, "time": 39, "minimum": 469, "booking_fee": 275}


@pytest.mark.parametrize(("meters", "expected"), [(6, 0), (7, 1), (20, 1), (21, 2)])
def test_distance_is_rounded_half_up_to_the_minor_unit(meters: int, expected: int) -> None:
    fare = priced(replace(ECONOMY, minimum=usd(0)), meters, 0)  # 72 a kilometer: half a cent at 6.94 m
    assert fare.amount_of(FareLineKind.DISTANCE) == usd(expected)


def test_exactly_half_a_cent_is_rounded_up() -> None:
    product = replace(ECONOMY, base=usd(0), per_kilometer=usd(1), minimum=usd(0), booking_fee=usd(0))
    assert priced(product, 499, 0).total == usd(0)
    assert priced(product, 500, 0).total == usd(1)


def test_surge_is_on_the_ride_and_not_on_booking_fee_or_toll() -> None:
    toll = Toll("bridge", ANY, usd(700), EAST)
    fare = priced(ECONOMY, 10_000, 1_800, surge=1_255, tolls=(toll,), taxes=(TAX,))
    # 25.5 % of 2110 is 538.05; the tax on 2110 + 538 + 275 = 2923 is 94.9975
    assert amounts_of(fare) == {
        "base": 220, "distance": 720, "time": 1170, "surge": 538, "booking_fee": 275, "somewhere": 95, "bridge": 700,
    }  # fmt: skip


def test_several_taxes_are_each_on_the_sum_and_not_on_each_other() -> None:
    fare = priced(ECONOMY, 10_000, 1_800, taxes=(TAX, OTHER_TAX))
    assert amounts_of(fare) | {"somewhere": 78, "elsewhere": 209} == amounts_of(fare)  # 8.75 % of 2385: 208.6875


def test_a_fixed_price_between_zones_takes_the_place_of_the_metered_fare_and_of_surge() -> None:
    flat = FareRule(
        "across", Scope(pickup_zones=frozenset({"west"}), dropoff_zones=frozenset({"east"})), Rates(usd(4500))
    )
    fare = priced(ECONOMY, 30_000, 3_600, surge=2_000, rules=(flat,))
    assert amounts_of(fare) == {"flat": 4500, "booking_fee": 275}
    back = PricedTrip(NOON, [THERE, HERE], 30_000, 3_600, [THERE, HERE])
    assert price_trip(city(rules=(flat,)), ECONOMY, back).amount_of(FareLineKind.FLAT) == usd(0)


@pytest.mark.parametrize(
    ("at", "is_night"),
    [
        (NOON.replace(hour=21, minute=59), False),
        (NOON.replace(hour=22), True),
        (NOON.replace(hour=23, minute=59), True),
        (NOON.replace(hour=4, minute=59) + timedelta(days=1), True),
        (NOON.replace(hour=5) + timedelta(days=1), False),
        (NOON.replace(hour=4), False),
        (NOON.replace(hour=22) + timedelta(days=1), False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(at: datetime, is_night: bool) -> None:
    night = Window(frozenset({4}), time(22), time(5))
    rule = FareRule("night", Scope(windows=(night,)), Rates(per_minute=usd(60)))
    fare = priced(ECONOMY, 10_000, 600, at=at, rules=(rule,))
    assert fare.amount_of(FareLineKind.TIME) == usd(600 if is_night else 390)


def test_hours_are_those_of_the_citys_clock() -> None:
    evening = Scope(windows=(Window(frozenset({4}), time(18), time(19)),))
    rule = FareRule("evening", evening, Rates(base=usd(999)))
    utc = datetime(2024, 5, 18, 1, 30, tzinfo=ZoneInfo("UTC"))  # Friday 18:30 in San Francisco
    assert priced(ECONOMY, 5_000, 600, at=utc, rules=(rule,)).amount_of(FareLineKind.BASE) == usd(999)


def test_the_first_rule_that_covers_the_ride_counts() -> None:
    rules = tuple(FareRule(str(base), ANY, Rates(base=usd(base))) for base in (500, 600))
    assert priced(ECONOMY, 5_000, 600, rules=rules).amount_of(FareLineKind.BASE) == usd(500)


def test_a_surcharge_goes_to_whom_pays_it_on() -> None:
    west = Scope(pickup_zones=frozenset({"west"}))
    surcharges = (
        Surcharge("port fee", west, usd(550), PaidBy.PLATFORM),
        Surcharge("parking", west, usd(300), PaidBy.DRIVER),
        Surcharge("not here", Scope(pickup_zones=frozenset({"east"})), usd(1), PaidBy.DRIVER),
    )
    fare = priced(ECONOMY, 10_000, 1_800, surcharges=surcharges)
    assert fare.amount_of(FareLineKind.SURCHARGE) == usd(550)
    assert fare.amount_of(FareLineKind.TOLL) == usd(300)
    assert driver_earnings(fare, 0) == usd(2110 + 300)


def test_a_one_way_gate_counts_trips_from_its_left() -> None:
    # From south to north: what comes from the west comes from its left.
    gate = Gate(GeoPoint(37.75, -122.35), GeoPoint(37.85, -122.35), one_way=True)
    assert gate.is_passed_by([HERE, THERE])
    assert not gate.is_passed_by([THERE, HERE])
    assert replace(gate, one_way=False).is_passed_by([THERE, HERE])
    assert not gate.is_passed_by([HERE, GeoPoint(37.90, -122.36), GeoPoint(37.90, -122.30)])
    assert gate.is_passed_by([THERE, HERE, THERE])


def test_a_zone_is_touched_by_a_way_that_only_passes_through_it() -> None:
    middle = ServiceArea(
        (GeoPoint(37.7, -122.36), GeoPoint(37.9, -122.36), GeoPoint(37.9, -122.35), GeoPoint(37.7, -122.35))
    )
    assert middle.is_touched_by([HERE, THERE])
    assert not middle.is_touched_by([HERE, GeoPoint(37.80, -122.40)])


_crossings = st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(lambda pair: GeoPoint(*pair))


@given(st.lists(_crossings, min_size=3, max_size=6), st.lists(_crossings, min_size=2, max_size=6))
def test_what_is_far_from_a_zone_or_a_gate_by_its_box_does_not_meet_it(
    corners: list[GeoPoint], line: list[GeoPoint]
) -> None:
    zone, gate = ServiceArea(tuple(corners)), Gate(corners[0], corners[1], one_way=False)
    told = zone.is_touched_by(line), gate.is_passed_by(line)

    def holds(_box: Bounds, _point: GeoPoint) -> bool:
        return True

    def legs_near(_box: Bounds, way: list[GeoPoint]) -> list[tuple[GeoPoint, GeoPoint]]:
        return list(pairwise(way))

    with pytest.MonkeyPatch.context() as boxes:
        boxes.setattr(Bounds, "holds", holds)
        boxes.setattr(Bounds, "legs_near", legs_near)
        assert told == (zone.is_touched_by(line), gate.is_passed_by(line))


def test_a_way_that_is_far_from_a_zone_of_many_corners_is_held_against_none_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corners = [GeoPoint(10 + cos(angle / 100), 10 + sin(angle / 100)) for angle in range(628)]
    coast, way = ServiceArea(tuple(corners)), [GeoPoint(37.0, index / 1000) for index in range(2_000)]
    asked: list[GeoPoint] = []

    def is_left(_start: GeoPoint, _end: GeoPoint, point: GeoPoint) -> bool:
        asked.append(point)
        return False

    monkeypatch.setattr(zones, "_is_left", is_left)
    assert not coast.is_touched_by(way)
    assert not Gate(corners[0], corners[300], one_way=False).is_passed_by(way)
    assert asked == []


@given(products, books, surges, st.integers(0, 500_000), st.integers(0, 50_000))
def test_lines_are_whole_and_none_is_negative_and_they_sum_to_the_total(
    product: Product, book: dict[str, Any], surge: int, meters: int, seconds: int
) -> None:
    fare = priced(product, meters, seconds, surge=surge, **book)
    assert sum(line.amount.amount_minor for line in fare.lines) == fare.total.amount_minor
    assert all(line.amount.amount_minor >= 0 and isinstance(line.amount.amount_minor, int) for line in fare.lines)
    earned = driver_earnings(fare, 2_500)
    assert fare.amount_of(FareLineKind.TOLL) <= earned <= fare.total


@given(products, books, surges, st.integers(0, 500_000), st.integers(0, 50_000))
def test_a_longer_trip_or_a_higher_surge_never_costs_less(
    product: Product, book: dict[str, Any], surge: int, meters: int, seconds: int
) -> None:
    fare = priced(product, meters, seconds, surge=surge, **book)
    assert fare.total <= priced(product, meters + 1_000, seconds, surge=surge, **book).total
    assert fare.total <= priced(product, meters, seconds + 60, surge=surge, **book).total
    assert fare.total <= priced(product, meters, seconds, surge=surge + 100, **book).total


@given(products, st.integers(0, 10_000), st.integers(0, 500_000), st.integers(0, 50_000))
def test_the_minimum_holds_and_each_tax_is_rounded_once(product: Product, rate: int, meters: int, seconds: int) -> None:
    fare = priced(product, meters, seconds, taxes=(Tax(rate, "somewhere", ANY),))
    tax = fare.amount_of(FareLineKind.TAX)
    before_tax = fare.total - tax
    assert product.minimum <= before_tax - product.booking_fee
    assert abs(tax.amount_minor * 10_000 - before_tax.amount_minor * rate) * 2 <= 10_000


@given(products, books, st.integers(0, 10_000), st.integers(0, 100_000), st.integers(0, 4_000))
def test_waiting_adds_itself_and_the_tax_on_it_and_nothing_else(
    product: Product, book: dict[str, Any], commission: int, meters: int, waited: int
) -> None:
    fare = priced(product, meters, 600, **book)
    taxes: tuple[Tax, ...] = book["taxes"]
    longer = with_waiting(fare, usd(39), waited, taxes)
    kinds = set(FareLineKind) - {FareLineKind.TAX, FareLineKind.WAITING}
    assert all(longer.amount_of(kind) == fare.amount_of(kind) for kind in kinds)
    assert longer.amount_of(FareLineKind.WAITING) == usd((2 * 39 * waited + 60) // 120)
    assert longer.amount_of(FareLineKind.TAX) >= fare.amount_of(FareLineKind.TAX)
    assert driver_earnings(longer, commission) >= driver_earnings(fare, commission)
    assert with_waiting(fare, usd(39), 0, taxes) == fare


def test_what_terms_tell_payment_is_all_of_the_fare_each_tax_to_its_own() -> None:
    toll = Toll("bridge", ANY, usd(700), EAST)
    fare = priced(ECONOMY, 10_000, 1_800, tolls=(toll,), taxes=(TAX, OTHER_TAX))
    terms = replace(RideTerms.of(PACKAGED, "economy"), taxes=(("somewhere", 325), ("elsewhere", 875)))
    fare = terms.with_waiting(fare, 180 + 240)
    lines = [(line.kind.value, line.amount.amount_minor, line.tax_jurisdiction) for line in terms.charge_lines(fare)]
    # 4 minutes at 39 beyond the grace of 180 s; the taxes are on 2385 + 156 = 2541.
    assert lines == [
        ("fare", 2110, ""),
        ("booking_fee", 275, ""),
        ("tax", 83, "somewhere"),
        ("tax", 222, "elsewhere"),
        ("toll", 700, ""),
        ("waiting", 156, ""),
    ]
    assert sum(amount for _, amount, _ in lines) == fare.total.amount_minor


@given(products, books, surges, st.integers(0, 10_000), st.integers(0, 100_000))
def test_an_offer_promises_what_the_ledger_credits_line_by_line(
    product: Product, book: dict[str, Any], surge: int, commission: int, meters: int
) -> None:
    terms = replace(RideTerms.of(PACKAGED, "economy"), commission_basis_points=commission)
    fare = with_waiting(priced(product, meters, 600, surge=surge, **book), usd(39), 300, ())
    earned = 0
    for line in terms.charge_lines(fare):
        if line.kind.value in ("fare", "waiting"):
            earned += line.amount.split([10_000 - line.commission_basis_points, line.commission_basis_points])[
                0
            ].amount_minor
        elif line.kind.value == "toll":
            earned += line.amount.amount_minor
    assert terms.earnings(fare) == usd(earned)


@pytest.mark.parametrize(
    ("code", "step"), [*((code, 10) for code in ("BHD", "JOD", "KWD", "OMR", "TND")), ("MGA", 100)]
)
@given(
    minor=st.lists(st.integers(0, 100_000), min_size=10, max_size=10),
    surge=surges,
    way=st.tuples(st.integers(0, 500_000), st.integers(0, 50_000), st.integers(0, 4_000)),
    rates=st.lists(st.integers(0, 10_000), max_size=3),
    part=st.integers(1, 10_000),
)
def test_whatever_a_policy_says_a_rider_owes_what_can_be_charged(
    code: str, step: int, minor: list[int], surge: int, way: tuple[int, int, int], rates: list[int], part: int
) -> None:
    money = [Money(code, amount_minor) for amount_minor in minor]
    passed_on = Surcharge("airport", ANY, money[5], PaidBy.PLATFORM), Surcharge("pier", ANY, money[6], PaidBy.DRIVER)
    book = FareBook(ZONES, (), passed_on, (Toll("bridge", ANY, money[7], WEST),), taxes_of(rates))
    there, (meters, seconds, waited) = replace(PACKAGED, currency_code=code, fares=book), way
    trip = PricedTrip(NOON, [HERE, THERE], meters, seconds, [HERE, THERE])
    fare = with_waiting(price_trip(there, product_of(*money[:5]), trip, surge), money[8], waited, book.taxes)
    reduced = Discount("CODE", code, part, 0, minor[4], minor[3]).applied(fare)
    fee = fare.fee(FareLineKind.CANCEL_FEE, minor[9])
    owed = [line.amount for line in (*fare.lines, *reduced.lines, *([fee] if fee else []))]
    owed += [fare.total, reduced.total, price_fee(FareLineKind.NO_SHOW_FEE, money[9]).total]
    assert [amount for amount in owed if amount.amount_minor % step] == []


def test_in_a_currency_of_three_digits_each_line_is_rounded_half_up_to_ten() -> None:
    base, kilometer, minute, minimum, fee = (Money("KWD", amount) for amount in (405, 87, 21, 1_000, 104))
    trip = PricedTrip(NOON, [HERE, THERE], 5_000, 600, [HERE, THERE])
    there = replace(PACKAGED, currency_code="KWD", fares=FareBook(taxes=taxes_of([500])))
    fare = price_trip(there, product_of(base, kilometer, minute, minimum, fee), trip, 1_250)
    # 87 * 5 is 435, a quarter of 1060 is 265, a twentieth of 1430 is 71.5.
    assert amounts_of(fare) == {
        "base": 410,
        "distance": 440,
        "time": 210,
        "surge": 270,
        "booking_fee": 100,
        "tax 0": 70,
    }


def test_a_driver_earns_from_a_no_show_fee() -> None:
    fare = price_fee(FareLineKind.NO_SHOW_FEE, usd(700))
    assert fare.total == usd(700)
    assert driver_earnings(fare, 2_000) == usd(560)


def test_the_odd_cent_of_a_tie_is_the_drivers_as_in_the_ledger() -> None:
    assert driver_earnings(Fare.of("USD", [FareLine(FareLineKind.BASE, usd(2))]), 2_500) == usd(2)


def test_a_fare_whose_lines_do_not_sum_to_its_total_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="sum to its total"):
        Fare(usd(2), (FareLine(FareLineKind.BASE, usd(1)),))


def test_a_negative_trip_is_refused() -> None:
    with pytest.raises(ValueError, match="no negative"):
        priced(ECONOMY, -1, 0)
