"""The contracts' field names, told in the words of the public API."""

import pytest

from rider_api.rest.field_names import in_public_words
from shared_kernel.errors import FieldViolation


@pytest.mark.parametrize(
    ("contract", "public"),
    [
        ("pickup.point.latitude", "pickup.latitude"),
        ("dropoff.point", "dropoff"),
        ("pings[3].point.longitude", "locations[3].longitude"),
        ("pings[0].measure_time", "locations[0].measured_at"),
        ("start_pin", "pin"),
        ("request_id", "Idempotency-Key"),
        ("page_token", "cursor"),
        ("states[1]", "state[1]"),
        ("vehicle.plate", "vehicle.plate"),
        ("appointment.point_count", "appointment.point_count"),
        ("", ""),
    ],
)
def test_a_refused_field_is_named_as_the_client_wrote_it(contract: str, public: str) -> None:
    assert in_public_words((FieldViolation(contract, "is wrong"),)) == (FieldViolation(public, "is wrong"),)
