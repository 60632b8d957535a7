"""Trips files: what is read, and how a broken one is told."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jitney.simulator.trips import TripsFileError, read_trips

HEADER = "cab,pickup_ts,dropoff_ts,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,path_m,max_gap_s,dur_s"
NOON = datetime(2008, 5, 23, 12, tzinfo=UTC)
T0 = int(NOON.timestamp())
GOOD = f"a,{T0 + 60},{T0 + 360},37.79,-122.40,37.77,-122.41,1777,61,300"


def written(folder: Path, *rows: str) -> Path:
    """Write a trips file with a header and rows."""
    path = folder / "trips.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def test_trips_of_the_window_are_read_by_time(tmp_path: Path) -> None:
    later = GOOD.replace(str(T0 + 60), str(T0 + 30))
    outside = GOOD.replace(str(T0 + 60), str(T0 + 601))
    before = GOOD.replace(str(T0 + 60), str(T0 - 1))
    trips = read_trips(written(tmp_path, GOOD, later, outside, before), NOON, 10)
    assert [trip.at_seconds for trip in trips] == [30, 60]
    assert trips[1].trip_seconds == 300


def test_a_time_without_a_zone_is_san_francisco_s(tmp_path: Path) -> None:
    [trip] = read_trips(written(tmp_path, GOOD), datetime(2008, 5, 23, 5), 10)  # noqa: DTZ001 (the case)
    assert trip.at_seconds == 60


def test_a_gzipped_file_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "trips.csv.gz"
    path.write_bytes(gzip.compress(written(tmp_path, GOOD).read_bytes()))
    assert len(read_trips(path, NOON, 10)) == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (GOOD.replace("37.79", "97.79"), "trips.csv:3: pickup_lat must be a number from -90 to 90"),
        (GOOD.replace("-122.41", "-182.41"), "trips.csv:3: dropoff_lon must be a number from -180 to 180"),
        (GOOD.replace("37.79", "nan"), "trips.csv:3: pickup_lat is not a number: 'nan'"),
        (GOOD.replace(str(T0 + 60), "inf"), "trips.csv:3: pickup_ts is not a number: 'inf'"),
        (GOOD + ",1", "trips.csv:3: the row has more cells than the header"),
        ('a,"b"c', "trips.csv:3: ',' expected after"),
        (GOOD.replace("37.79", "north"), "trips.csv:3: pickup_lat is not a number: 'north'"),
        (f"a,{T0 + 60}", "trips.csv:3: dropoff_ts is missing: the row is too short"),
        (GOOD.removesuffix("300") + "-5", "trips.csv:3: a trip of -5 s is not one"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(TripsFileError) as refused:
        read_trips(written(tmp_path, GOOD, row), NOON, 10)
    assert told in str(refused.value)


def test_all_broken_rows_are_named_up_to_a_bound(tmp_path: Path) -> None:
    with pytest.raises(TripsFileError) as refused:
        read_trips(written(tmp_path, "a,1", GOOD, *["a,2"] * 30), NOON, 10)
    lines = str(refused.value).splitlines()
    assert ["trips.csv:2:" in lines[0], "trips.csv:4:" in lines[1], len(lines)] == [True, True, 20]


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trips.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TripsFileError, match=r"trips.csv:1: the header lacks pickup_ts"):
        read_trips(path, NOON, 10)


def test_a_missing_file_an_empty_window_and_broken_gzip_are_told(tmp_path: Path) -> None:
    with pytest.raises(TripsFileError, match="cannot be read"):
        read_trips(tmp_path / "none.csv", NOON, 10)
    with pytest.raises(TripsFileError, match="no trip is picked up"):
        read_trips(written(tmp_path, GOOD), NOON, 0.5)
    broken = tmp_path / "trips.csv.gz"
    whole = gzip.compress(written(tmp_path, *[f"{GOOD}.{number}" for number in range(500)]).read_bytes())
    for content in (b"not gzip", whole[:-9], whole[:40] + b"\xff" * 40 + whole[80:]):
        broken.write_bytes(content)
        with pytest.raises(TripsFileError, match="cannot be read"):
            read_trips(broken, NOON, 10)
