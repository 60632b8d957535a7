"""City policy files: what is read, and how faults are told."""

from importlib.resources import files
from pathlib import Path

import pytest

from chassis.status import to_status
from matching_service.adapters.city_document import read_document
from matching_service.adapters.city_file import CityFileError, load_cities, load_city, parse_city
from matching_service.domain.city import VehicleClass
from matching_service.domain.zones import ServiceArea
from shared_kernel.errors import InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

DEFAULT = files("matching_service").joinpath("cities/default.toml").read_text(encoding="utf-8")


def test_the_packaged_city_is_the_san_francisco_bay_in_dollars() -> None:
    city = load_city(None)
    assert city.currency_code == "USD"
    assert list(city.products) == ["economy", "xl", "wheelchair", "delivery", "pool"]
    assert city.service_area.contains(GeoPoint(37.7793, -122.4193))
    assert not city.service_area.contains(GeoPoint(38.58, -121.49))
    assert city.products["xl"].vehicle_classes == {VehicleClass.XL}
    assert city.fees.cancel_fee == Money("USD", 500)
    assert city.dispatch.offer_seconds == 15
    assert city.cash_accepted


def test_a_file_named_by_the_operator_is_read(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(DEFAULT.replace('"San Francisco Bay"', '"Elsewhere"'))
    assert load_city(path).name == "Elsewhere"


def test_a_folder_holds_a_city_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(DEFAULT.replace('"san_francisco"', '"oakland"'))
    (tmp_path / "b.toml").write_text(DEFAULT.replace('"san_francisco"', '"berkeley"'))
    assert [file.policy.city for file in load_cities(tmp_path)] == ["berkeley", "oakland"]


def test_two_files_of_one_city_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(DEFAULT)
    (tmp_path / "b.toml").write_text(DEFAULT)
    with pytest.raises(CityFileError, match=r"b\.toml: city: 'san_francisco' is the city of .*a\.toml already"):
        load_cities(tmp_path)


def test_a_folder_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityFileError, match="no city file"):
        load_cities(tmp_path)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("offer_seconds = 15", "offer_seconds = 0", "dispatch.offer_seconds: Input should be greater than or equal"),
        ("offer_seconds = 15", 'offer_seconds = "15"', "dispatch.offer_seconds: Input should be a valid integer"),
        ("offer_seconds = 15", "", "dispatch.offer_seconds: Field required"),
        ("offer_seconds = 15", "offer_seconds = 15\noffers = 1", "dispatch.offers: Extra inputs are not permitted"),
        ("search_window_seconds = 300", "search_window_seconds = 10", "search_window_seconds is shorter"),
        ('"America/Los_Angeles"', '"America/Atlantis"', "time_zone: Value error, is not a name of the IANA"),
        ('"san_francisco"', '"San Francisco"', "city: String should match pattern"),
        ('"USD"', '"XXX"', "currency_code: Value error, is not an ISO 4217"),
        (
            '["wheelchair"]',
            '["tank"]',
            "wheelchair.vehicle_classes: Value error, unknown vehicle class 'tank'",
        ),
        ('["wheelchair"]', '[["tank"]]', "wheelchair.vehicle_classes: Value error, unknown vehicle class ['tank']"),
        ("[37.20, -122.80]", "[137.20, -122.80]", "service_area.corners: Value error, corner 0"),
        ("[37.20, -122.80]", "[37.20]", "service_area.corners.0"),
        ("min_trip_meters = 100", "min_trip_meters = 150_000", "min_trip_meters is not below"),
        ("base_minor = 385", "base_minor = -1", "products.xl.base_minor"),
        ("cash_accepted = true", 'cash_accepted = "yes"', "cash_accepted: Input should be a valid boolean"),
        ("circuity = 1.20", "circuity = 0.9", "travel.circuity"),
        ("[products.xl]", "[products.XL]", "products.XL"),
        ("[tax]", "[tax", "is not TOML"),
        ("base_minor = 385", f"base_minor = {'9' * 5_000}", "the file: is not TOML: Exceeds the limit"),
        ('["wheelchair"]', "[" * 5_000, "the file: has tables or arrays in one another without end"),
        ('kind = "delivery"', 'kind = "parcel"', "products.delivery.kind: Value error, unknown kind 'parcel'"),
        ('kind = "delivery"', "", "products.delivery: Value error, return_fee_minor is for"),
        ("return_fee_minor = 400", "", "products.delivery: Value error, return_fee_minor is for"),
        ("[tax]", "[[taxes]]\nrate_basis_points = 1\njurisdiction = 'x'\n[tax]", "either [tax] or [[taxes]]"),
        (
            "[tax]",
            "[[tolls]]\nname = 'b'\namount_minor = 1\n[tax]",
            "tolls.0: Value error, a toll has a gate or",
        ),
        ("[tax]", "[[tolls]]\nname = 'b'\namount_minor = 1\nzone = 'sea'\n[tax]", "there is no zone 'sea'"),
        ("[tax]", "[[fares]]\nname = 'f'\nflat_minor = 1\nbase_minor = 1\n[tax]", "flat_minor takes the place"),
        ("[tax]", "[[fares]]\nname = 'f'\nproducts = ['boat']\n[tax]", "there is no product 'boat'"),
        ("[tax]", "[[fares]]\nname = 'f'\nwindows = [{days = ['mon'], from = '9:00', to = '10:00'}]\n[tax]", "from"),
        ("[tax]", "[[surcharges]]\nname = 'a'\namount_minor = 1\npaid_by = 'rider'\n[tax]", "unknown payer 'rider'"),
        ("cancel_fee_minor = 500", "cancel_fee_minor = 500\ncancel_fee_per_minute_minor = 5", "needs cancel_fee_most"),
    ],
)
def test_a_fault_is_told_by_file_key_and_reason(was: str, becomes: str, told: str) -> None:
    assert was in DEFAULT
    with pytest.raises(CityFileError) as caught:
        parse_city(DEFAULT.replace(was, becomes), "my_city.toml")
    assert str(caught.value).startswith("my_city.toml: ")
    assert told in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    text = DEFAULT.replace("offer_seconds = 15", "offer_seconds = 0").replace("circuity = 1.20", "circuity = 0.9")
    with pytest.raises(CityFileError) as caught:
        parse_city(text, "my_city.toml")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("[37.20, -122.80],", "[37.20, -122.80, 0.0],\n" * 300),  # as a tool writes them that knows heights
        ("[tax]", "".join(f"[{'k' * 1_000}{number}]\n" for number in range(300)) + "[tax]"),
        ('"delivery"', f'"{"k" * 100_000}"'),
    ],
)
def test_of_many_or_long_faults_as_many_are_told_as_a_refusal_carries(was: str, becomes: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_document(DEFAULT.replace(was, becomes))
    assert to_status(caught.value).ByteSize() < 5_400
    told = caught.value.violations
    assert all(fault.field and fault.description for fault in told)
    assert len(told) == 1 or (told[-1].field, len(told)) == ("the file", 21)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CityFileError, match="cannot be read"):
        load_city(tmp_path / "none.toml")


def test_a_service_area_with_a_bay_leaves_the_bay_out() -> None:
    corners = [(0, 0), (0, 10), (10, 10), (10, 6), (3, 5), (10, 4), (10, 0)]
    area = ServiceArea(tuple(GeoPoint(*corner) for corner in corners))
    assert area.contains(GeoPoint(1, 5))
    assert area.contains(GeoPoint(9, 2))
    assert area.contains(GeoPoint(9, 8))
    assert not area.contains(GeoPoint(9, 5))
    assert not area.contains(GeoPoint(-1, 5))
    assert not area.contains(GeoPoint(5, 11))
