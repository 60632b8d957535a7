"""`jitney export`: hours, pages and files."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from jitney.mds_export import MOST_HOURS, export, hours_between
from jitney.stack.problems import StackError

NOW = datetime(2026, 11, 28, 3, 40, tzinfo=UTC)


def served(request: httpx.Request) -> httpx.Response:
    """Trips in two pages, two vehicles, one state."""
    if request.url.path.endswith("/trips"):
        assert request.url.params["end_time"].startswith("2026-11-28T0")
        if "cursor" not in request.url.params:
            more = f"?end_time={request.url.params['end_time']}&limit=100&cursor=abc"
            return httpx.Response(200, json={"version": "2.0.0", "trips": [{"trip_id": "1"}], "links": {"next": more}})
        return httpx.Response(200, json={"version": "2.0.0", "trips": [{"trip_id": "2"}], "links": {"next": None}})
    if request.url.path.endswith("/status"):
        body = {"version": "2.0.0", "last_updated": 1, "vehicles_status": [{}], "links": {"next": None}}
    else:
        body = {"version": "2.0.0", "last_updated": 1, "vehicles": [{}, {}], "links": {"next": None}}
    return httpx.Response(200, json=body)


def client_of(transport: httpx.MockTransport) -> httpx.Client:
    return httpx.Client(base_url="http://edge", transport=transport)


def test_hours_are_those_that_are_over() -> None:
    assert hours_between("2026-11-28T01", "", NOW) == ["2026-11-28T01", "2026-11-28T02"]
    assert hours_between("2026-11-27T23", "2026-11-28T01", NOW) == ["2026-11-27T23", "2026-11-28T00"]


def test_an_hour_is_not_asked_for_in_the_minute_after_its_end() -> None:
    turn = NOW.replace(minute=0, second=0, microsecond=0)
    assert hours_between("2026-11-28T01", "", turn + timedelta(seconds=59)) == ["2026-11-28T01"]
    assert hours_between("2026-11-28T01", "", turn + timedelta(seconds=60)) == ["2026-11-28T01", "2026-11-28T02"]


@pytest.mark.parametrize(
    ("first", "last"), [("yesterday", ""), ("2026-11-28T03", ""), ("2026-11-28T01", "25:00"), ("2020-01-01T00", "")]
)
def test_hours_that_are_none_or_too_many_are_refused(first: str, last: str) -> None:
    with pytest.raises(StackError, match=rf"no hour|1 to {MOST_HOURS}"):
        hours_between(first, last, NOW)


def test_pages_are_joined_into_a_file_an_hour(tmp_path: Path) -> None:
    with client_of(httpx.MockTransport(served)) as client:
        told = list(export(client, tmp_path / "new", hours_between("2026-11-28T01", "", NOW)))
    assert [line.rsplit(": ", 1)[1] for line in told] == ["2", "2", "2", "1"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "trips-2026-11-28T01.json",
        "trips-2026-11-28T02.json",
        "vehicles-status.json",
        "vehicles.json",
    ]
    trips = json.loads((tmp_path / "new" / "trips-2026-11-28T02.json").read_text())
    assert trips == {"version": "2.0.0", "trips": [{"trip_id": "1"}, {"trip_id": "2"}]}


def test_a_refusal_is_told_in_the_services_words_and_leaves_no_file(tmp_path: Path) -> None:
    problem = {"code": "mds_not_configured", "detail": "set JITNEY_MATCHING_MDS_PROVIDER_ID"}
    refusing = httpx.MockTransport(lambda _: httpx.Response(409, json=problem))
    with client_of(refusing) as client, pytest.raises(StackError, match="mds_not_configured: set JITNEY_MATCHING"):
        list(export(client, tmp_path, ["2026-11-28T01"]))
    assert list(tmp_path.iterdir()) == []


def test_an_api_that_does_not_answer_is_named(tmp_path: Path) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with (
        client_of(httpx.MockTransport(gone)) as client,
        pytest.raises(StackError, match=r"http://edge\S* does not answer"),
    ):
        list(export(client, tmp_path, ["2026-11-28T01"]))
