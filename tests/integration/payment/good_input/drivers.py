"""Good requests about what drivers are owed, and how it is paid out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from ridesharing.payment.v1 import driver_account_service_pb2 as accounts
from ridesharing.payment.v1 import payout_service_pb2 as pb
from tests.integration.payment.bad_input import Told, invalid
from tests.integration.payment.good_input.stage import (
    Ask,
    Row,
    Stage,
    as_driver,
    as_operator,
    key,
    not_found,
    usd,
)

_NO_DRIVER, _NO_PAYOUT = not_found("driver_not_found"), not_found("payout_not_found")
_ANY_CURRENCY = {"amount: another currency": None}
_PAYOUT = """
    INSERT INTO payout
        (id, driver_id, currency_code, amount_minor, kind, status, psp_account_id, psp_bank_id, last_digits,
        psp_transfer_id, psp_payout_id, waiting_reason, waits, failure_reason, created_at, version)
    SELECT $1, driver_id, 'USD', 700, 'on_demand', 'pending', psp_account_id, psp_bank_id, last_digits,
        '', '', '', 0, '', now(), 1
    FROM payout_account WHERE driver_id = $2
"""
_FAILED = """
    UPDATE payout SET status = 'failed', failure_reason = 'account_closed', ended_at = now(), version = version + 1
    WHERE id = $1
"""


async def set_account(stage: Stage) -> Ask:
    return as_driver(
        uuid4(), pb.SetPayoutAccountRequest(request_id=key(), bank_token="btok_us_verified", country_code="US")
    )


async def driver_with_account(stage: Stage) -> UUID:
    ask = await set_account(stage)
    await stage.call("PayoutService.SetPayoutAccount", ask)
    return UUID(ask.subject)


async def driver_who_is_owed(stage: Stage) -> UUID:
    driver_id = await driver_with_account(stage)
    await stage.call("DriverAccountService.RecordDriverPayment", payment_of(driver_id, 1500))
    return driver_id


async def get_account(stage: Stage) -> Ask:
    driver_id = await driver_with_account(stage)
    return as_driver(driver_id, pb.GetPayoutAccountRequest(driver_id=str(driver_id), currency_code="USD"))


async def request_payout(stage: Stage) -> Ask:
    driver_id = await driver_who_is_owed(stage)
    return as_driver(driver_id, pb.RequestPayoutRequest(request_id=key(), currency_code="USD", amount_minor=1000))


async def get_payout(stage: Stage) -> Ask:
    ask = await request_payout(stage)
    payout = (await stage.call("PayoutService.RequestPayout", ask)).payout
    return as_driver(UUID(ask.subject), pb.GetPayoutRequest(payout_id=payout.payout_id))


async def list_payouts(stage: Stage) -> Ask:
    driver_id = uuid4()
    return as_driver(driver_id, pb.ListPayoutsRequest(driver_id=str(driver_id)))


async def retry_payout(stage: Stage) -> Ask:
    driver_id, payout_id = await driver_who_is_owed(stage), uuid4()
    async with stage.database.acquire() as connection, connection.transaction():
        await connection.execute(_PAYOUT, payout_id, driver_id)
        await connection.execute(_FAILED, payout_id)
    return as_operator(pb.RetryPayoutRequest(request_id=key(), payout_id=str(payout_id)))


async def standing(stage: Stage) -> Ask:
    driver_id = uuid4()
    return as_driver(driver_id, accounts.GetDriverStandingRequest(driver_id=str(driver_id), currency_code="USD"))


def payment_of(driver_id: UUID, amount_minor: int) -> Ask:
    return as_operator(
        accounts.RecordDriverPaymentRequest(
            request_id=key(), driver_id=str(driver_id), amount=usd(amount_minor), reference="desk 4"
        )
    )


async def record_payment(stage: Stage) -> Ask:
    return payment_of(uuid4(), 900)


async def set_terms(stage: Stage) -> Ask:
    return as_operator(
        accounts.SetDriverTermsRequest(
            request_id=key(),
            driver_id=key(),
            model=accounts.REMUNERATION_MODEL_SUBSCRIPTION,
            effective_time=stamp(datetime.now(UTC) + timedelta(days=1)),
            fee=usd(2500),
            period_days=7,
        )
    )


async def get_terms(stage: Stage) -> Ask:
    driver_id = uuid4()
    return as_driver(driver_id, accounts.GetDriverTermsRequest(driver_id=str(driver_id)))


async def declare_patronage(stage: Stage) -> Ask:
    driver_id = uuid4()
    begun = datetime.now(UTC)
    member = accounts.SetDriverTermsRequest(
        request_id=key(), driver_id=str(driver_id), model=accounts.REMUNERATION_MODEL_PATRONAGE
    )
    await stage.call("DriverAccountService.SetDriverTerms", as_operator(member))
    await stage.captured_ride(driver_id=driver_id)
    return as_operator(
        accounts.DeclarePatronageRequest(
            request_id=key(), start_time=stamp(begun), end_time=stamp(datetime.now(UTC)), amount=usd(100)
        )
    )


async def list_patronage(stage: Stage) -> Ask:
    driver_id = uuid4()
    return as_driver(driver_id, accounts.ListPatronageRequest(driver_id=str(driver_id)))


async def earnings_statement(stage: Stage) -> Ask:
    driver_id, now = uuid4(), datetime.now(UTC)
    return as_driver(
        driver_id,
        accounts.GetEarningsStatementRequest(
            driver_id=str(driver_id),
            currency_code="USD",
            start_time=stamp(now - timedelta(days=7)),
            end_time=stamp(now),
        ),
    )


def stamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made


_OF_DRIVER = {"driver_id": _NO_DRIVER}

DRIVERS = {
    "PayoutService.SetPayoutAccount": Row(set_account, other={"bank_token": "btok_us", "country_code": "CA"}),
    "PayoutService.GetPayoutAccount": Row(get_account, unknown=_OF_DRIVER, foreign=_NO_DRIVER),
    "PayoutService.RequestPayout": Row(
        request_payout, other={"currency_code": "EUR"}, same=lambda answer: answer.payout.payout_id
    ),
    "PayoutService.GetPayout": Row(get_payout, unknown={"payout_id": _NO_PAYOUT}, foreign=_NO_PAYOUT),
    "PayoutService.ListPayouts": Row(list_payouts, unknown=_OF_DRIVER, foreign=_NO_DRIVER),
    "PayoutService.RetryPayout": Row(
        retry_payout, unknown={"payout_id": _NO_PAYOUT}, same=lambda answer: answer.payout.payout_id
    ),
    "DriverAccountService.GetDriverStanding": Row(standing, unknown=_OF_DRIVER, foreign=_NO_DRIVER),
    "DriverAccountService.RecordDriverPayment": Row(
        record_payment, unknown={"driver_id": None}, otherwise=_ANY_CURRENCY
    ),
    "DriverAccountService.SetDriverTerms": Row(
        set_terms,
        unknown={"driver_id": None},
        otherwise={
            "fee: another currency": None,
            "fee: zero": invalid("fee", "invalid_terms"),
            "fee: below zero": invalid("fee", "invalid_terms"),
        },
    ),
    "DriverAccountService.GetDriverTerms": Row(get_terms, unknown=_OF_DRIVER, foreign=_NO_DRIVER),
    "DriverAccountService.DeclarePatronage": Row(
        declare_patronage,
        otherwise={"amount: another currency": Told("FAILED_PRECONDITION", "no_members")},
        other={"start_time": None},
        same=lambda answer: answer.patronage.patronage_id,
    ),
    "DriverAccountService.ListPatronage": Row(list_patronage, unknown=_OF_DRIVER, foreign=_NO_DRIVER),
    "DriverAccountService.GetEarningsStatement": Row(earnings_statement, unknown=_OF_DRIVER, foreign=_NO_DRIVER),
}
