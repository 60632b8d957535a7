"""Documents of a city's policy that are to be put: what is readable and still refused."""

from importlib.resources import files

import pytest

from matching_service.adapters.city_document import read_document
from matching_service.adapters.city_new_document import read_new_document
from shared_kernel.errors import InvalidInput

DEFAULT = files("matching_service").joinpath("cities/default.toml").read_text(encoding="utf-8")
ECONOMY = """[products.economy]
vehicle_classes = ["economy", "xl"]
base_minor = 220
per_kilometer_minor = 72
per_minute_minor = 39
minimum_minor = 800
booking_fee_minor = 275
"""
assert ECONOMY in DEFAULT


def with_economy(per_kilometer_minor: int, *, fare: str = "", **other: int) -> str:
    """The packaged policy where economy has these prices and no others."""
    names = ("base_minor", "per_minute_minor", "minimum_minor", "booking_fee_minor")
    prices = "\n".join(f"{name} = {other.get(name, 0)}" for name in names)
    head = '[products.economy]\nvehicle_classes = ["economy", "xl"]'
    economy = f"{head}\nper_kilometer_minor = {per_kilometer_minor}\n{prices}\n"
    return DEFAULT.replace(ECONOMY, economy) + fare


def fare(rates: str, scope: str = "") -> str:
    return f'\n[[fares]]\nname = "a rule"\nproducts = ["economy"]\n{scope}\n{rates}\n'


def test_the_packaged_policy_can_be_put() -> None:
    assert read_new_document(DEFAULT) == read_document(DEFAULT)


@pytest.mark.parametrize(
    "text",
    [
        with_economy(5),  # half a cent for the shortest trip of 100 m is rounded up
        with_economy(0, base_minor=1),
        with_economy(0, minimum_minor=1),
        with_economy(0, booking_fee_minor=1),
        with_economy(0, fare=fare("flat_minor = 1")),
    ],
)
def test_a_product_whose_every_trip_costs_something_can_be_put(text: str) -> None:
    assert "economy" in read_new_document(text).products


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (with_economy(0), "products.economy"),
        (with_economy(0, per_minute_minor=39), "products.economy"),
        (with_economy(4), "products.economy"),
        (
            with_economy(0, fare=fare("flat_minor = 1", 'windows = [{days = ["mon"], from = "08:00", to = "09:00"}]')),
            "products.economy",
        ),
        (
            DEFAULT + fare("base_minor = 0\nper_kilometer_minor = 0\nminimum_minor = 0\nbooking_fee_minor = 0"),
            "fares.0",
        ),
    ],
)
def test_a_product_whose_shortest_trip_is_free_is_readable_and_cannot_be_put(text: str, field: str) -> None:
    assert "economy" in read_document(text).products
    with pytest.raises(InvalidInput) as refused:
        read_new_document(text)
    assert refused.value.reason == "invalid_city_policy"
    assert [violation.field for violation in refused.value.violations] == [field]
