"""The page on pricing: its example is read by the service and costs what the page says."""

import re
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from matching_service.adapters.city_document import read_document
from matching_service.domain.pricing import PricedTrip, price_trip
from matching_service.domain.quote import Fare
from matching_service.domain.terms import RideTerms
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

PAGE = (Path(__file__).parents[3] / "docs" / "pricing.md").read_text(encoding="utf-8")
PACKAGED = files("matching_service").joinpath("cities/default.toml").read_text(encoding="utf-8")
OAKLAND, MARKET_STREET = GeoPoint(37.8044, -122.2712), GeoPoint(37.7793, -122.4193)
AIRPORT = GeoPoint(37.6190, -122.3816)
[EXAMPLE] = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
CITY = read_document(f"{PACKAGED}\n{EXAMPLE}")
SATURDAY_NIGHT = datetime(2030, 1, 5, 23, 30, tzinfo=ZoneInfo(CITY.time_zone))


def priced(pickup: GeoPoint, dropoff: GeoPoint, at: datetime = SATURDAY_NIGHT, surge_permille: int = 1000) -> Fare:
    places = [pickup, dropoff]
    return price_trip(CITY, CITY.products["economy"], PricedTrip(at, places, 18_000, 1_800, places), surge_permille)


def told(column: int) -> dict[str, int]:
    """A column of the page's table of the fare, in cents."""
    rows = re.findall(r"^\| ([a-z_]+)(?: \([^)]*\))? \| ([0-9.]*) ?\| ([0-9.]+) \|$", PAGE, flags=re.MULTILINE)
    return {row[0]: round(float(row[column]) * 100) for row in rows if row[column]}


def cents(fare: Fare) -> dict[str, int]:
    return {line.kind.value: line.amount.amount_minor for line in fare.lines} | {"total": fare.total.amount_minor}


def test_the_example_costs_what_the_page_says_in_the_quote_and_after_the_wait() -> None:
    quoted = priced(OAKLAND, MARKET_STREET, surge_permille=1250)
    assert cents(quoted) == told(1)
    terms = RideTerms.of(CITY, "economy", 1250)
    driven = terms.with_waiting(quoted, 300)
    assert cents(driven) == told(2)
    captured = {line.kind.value: line.amount.amount_minor for line in terms.charge_lines(driven)}
    assert captured == {"fare": 3958, "booking_fee": 275, "tax": 140, "toll": 850, "waiting": 78}
    assert terms.earnings(driven) == Money("USD", 4078)


def test_the_bridge_is_free_the_other_way() -> None:
    assert "toll" not in cents(priced(MARKET_STREET, OAKLAND))


@pytest.mark.parametrize("surge_permille", [1000, 1800])
def test_the_airport_has_a_flat_price_to_downtown_and_a_surcharge(surge_permille: int) -> None:
    fare = cents(priced(AIRPORT, MARKET_STREET, surge_permille=surge_permille))
    assert fare == {"flat": 4500, "surcharge": 550, "booking_fee": 275, "tax": 173, "total": 5498}
