"""The saga: what is owed is asked for until its outcome is known."""

from typing import Any

import pytest

from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.use_cases.advance_saga import LEASE_SECONDS, LONGEST_WAIT_SECONDS
from matching_service.use_cases.service_ports import PaymentOutcome, PaymentStatus
from shared_kernel.errors import Conflict, DomainError, InFlight, Unauthenticated, Unavailable, Unknown
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage


class TestSaga:
    """AdvanceSaga."""

    async def test_nothing_is_owed_while_a_hold_stands(self, stage: Stage, payments: FakePayments):
        await stage.ride()
        stage.clock.advance(3_600)
        assert await stage.saga() == 0
        assert len(payments.calls) == 1

    @pytest.mark.parametrize(
        "failure",
        [
            Unknown("rpc_deadline_exceeded", ""),
            Unavailable("rpc_unavailable", ""),
            InFlight("request_in_flight", ""),
            Conflict("invalid_transition", ""),
            Unauthenticated("expired_token", ""),
        ],
    )
    async def test_a_capture_is_asked_for_with_one_key_until_it_is_done(
        self, stage: Stage, payments: FakePayments, failure: DomainError
    ):
        ride, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, ride.id)
        payments.calls.clear()
        payments.failures = [failure] * 3
        for _ in range(4):
            assert await stage.saga() == 1
            stage.clock.advance(LONGEST_WAIT_SECONDS)
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED
        assert payments.calls == [(f"{ride.id}:capture", ride.id)] * 4
        assert await stage.saga() == 0

    async def test_attempts_wait_ever_longer_up_to_a_bound(self, stage: Stage, payments: FakePayments):
        ride, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, ride.id)
        payments.failures = [Unavailable("rpc_unavailable", "")] * 100
        waits: list[float] = []
        for _ in range(12):
            assert await stage.saga() == 1
            waited = 0.0
            while not await self._due(stage):
                stage.clock.advance(0.25)
                waited += 0.25
            waits.append(waited)
        assert waits[0] <= 0.75
        assert max(waits) <= LONGEST_WAIT_SECONDS
        assert min(waits[-3:]) >= LONGEST_WAIT_SECONDS / 2

    async def _due(self, stage: Stage) -> bool:
        # A lease of nothing: the claim changes nothing that the next sweep would notice.
        return bool(await stage.queue.claim(stage.clock.now(), 1, 0))

    async def test_a_leased_step_is_left_alone_until_its_lease_is_over(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, ride.id)
        # A replica that took the step and died.
        [step] = await stage.queue.claim(stage.clock.now(), 10, LEASE_SECONDS)
        assert step.ride.id == ride.id
        assert await stage.saga() == 0
        stage.clock.advance(LEASE_SECONDS)
        assert await stage.saga() == 1
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED

    async def test_an_outcome_that_comes_twice_is_recorded_once(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, ride.id)
        [step] = await stage.queue.claim(stage.clock.now(), 10, 0)
        assert await stage.saga() == 1
        before = await stage.told_of(ride.id)
        await stage.saga.hold_now(step.ride, 1.0)
        assert await stage.told_of(ride.id) == before

    async def test_a_hold_that_the_psp_let_go_of_is_as_good_as_held(self, stage: Stage, payments: FakePayments):
        payments.failures = [Unavailable("rpc_unavailable", "")]
        ride = await stage.ride()
        # The first answer was lost, and the PSP let go of the hold before the next.
        payments.holds[ride.id] = PaymentStatus.EXPIRED
        stage.clock.advance(LONGEST_WAIT_SECONDS)
        assert await stage.saga() == 1
        assert (await stage.now(ride)).state is RideState.MATCHING

    @pytest.mark.parametrize("collected", [True, False])
    async def test_a_ride_whose_hold_expired_is_captured_or_released_all_the_same(
        self, stage: Stage, payments: FakePayments, collected: bool
    ):
        ride, driver_id = await stage.under_way()
        payments.holds[ride.id] = PaymentStatus.EXPIRED
        if collected:
            await stage.complete(stage.key(), driver_id, ride.id)
        else:
            await stage.force_cancel(stage.key(), stage.new_id(), ride.id, "street closed")
        await stage.settle()
        ended = PaymentState.CAPTURED if collected else PaymentState.VOIDED
        assert (await stage.now(ride)).payment_state is ended

    async def test_an_expired_payment_is_no_outcome_of_a_capture(
        self, stage: Stage, payments: FakePayments, monkeypatch: pytest.MonkeyPatch
    ):
        ride, driver_id = await stage.under_way()
        await stage.complete(stage.key(), driver_id, ride.id)
        answers = [PaymentOutcome(PaymentStatus.EXPIRED)]
        capture = payments.capture

        async def expired_first(*asked: Any, **told: Any) -> PaymentOutcome:
            return answers.pop() if answers else await capture(*asked, **told)

        monkeypatch.setattr(payments, "capture", expired_first)
        assert await stage.saga() == 1
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURE_PENDING
        stage.clock.advance(LONGEST_WAIT_SECONDS)
        await stage.settle()
        assert (await stage.now(ride)).payment_state is PaymentState.CAPTURED

    async def test_a_batch_is_bounded(self, stage: Stage, payments: FakePayments):
        payments.failures = [Unavailable("rpc_unavailable", "")] * 3
        for _ in range(3):
            assert (await stage.ride()).state is RideState.REQUESTED
        stage.clock.advance(60)
        assert await stage.saga(2) == 2
        assert await stage.saga(2) == 1
        assert await stage.saga(2) == 0
