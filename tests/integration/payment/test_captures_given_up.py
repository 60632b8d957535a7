"""Captures that the PSP began and gives up later: the real adapter over the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.database import Database
from payment_service.adapters.stripe_psp import StripePsp
from payment_service.domain.ledger import AccountKind
from payment_service.domain.orders import CaptureOrder
from payment_service.domain.payment import Purpose
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.settings import PaymentSettings
from tests.fakes.payment_clock import StillClock
from tests.integration.payment.conftest import Payments, core_over, fare, usd
from tests.integration.payment.process import WAIT_SECONDS, Sandbox, until


@pytest.fixture
async def sandbox(sandbox_url: str) -> AsyncIterator[Sandbox]:
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=WAIT_SECONDS) as client:
        yield Sandbox(client)
        await client.delete("/_sim/faults")


@dataclass
class Stage:
    """A rider with a good card, and the PSP that holds its money."""

    payments: Payments
    psp: StripePsp
    sandbox: Sandbox

    async def gives_up_captures(self) -> None:
        """Let the next capture be answered `processing`, and fail."""
        await self.sandbox.fail("payment_intents.capture", "processing_fails", seconds=0)

    async def given_up(self, ride_id: UUID) -> None:
        """Wait until the hold of a ride is gone."""

        async def gone() -> bool:
            return (await self.sandbox.truth(ride_id))["status"] == "requires_payment_method"

        await until(gone)


@pytest.fixture
async def stage(
    payments: Payments,
    payment_database: Database,
    payment_settings: PaymentSettings,
    sandbox_url: str,
    sandbox: Sandbox,
    clock: StillClock,
) -> AsyncIterator[Stage]:
    # `payments` for what it cleans up.
    psp = StripePsp(f"{sandbox_url}/psp", "sk_test_sandbox", timeout_seconds=WAIT_SECONDS)
    core = core_over(payment_database, payment_settings, psp, clock)
    made = Payments(core, payments.database, uuid4(), uuid4())
    made.method_id = await made.add_card("pm_card_visa")
    yield Stage(made, psp, sandbox)
    await psp.close()


async def test_ride_whose_capture_the_psp_gives_up_is_owed_and_charged_by_itself(
    stage: Stage, clock: StillClock
) -> None:
    payments, ride_id, driver_id = stage.payments, uuid4(), uuid4()
    await payments.hold(ride_id)
    await stage.gives_up_captures()
    assert (await payments.capture(ride_id, fare(2000), driver_id=driver_id)).status is PaymentStatus.CAPTURE_PENDING

    await stage.given_up(ride_id)
    for _ in range(3):
        clock.advance(minutes=15)
        await payments.core.sweep()

    ended = await payments.core.use_cases.get_payment(ride_id, None)
    assert (ended.status, ended.captured_minor, ended.receivable_minor) == (PaymentStatus.CAPTURED, 0, 2000)
    assert (await payments.core.use_cases.get_earnings(driver_id)).balances == (usd(1500),)
    statement = "SELECT status, captured_minor FROM payment WHERE ride_id = :ride AND purpose = :purpose"
    excess = await payments.rows(statement, ride=ride_id, purpose=Purpose.EXCESS.value)
    assert excess == [{"status": "captured", "captured_minor": 2000}]
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 0


async def test_hold_that_went_with_a_capture_that_we_did_not_ask_for_expires(stage: Stage, clock: StillClock) -> None:
    ride_id = uuid4()
    held = await stage.payments.hold(ride_id)
    await stage.gives_up_captures()
    await stage.psp.capture(f"{uuid4()}:1", uuid4(), CaptureOrder(held.psp_payment_id, usd(2500), (), uuid4()))

    await stage.given_up(ride_id)
    clock.advance(days=500)
    await stage.payments.core.refunds.sweep_psp_objects.holds()

    assert (await stage.payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.EXPIRED
