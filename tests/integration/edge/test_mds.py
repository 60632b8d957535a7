"""The export for agencies, held against the tables of the specification (2.0, mode passenger-services)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from google.protobuf.timestamp_pb2 import Timestamp
from jsonschema import Draft202012Validator

from chassis.auth import Role
from ridesharing.common.v1 import geo_point_pb2, money_pb2
from ridesharing.matching.v1 import mds_service_pb2 as pb
from tests.integration.edge.backends import Backends

Bearer = Callable[..., dict[str, str]]

UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
MILLIS = {"type": "integer", "minimum": 1_514_764_800_000}
GPS = {
    "type": "object",
    "required": ["lat", "lng"],
    "properties": {"lat": {"type": "number"}, "lng": {"type": "number"}},
    "additionalProperties": False,
}
ACCESSIBILITY = {"type": "array", "items": {"enum": ["wheelchair_accessible"]}}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these fields and no other."""
    properties = {**required, **(optional or {})}
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


TRIP = closed(
    {
        "provider_id": UUID,
        "device_id": UUID,
        "trip_id": UUID,
        "start_time": MILLIS,
        "end_time": MILLIS,
        "start_location": GPS,
        "end_location": GPS,
        "duration": {"type": "integer", "minimum": 0},
        "distance": {"type": "integer", "minimum": 0},
    },
    {
        "trip_type": {"enum": ["private", "shared", "reservation", "empty"]},
        "trip_attributes": closed(
            {
                "hail_type": {"enum": ["street_hail", "phone_dispatch", "phone", "text", "app"]},
                "passenger_count": {"type": "integer"},
                "request_time": MILLIS,
            }
        ),
        "fare_attributes": closed(
            {
                "payment_type": {
                    "enum": ["cash", "credit_card", "mobile", "voucher", "paratransit", "no payment", "test"]
                },
                "fare_type": {"enum": ["meter_fare", "upfront_pricing", "flat_rate"]},
            },
            {name: {"type": "integer"} for name in ("taxes", "tolls", "surcharge")},
        ),
        "accessibility_attributes": ACCESSIBILITY,
        "actual_cost": {"type": "integer"},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
)
VEHICLE = closed(
    {
        "device_id": UUID,
        "provider_id": UUID,
        "vehicle_id": {"type": "string"},
        "vehicle_type": {"enum": ["car"]},
        "propulsion_types": {"type": "array"},
    },
    {
        "vehicle_attributes": closed({}, {"model": {"type": "string"}, "color": {"type": "string"}}),
        "accessibility_attributes": ACCESSIBILITY,
    },
)
EVENT = closed(
    {
        "device_id": UUID,
        "provider_id": UUID,
        "event_id": UUID,
        "vehicle_state": {"enum": ["available", "non_operational", "reserved", "on_trip", "stopped", "unknown"]},
        "event_types": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "timestamp": MILLIS,
        "location": GPS,
    },
    {"trip_ids": {"type": "array", "items": UUID}},
)
TELEMETRY = closed(
    {
        "device_id": UUID,
        "provider_id": UUID,
        "telemetry_id": UUID,
        "timestamp": MILLIS,
        "trip_ids": {"type": ["array", "null"], "items": UUID},
        "journey_id": {"type": "null"},
        "location": GPS,
    }
)
STATUS = closed({"device_id": UUID, "provider_id": UUID, "last_event": EVENT, "last_telemetry": TELEMETRY})
NOON = Timestamp(seconds=1_893_499_200)
PROVIDER, DEVICE, TRIP_ID = str(uuid4()), str(uuid4()), str(uuid4())
HERE = geo_point_pb2.GeoPoint(latitude=37.77, longitude=-122.42)


def usd(amount_minor: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code="USD", amount_minor=amount_minor)


@pytest.fixture
def asked(client: FlaskClient, bearer: Bearer, backends: Backends) -> Callable[[str], Any]:
    """Asks as an operator; the services answer with one trip and two vehicles, one of unknown place."""
    backends.answers["ExportTrips"] = pb.ExportTripsResponse(
        version="2.0.0",
        provider_id=PROVIDER,
        trips=[
            pb.MdsTrip(
                device_id=DEVICE,
                trip_id=TRIP_ID,
                trip_type="private",
                start_time=NOON,
                end_time=Timestamp(seconds=NOON.seconds + 720),
                start_location=HERE,
                end_location=HERE,
                duration_seconds=720,
                distance_meters=4_200,
                passenger_count=2,
                request_time=NOON,
                payment_type="cash",
                fare=usd(2_050),
                taxes=usd(99),
                tolls=usd(0),
                surcharge=usd(0),
                wheelchair_accessible=True,
            )
        ],
        next_page_token="00000000000000000000000000000007",
        made_time=NOON,
    )
    vehicle = pb.MdsVehicle(
        device_id=DEVICE,
        vehicle_id="7ABC123",
        model="Kia Niro",
        color="white",
        vehicle_state="on_trip",
        event_type="trip_start",
        event_id=str(uuid4()),
        event_time=NOON,
        trip_id=TRIP_ID,
        telemetry_id=str(uuid4()),
    )
    seen = pb.MdsVehicle()
    seen.CopyFrom(vehicle)
    seen.location.CopyFrom(HERE)
    seen.heard_time.CopyFrom(NOON)
    backends.answers["ExportVehicles"] = pb.ExportVehiclesResponse(
        version="2.0.0", provider_id=PROVIDER, vehicles=[vehicle, seen], made_time=NOON
    )

    def ask(path: str) -> Any:
        answer = client.get(f"/v1/operator/mds/{path}", headers=bearer(Role.OPERATOR))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    return ask


def test_trips_are_as_the_specification_says(asked: Callable[[str], Any], backends: Backends) -> None:
    page = asked("trips?end_time=2030-01-01T12")
    assert page["version"] == "2.0.0"
    [trip] = page["trips"]
    Draft202012Validator(TRIP).validate(trip)
    assert (trip["duration"], trip["actual_cost"], trip["start_time"]) == (720, 2_050, NOON.seconds * 1000)
    assert trip["accessibility_attributes"] == ["wheelchair_accessible"]
    assert backends.last("ExportTrips").hour_time.ToJsonString() == "2030-01-01T12:00:00Z"
    asked(f"trips{page['links']['next']}")
    assert backends.last("ExportTrips").page_token == "00000000000000000000000000000007"


def test_vehicles_and_their_states_are_as_the_specification_says(asked: Callable[[str], Any]) -> None:
    vehicles = asked("vehicles")["vehicles"]
    for vehicle in vehicles:
        Draft202012Validator(VEHICLE).validate(vehicle)
    assert len(vehicles) == 2
    [status] = asked("vehicles/status")["vehicles_status"]
    Draft202012Validator(STATUS).validate(status)
    assert status["last_telemetry"]["trip_ids"] == [TRIP_ID]


@pytest.mark.parametrize("hour", ["2030-01-01", "2030-01-01T24", "2030-02-30T12", "now", ""])
def test_an_hour_that_does_not_exist_is_refused(
    client: FlaskClient, bearer: Bearer, backends: Backends, hour: str
) -> None:
    answer = client.get(f"/v1/operator/mds/trips?end_time={hour}", headers=bearer(Role.OPERATOR))
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert backends.asked == []
