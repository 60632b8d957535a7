"""The saga against a payment service that fails in every way a network can, over real gRPC and a real database."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from uuid import UUID

import pytest

from chassis.auth import TokenSigner
from chassis.clients import open_channel
from chassis.database import Database
from matching_service.adapters.payment_client import PaymentClient
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.use_cases.advance_saga import LONGEST_WAIT_SECONDS
from shared_kernel.errors import Conflict
from tests.fakes.matching_servers import FakePaymentServer, Fault, serving
from tests.fakes.matching_stage import CITY, FARE, Stage
from tests.integration.matching.stage import open_database, stage_on

_PATIENCE_SECONDS = 60.0
"""Of each call: none times out but those that are to."""


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database of this module."""
    async with open_database(migrated_postgres_url("matching")) as database:
        yield database


@pytest.fixture
def server() -> FakePaymentServer:
    """The payment service, with its faults."""
    return FakePaymentServer()


@pytest.fixture
async def stage(
    database: Database, server: FakePaymentServer, signing_keys: Path, jwks_file: Path
) -> AsyncGenerator[Stage]:
    """All use cases of rides, calling that service with matching's own token."""
    signer = TokenSigner.from_dir(signing_keys, "matching")
    async with serving(jwks_file, payment=server) as target, open_channel(target, signer) as channel:
        yield stage_on(database, PaymentClient(channel), payment_seconds=_PATIENCE_SECONDS)


async def sweep(stage: Stage, times: int = 5) -> None:
    for _ in range(times):
        stage.clock.advance(LONGEST_WAIT_SECONDS)
        await stage.saga()


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_hold_that_fails_is_asked_for_with_the_same_key_and_stands_once(
    stage: Stage, server: FakePaymentServer, fault: Fault
):
    # Unavailable is repeated by the channel itself, at most four times.
    server.faults = [fault] * (8 if fault is Fault.UNAVAILABLE else 2)
    ride = await stage.ride()
    assert (ride.state, ride.payment_state) == (RideState.REQUESTED, PaymentState.HOLD_PENDING)
    await sweep(stage)
    assert (await stage.now(ride)).state is RideState.MATCHING
    assert set(server.keys) == {f"{ride.id}:hold"}
    assert server.effects == [f"hold {ride.id}"]


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_capture_that_fails_is_asked_for_with_the_same_key_and_happens_once(
    stage: Stage, server: FakePaymentServer, fault: Fault
):
    ride, driver_id = await stage.under_way()
    await stage.complete(stage.key(), driver_id, ride.id)
    server.keys.clear()
    server.faults = [fault] * (8 if fault is Fault.UNAVAILABLE else 2)
    await sweep(stage)
    assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
    assert set(server.keys) == {f"{ride.id}:capture"}
    assert server.effects == [f"hold {ride.id}", f"capture {ride.id}"]
    [capture] = server.captures
    assert capture.driver_id == str(driver_id)
    assert sum(line.amount.amount_minor for line in capture.lines) == FARE.total.amount_minor


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_hold_that_timed_out_is_never_released_for_that(stage: Stage, server: FakePaymentServer, fault: Fault):
    server.faults = [fault] * (4 if fault is Fault.UNAVAILABLE else 1)
    ride = await stage.ride()
    await sweep(stage)
    assert not [key for key in server.keys if key.endswith(":void")]
    ended = await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
    assert ended.payment_state is PaymentState.VOID_PENDING
    server.faults = [fault] * (4 if fault is Fault.UNAVAILABLE else 1)
    await sweep(stage)
    assert (await stage.now(ride)).payment_state is PaymentState.VOIDED
    assert server.effects == [f"hold {ride.id}", f"void {ride.id}"]


async def test_a_decline_comes_back_at_once(stage: Stage, server: FakePaymentServer):
    server.decline_reason = "insufficient_funds"
    with pytest.raises(Conflict) as refused:
        await stage.ride()
    assert refused.value.reason == "payment_declined"
    assert refused.value.metadata["decline_reason"] == "insufficient_funds"
    ride = await stage.read.get(UUID(refused.value.metadata["ride_id"]))
    assert (ride.state, ride.reason) == (RideState.PAYMENT_FAILED, "insufficient_funds")


async def test_a_decline_that_was_not_heard_ends_the_ride_later(stage: Stage, server: FakePaymentServer):
    server.decline_reason = "card_declined"
    server.faults = [Fault.TIME_OUT_AFTER]
    ride = await stage.ride()
    assert ride.state is RideState.REQUESTED
    await sweep(stage, 1)
    assert (await stage.now(ride)).state is RideState.PAYMENT_FAILED
    assert (await stage.told_of(ride.id)) == [1, 2]


async def test_a_late_cancels_fee_is_captured_from_the_hold(stage: Stage, server: FakePaymentServer):
    ride, driver_id = await stage.assigned()
    stage.clock.advance(CITY.fees.free_cancel_seconds)
    preview = await stage.preview(ride.rider_id, ride.id)
    await stage.cancel(stage.key(), ride.rider_id, ride.id, preview.token, "")
    await sweep(stage, 1)
    [capture] = server.captures
    assert [line.amount.amount_minor for line in capture.lines] == [CITY.fees.cancel_fee.amount_minor]
    assert capture.driver_id == str(driver_id)
    assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED


async def test_a_payment_service_that_is_away_leaves_the_ride_requested(
    database: Database, signing_keys: Path, jwks_file: Path
):
    server = FakePaymentServer()
    async with serving(jwks_file, payment=server) as target:
        pass
    async with open_channel(target, TokenSigner.from_dir(signing_keys, "matching")) as channel:
        stage = stage_on(database, PaymentClient(channel), payment_seconds=_PATIENCE_SECONDS)
        assert (await stage.ride()).state is RideState.REQUESTED
