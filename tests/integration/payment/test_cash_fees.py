"""Fees of riders who meant to pay in cash and were not there to do it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.use_cases.capture_payment import Charge
from tests.integration.payment.conftest import Payments, request_key, usd


@pytest.mark.parametrize("kind", [ChargeLineKind.CANCEL_FEE, ChargeLineKind.NO_SHOW_FEE])
async def test_fee_of_a_cash_ride_is_owed_by_the_rider_and_not_by_the_driver(
    payments: Payments, kind: ChargeLineKind
) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    await payments.hold(ride_id, 2400, funding=Funding.CASH)

    fee = ChargeLine(kind, usd(500), commission_basis_points=2000)
    payment = await payments.capture(ride_id, fee, driver_id=driver_id)

    assert payment.status is PaymentStatus.CAPTURED
    assert (payment.captured_minor, payment.receivable_minor) == (0, 500)
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 500
    assert await payments.balance(AccountKind.DRIVER, driver_id) == 400


async def test_all_that_a_ride_in_cash_comes_to_is_owed_by_the_rider_where_nobody_was_there_to_pay(
    payments: Payments,
) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    await payments.hold(ride_id, 2400, funding=Funding.CASH)

    lines = (
        ChargeLine(ChargeLineKind.FARE, usd(2000), commission_basis_points=2000),
        ChargeLine(ChargeLineKind.BOOKING_FEE, usd(150)),
    )
    charge = Charge(ride_id, driver_id, lines, payer_absent=True)
    payment = await payments.core.use_cases.capture_payment(request_key("CapturePayment", f"{ride_id}:capture"), charge)

    assert (payment.captured_minor, payment.receivable_minor) == (0, 2150)
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 2150
    assert await payments.balance(AccountKind.DRIVER, driver_id) == 1600


async def test_fare_of_a_cash_ride_is_in_the_drivers_hand(payments: Payments) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    await payments.hold(ride_id, 2400, funding=Funding.CASH)

    fare = ChargeLine(ChargeLineKind.FARE, usd(2000), commission_basis_points=2000)
    payment = await payments.capture(ride_id, fare, driver_id=driver_id)

    assert (payment.captured_minor, payment.receivable_minor) == (2000, 0)
    assert await payments.balance(AccountKind.DRIVER, driver_id) == -400
