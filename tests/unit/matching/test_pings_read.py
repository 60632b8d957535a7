"""Reading pings holds the very rules of the contract, though it does not run them."""

from collections.abc import Callable
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from chassis.validation import validate
from matching_service.domain.locations import PingVerdict
from matching_service.entrypoints.location_streams import VERDICTS, read_pings
from ridesharing.matching.v1 import driver_service_pb2 as pb
from ridesharing.matching.v1 import rides_pb2
from shared_kernel.errors import InvalidInput

NUMBERS = st.sampled_from([0.0, 37.7, -90.0, 90.0, 90.000001, -180.0, 180.0, 180.1, -1e9, nan, inf, -inf])
SECONDS = st.sampled_from([0, 1_700_000_000, -62_135_596_800, -62_135_596_801, 253_402_300_799, 253_402_300_800, 2**62])
NANOS = st.sampled_from([0, 999_999_999, 1_000_000_000, -1])
CALENDAR = range(-62_135_596_800, 253_402_300_800)


@st.composite
def batches(draw: st.DrawFn) -> pb.StreamLocationsRequest:
    """Batches of pings, most of them in order, some with one thing wrong."""
    batch = pb.StreamLocationsRequest()
    for number in range(draw(st.sampled_from([0, 1, 2, 3, 100, 101]))):
        ping = batch.pings.add(sequence=number + 1)
        ping.point.latitude, ping.measure_time.seconds = 37.7, 1_700_000_000
    if batch.pings:
        ping: rides_pb2.LocationPing = batch.pings[draw(st.integers(0, len(batch.pings) - 1))]
        match draw(st.integers(0, 7)):
            case 0:
                ping.point.latitude = draw(NUMBERS)
            case 1:
                ping.point.longitude = draw(NUMBERS)
            case 2:
                ping.accuracy_meters = draw(NUMBERS)
            case 3:
                ping.sequence = draw(st.sampled_from([-1, 0, 1, 2**63 - 1]))
            case 4:
                ping.measure_time.seconds = draw(SECONDS)
            case 5:
                ping.measure_time.nanos = draw(NANOS)
            case 6:
                ping.ClearField(draw(st.sampled_from(["point", "measure_time"])))
            case _:
                pass
    return batch


Batch = pb.StreamLocationsRequest


def refused(call: Callable[[Batch], object], batch: Batch) -> InvalidInput | None:
    try:
        call(batch)
    except InvalidInput as refusal:
        return refusal
    return None


@given(batches())
def test_what_is_read_is_what_the_contract_allows(batch: pb.StreamLocationsRequest) -> None:
    times = [ping.measure_time for ping in batch.pings]
    on_a_calendar = all(time.seconds in CALENDAR and 0 <= time.nanos < 10**9 for time in times)
    refusal = refused(validate, batch)
    if refusal is not None or not on_a_calendar:
        caught = refused(read_pings, batch)
        assert caught is not None
        assert refusal is None or caught.violations == refusal.violations
        return
    read = read_pings(batch)
    assert [(ping.latitude, ping.longitude, ping.sequence) for ping in read] == [
        (ping.point.latitude, ping.point.longitude, ping.sequence) for ping in batch.pings
    ]


def test_every_verdict_but_the_good_one_has_a_name_in_the_contract() -> None:
    assert set(VERDICTS) == set(PingVerdict) - {PingVerdict.ACCEPTED}
    assert set(VERDICTS.values()) == set(pb.PingVerdict.values()) - {pb.PING_VERDICT_UNSPECIFIED}
