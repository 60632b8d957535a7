"""Bad input over REST and on the command line: each is refused precisely, and nothing is lost or half done."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared_kernel.ids import to_public_id
from tests.system.people import FERRY_BUILDING, UNION_SQUARE, HandRider, Town, refusal, town, until
from tests.system.refusals import Refused, Sender, nothing_is_half_done, sender
from tests.system.stack import Stack

pytestmark = pytest.mark.system

HERE = {"latitude": UNION_SQUARE.latitude, "longitude": UNION_SQUARE.longitude}
THERE = {"latitude": FERRY_BUILDING.latitude, "longitude": FERRY_BUILDING.longitude}
TRIP: dict[str, Any] = {"pickup": HERE, "dropoff": THERE}
NOBODYS = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.fixture(scope="module", autouse=True)
async def early_quote(stack: Stack) -> AsyncGenerator[tuple[HandRider, dict[str, Any]]]:
    """A rider's quote of before all tests here, so that it grows old meanwhile."""
    async with town(stack) as opened:
        rider = await opened.rider()
        yield rider, await rider.quote()


@pytest.fixture
async def client(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that does nothing by itself."""
    async with httpx.AsyncClient(base_url=stack.rest_url, timeout=15) as opened:
        yield opened


@pytest.fixture
async def rider(people: Town) -> HandRider:
    """A rider with a card."""
    return await people.rider()


@pytest.fixture
async def by_rider(client: httpx.AsyncClient, rider: HandRider) -> Sender:
    """Requests of that rider."""
    return await sender(client, rider)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"pickup": {', "see line 1, column 13"),
        (b"", "empty"),
        (b"[]", "must be a JSON object"),
        (b'{"pickup": NaN}', "NaN is not JSON"),
        (b'{"product": "xl", "product": "economy"}', "'product' occurs twice"),
        (b'{"product": "\xff"}', "not UTF-8"),
        (b'{"a":' * 10_000, "16 levels"),
    ],
    ids=["cut off", "empty", "a list", "NaN", "a name twice", "no text", "deep"],
)
async def test_a_body_that_is_no_json_object_is_refused(by_rider: Sender, body: bytes, told: str) -> None:
    error = await by_rider.refused("POST", "/v1/quotes", content=body, headers={"Content-Type": "application/json"})
    assert error.told == (400, "malformed_json", ())
    assert told in error.message


async def test_a_character_no_store_can_keep_is_refused_by_its_field(by_rider: Sender) -> None:
    for text in ("a\0b", "\ud800"):
        body = ascii({**TRIP, "pickup": {**HERE, "address": text}}).replace("'", '"').replace("\\x00", "\\u0000")
        error = await by_rider.refused("POST", "/v1/quotes", content=body, headers={"Content-Type": "application/json"})
        assert error.told == (400, "malformed_json", ("pickup.address",))


async def test_what_is_not_json_or_too_long_is_refused(by_rider: Sender) -> None:
    form = await by_rider.refused("POST", "/v1/quotes", data={"pickup": "here"})
    assert form.told == (415, "unsupported_media_type", ())
    long = await by_rider.refused("POST", "/v1/quotes", json={**TRIP, "product": "x" * 70_000})
    assert long.told == (413, "body_too_large", ())
    assert "65536" in long.message


@pytest.mark.parametrize(
    ("change", "reason", "fields"),
    [
        ({"pickup": {"latitude": 91, "longitude": -181}}, "invalid_request", ("pickup.latitude", "pickup.longitude")),
        ({"pickup": {"latitude": True, "longitude": "1"}}, "invalid_request", ("pickup.latitude", "pickup.longitude")),
        ({"pickup": {**HERE, "lattitude": 1}, "tip": 1}, "invalid_request", ("pickup.lattitude", "tip")),
        ({"pickup": {}}, "invalid_request", ("pickup.latitude", "pickup.longitude")),
        ({"pickup": {**HERE, "address": "x" * 201}}, "invalid_request", ("pickup.address",)),
        ({"dropoff": {"latitude": 0, "longitude": 0}}, "outside_service_area", ("dropoff",)),
        ({"dropoff": HERE}, "trip_too_short", ("dropoff",)),
        ({"product": "rocket"}, "unknown_product", ("product",)),
    ],
    ids=["off the Earth", "wrong types", "unknown", "missing", "long", "at sea", "nowhere", "product"],
)
async def test_a_refused_place_or_product_is_named_as_it_was_written(
    by_rider: Sender, change: dict[str, Any], reason: str, fields: tuple[str, ...]
) -> None:
    assert (await by_rider.refused("POST", "/v1/quotes", json=TRIP | change)).told == (400, reason, fields)


async def test_a_number_beyond_all_bounds_is_no_coordinate(by_rider: Sender) -> None:
    body = '{"pickup": {"latitude": 1e999, "longitude": 0}, "dropoff": {"latitude": 0, "longitude": 0}}'
    error = await by_rider.refused("POST", "/v1/quotes", content=body, headers={"Content-Type": "application/json"})
    assert error.told == (400, "invalid_request", ("pickup.latitude",))


async def test_a_bad_ping_refuses_its_batch_and_is_named_by_its_index(people: Town, client: httpx.AsyncClient) -> None:
    by_driver = await sender(client, await people.driver())
    good = {**HERE, "measured_at": datetime.now(UTC).isoformat(), "sequence": 1}
    bad = {"latitude": -91, "longitude": 0, "measured_at": "noon", "sequence": 0, "accuracy_meters": -1}
    error = await by_driver.refused("POST", "/v1/driver/locations", json={"locations": [good, bad]})
    names = ("latitude", "measured_at", "sequence", "accuracy_meters")
    assert error.told == (400, "invalid_request", tuple(f"locations[1].{name}" for name in names))
    for count in (0, 51):
        error = await by_driver.refused("POST", "/v1/driver/locations", json={"locations": [good] * count})
        assert error.told == (400, "invalid_request", ("locations",))


async def test_pages_paths_methods_and_callers_are_refused_by_name(by_rider: Sender, client: httpx.AsyncClient) -> None:
    async def told(path: str, by: Sender = by_rider, method: str = "GET") -> Refused:
        return await by.refused(method, path, key="")

    assert (await told("/v1/rides?limit=0&sort=up")).told == (400, "invalid_request", ("limit", "sort"))
    assert (await told("/v1/rides?limit=1&limit=2")).told == (400, "invalid_request", ("limit",))
    assert (await told("/v1/rides?cursor=abc")).told == (400, "invalid_cursor", ("cursor",))
    assert (await told("/v1/rides/17")).told == (400, "invalid_request", ("ride_id",))
    assert (await told("/v1/nothing")).told == (404, "route_not_found", ())
    assert (await told("/v1/rides", method="PUT")).told == (405, "method_not_allowed", ())
    assert (await told("/v1/rides", Sender(client))).told == (401, "token_required", ())
    assert (await told("/v1/rides", Sender(client, "a.b.c"))).told == (401, "invalid_token", ())
    assert (await told("/v1/driver/rides")).told == (403, "role_not_allowed", ())
    assert (await told("/v1/operator/ledger/trial-balance")).told == (403, "role_not_allowed", ())


async def test_foreign_and_unknown_ids_are_not_found_and_book_nothing(
    people: Town, rider: HandRider, by_rider: Sender
) -> None:
    other = await people.rider()
    nobodys = {kind: to_public_id(kind, NOBODYS) for kind in ("quote", "pm", "ride", "offer", "ntf")}
    quote = await rider.quote()
    mine = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id}
    foreign_quote = (await other.quote())["id"]
    for quote_id in (nobodys["quote"], foreign_quote):
        error = await by_rider.refused("POST", "/v1/rides", json=mine | {"quote_id": quote_id})
        assert error.told == (404, "quote_not_found", ())
    assert (await rider.person.get("/v1/rides"))["items"] == []
    wrong_kind = await by_rider.refused("POST", "/v1/rides", json=mine | {"quote_id": nobodys["ride"]})
    assert wrong_kind.told == (400, "invalid_request", ("quote_id",))
    for card in (nobodys["pm"], other.payment_method_id):
        body = {"quote_id": (await rider.quote())["id"], "payment_method_id": card}
        error = await by_rider.refused("POST", "/v1/rides", json=body)
        assert error.told == (404, "payment_method_not_found", ())
    rides = (await rider.person.get("/v1/rides"))["items"]
    assert {(ride["state"], ride["payment_state"]) for ride in rides} == {("payment_failed", "hold_declined")}
    path = f"/v1/payment-methods/{other.payment_method_id}"
    assert (await by_rider.refused("DELETE", path)).told == (404, "payment_method_not_found", ())
    assert len((await other.person.get("/v1/payment-methods"))["items"]) == 1
    path = f"/v1/me/notifications/{nobodys['ntf']}/read"
    assert (await by_rider.refused("POST", path)).told == (404, "notification_not_found", ())
    assert (await by_rider.refused("GET", f"/v1/rides/{nobodys['ride']}", key="")).told == (404, "ride_not_found", ())


async def test_a_card_token_is_refused_by_its_field(rider: HandRider, by_rider: Sender) -> None:
    for token, reason in (
        ("", "invalid_request"),
        ("tok en!", "invalid_request"),
        ("pm_nothing", "invalid_card_token"),
    ):
        error = await by_rider.refused("POST", "/v1/payment-methods", json={"psp_token": token})
        assert error.told == (400, reason, ("psp_token",))
    declined = await by_rider.refused("POST", "/v1/payment-methods", json={"psp_token": "pm_card_chargeDeclined"})
    assert declined.told == (402, "payment_declined", ())
    assert len((await rider.person.get("/v1/payment-methods"))["items"]) == 1


async def test_a_missing_malformed_or_reused_key_is_refused(rider: HandRider, by_rider: Sender) -> None:
    quote = await rider.quote()
    body = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id}
    missing = await by_rider.refused("POST", "/v1/rides", key="", json=body)
    assert missing.told == (400, "idempotency_key_required", ("Idempotency-Key",))
    for key in ("two words", "x" * 129):
        error = await by_rider.refused("POST", "/v1/rides", key=key, json=body)
        assert error.told == (400, "invalid_idempotency_key", ("Idempotency-Key",))
    first = await by_rider.send("POST", "/v1/rides", key="a-ride", json=body)
    again = await by_rider.send("POST", "/v1/rides", key="a-ride", json=body)
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 201, again.json()["id"])
    for change in ({"note": "hurry"}, {"quote_id": to_public_id("quote", NOBODYS)}):
        error = await by_rider.refused("POST", "/v1/rides", key="a-ride", json=body | change)
        assert error.told == (422, "idempotency_key_reused", ())
    used = await by_rider.refused("POST", "/v1/rides", json=body)
    assert used.told[:2] in ((409, "quote_used"), (409, "active_ride"))
    assert len((await rider.person.get("/v1/rides"))["items"]) == 1
    await rider.cancel(first.json()["id"])
    await rider.settled(first.json()["id"])


async def test_the_same_key_keeps_one_card(rider: HandRider, by_rider: Sender) -> None:
    path, body = "/v1/payment-methods", {"psp_token": "pm_card_visa"}
    cards = [(await by_rider.send("POST", path, key="a-card", json=body)).json()["id"] for _ in range(2)]
    assert cards[0] == cards[1]
    error = await by_rider.refused("POST", path, key="a-card", json={"psp_token": "pm_card_mastercard"})
    assert error.told == (422, "idempotency_key_reused", ())
    assert len((await rider.person.get(path))["items"]) == 2


async def test_broken_rows_of_a_trips_file_are_named_by_file_and_line(stack: Stack, tmp_path: Path) -> None:
    header = "pickup_ts,dropoff_ts,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon"
    rows = ["1211544000,1211544300,37.79,-122.40,37.77,-122.41", "1211544000,noon,37.79,-122.40,37.77,-122.41"]
    rows += [rows[0].replace("37.79", "97.79"), rows[0].replace("-122.41", "nan"), "1211544000,1211544300"]
    trips = tmp_path / "broken.csv"
    trips.write_text("\n".join([header, *rows]) + "\n")
    ended = stack.jitney("simulate", "--trips", str(trips), "--from", "2008-05-23T05:00:00", "--minutes", "10")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"{trips}:3: dropoff_ts is not a number: 'noon'",
        f"{trips}:4: pickup_lat must be a number from -90 to 90",
        f"{trips}:5: dropoff_lon is not a number: 'nan'",
        f"{trips}:6: pickup_lat is missing: the row is too short",
    ]


async def test_an_expired_quote_books_nothing(early_quote: tuple[HandRider, dict[str, Any]]) -> None:
    rider, quote = early_quote
    expiry = datetime.fromisoformat(quote["expires_at"])

    async def is_over() -> bool:
        return datetime.now(UTC) > expiry

    await until(is_over, "the end of the quote")
    body = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id}
    error = await refusal(rider.person.do("POST", "/v1/rides", body))
    assert (error.status, error.code) == (409, "quote_expired")
    assert (await rider.person.get("/v1/rides"))["items"] == []


async def test_nothing_of_it_is_half_done(people: Town) -> None:
    await nothing_is_half_done(people)
