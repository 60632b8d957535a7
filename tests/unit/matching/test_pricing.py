"""What a ride costs and what its driver earns."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.city import Product, Tax, VehicleClass
from matching_service.domain.pricing import driver_earnings, price_fee, price_ride
from matching_service.domain.quote import Fare, FareLine, FareLineKind
from shared_kernel.money import Money


def usd(amount_minor: int) -> Money:
    return Money("USD", amount_minor)


ECONOMY = Product("economy", frozenset({VehicleClass.ECONOMY}), usd(220), usd(72), usd(39), usd(800), usd(275), 4)
NO_TAX = Tax(0, "nowhere")
TAX = Tax(325, "somewhere")

amounts = st.integers(0, 100_000).map(usd)
products = st.builds(
    Product,
    st.just("economy"),
    st.just(frozenset({VehicleClass.ECONOMY})),
    amounts,
    amounts,
    amounts,
    amounts,
    amounts,
)


def amounts_of(fare: Fare) -> dict[str, int]:
    return {line.kind.value: line.amount.amount_minor for line in fare.lines}


def test_a_long_trip_costs_base_distance_time_booking_fee_and_tax() -> None:
    fare = price_ride(ECONOMY, TAX, distance_meters=10_000, trip_seconds=1_800)
    # 220 + 720 + 1170 = 2110; + 275 = 2385; 3.25 % of it is 77.5125, rounded 78
    assert amounts_of(fare) == {"base": 220, "distance": 720, "time": 1170, "booking_fee": 275, "tax": 78}
    assert fare.total == usd(2463)


def test_a_short_trip_is_brought_up_to_the_minimum_before_booking_fee_and_tax() -> None:
    fare = price_ride(ECONOMY, NO_TAX, distance_meters=1_000, trip_seconds=60)
    assert amounts_of(fare) == {"base": 220, "distance": 72, "time": 39, "minimum": 469, "booking_fee": 275}


@pytest.mark.parametrize(("meters", "expected"), [(6, 0), (7, 1), (20, 1), (21, 2)])
def test_distance_is_rounded_half_up_to_the_minor_unit(meters: int, expected: int) -> None:
    fare = price_ride(replace(ECONOMY, minimum=usd(0)), NO_TAX, meters, 0)  # 72 a kilometer: half a cent at 6.94 m
    assert fare.amount_of(FareLineKind.DISTANCE) == usd(expected)


def test_exactly_half_a_cent_is_rounded_up() -> None:
    product = replace(ECONOMY, base=usd(0), per_kilometer=usd(1), minimum=usd(0), booking_fee=usd(0))
    assert price_ride(product, NO_TAX, 499, 0).total == usd(0)
    assert price_ride(product, NO_TAX, 500, 0).total == usd(1)


@given(products, st.integers(0, 10_000), st.integers(0, 500_000), st.integers(0, 50_000))
def test_lines_sum_to_the_total_and_the_minimum_holds(product: Product, rate: int, meters: int, seconds: int) -> None:
    fare = price_ride(product, Tax(rate, "somewhere"), meters, seconds)
    assert sum(line.amount.amount_minor for line in fare.lines) == fare.total.amount_minor
    assert all(line.amount.amount_minor >= 0 for line in fare.lines)
    tax = fare.amount_of(FareLineKind.TAX)
    before_tax = fare.total - tax
    assert product.minimum <= before_tax - product.booking_fee
    assert abs(tax.amount_minor * 10_000 - before_tax.amount_minor * rate) * 2 <= 10_000


@given(products, st.integers(0, 500_000), st.integers(0, 50_000))
def test_a_longer_trip_never_costs_less(product: Product, meters: int, seconds: int) -> None:
    fare = price_ride(product, TAX, meters, seconds)
    assert fare.total <= price_ride(product, TAX, meters + 1_000, seconds).total
    assert fare.total <= price_ride(product, TAX, meters, seconds + 60).total


@given(products, st.integers(0, 10_000), st.integers(0, 500_000))
def test_earnings_and_commission_are_all_of_the_fare_but_booking_fee_and_tax(
    product: Product, commission: int, meters: int
) -> None:
    fare = price_ride(product, TAX, meters, 600)
    shared = fare.total - fare.amount_of(FareLineKind.TAX) - fare.amount_of(FareLineKind.BOOKING_FEE)
    earnings = driver_earnings(fare, commission)
    assert usd(0) <= earnings <= shared
    assert abs((shared - earnings).amount_minor * 10_000 - shared.amount_minor * commission) * 2 <= 10_000


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
        price_ride(ECONOMY, TAX, -1, 0)
