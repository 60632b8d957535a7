"""What codes may use up beyond the limits of a phone: pumping and guessing are bounded."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from chassis.auth import Role
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from shared_kernel.errors import DomainError, InvalidInput, LimitExceeded
from tests.integration.identity.conftest import PATIENCE_SECONDS, Runner, RunningIdentity, new_phone

Record = Callable[[str, object], None]
AT_ONCE = 40
"""Twice the budget of a block. More would wait for the few connections to the database, and be told to come later."""


async def ask(identity: RunningIdentity, phone: str, *, device: str = "", address: str = "198.51.100.7") -> None:
    request = pb.RequestOtpRequest(
        request_id=str(uuid4()), phone_number=phone, device_id=device, client_address=address
    )
    edge = identity.bearer(Role.SERVICE, "rider_api", "rider_api")
    with rpc_errors():
        await identity.stub.RequestOtp(request, metadata=edge, timeout=PATIENCE_SECONDS)


async def refused(asking: Any) -> bool:
    try:
        await asking
    except LimitExceeded as error:
        return (error.reason, bool(error.retry_after_seconds)) == ("otp_throttled", True)
    return False


def numbers(block: str, count: int) -> list[str]:
    return [f"{block}{line:04d}" for line in range(count)]


async def test_pumping_a_block_of_numbers_is_bounded_though_many_ask_at_once(
    run_identity: Runner, record_property: Record
) -> None:
    async with run_identity(identity_otp_per_block_per_hour=20) as identity:
        room = asyncio.Semaphore(AT_ONCE)

        async def pump(index: int, phone: str) -> bool:
            async with room:
                return await refused(ask(identity, phone, device=str(index), address=f"198.51.{index}.0"))

        outcomes = await asyncio.gather(*(pump(*each) for each in enumerate(numbers("+1415555", 200))))
        assert outcomes.count(False) == 20
        assert len(identity.notifications.owed) == 20
        assert not await refused(ask(identity, "+12125550100"))  # another block is not held up
        identity.clock.advance(hours=1)
        assert not await refused(ask(identity, "+14155559999"))
        record_property("figure", "prefix pumping: 200 numbers of one block, all devices and addresses apart: 20 SMS")


async def test_a_device_and_an_address_have_limits_of_their_own(run_identity: Runner) -> None:
    async with run_identity(identity_otp_per_device_per_hour=3, identity_otp_per_address_per_hour=5) as identity:
        by_device = [await refused(ask(identity, new_phone(), device="d", address="")) for _ in range(5)]
        assert by_device == [False] * 3 + [True] * 2
        by_address = [await refused(ask(identity, new_phone())) for _ in range(7)]
        assert by_address == [False] * 5 + [True] * 2
        assert not await refused(ask(identity, new_phone(), address="198.51.100.8"))
        # A home by IPv6 is its network.
        at_home = [await refused(ask(identity, new_phone(), address=f"2001:db8::{index + 1}")) for index in range(6)]
        assert at_home == [False] * 5 + [True]


async def test_an_address_is_believed_of_services_alone(run_identity: Runner) -> None:
    async with run_identity(identity_otp_per_address_per_hour=2) as identity:
        outcomes: list[bool] = []
        for index in range(4):
            request = pb.RequestOtpRequest(
                request_id=str(uuid4()), phone_number=new_phone(), client_address=f"198.51.100.{index}"
            )
            with rpc_errors():
                outcomes.append(await refused(identity.stub.RequestOtp(request)) if index < 2 else False)
        assert outcomes == [False] * 4
        with pytest.raises(LimitExceeded):
            await identity.request_code(new_phone())  # all of them came from this machine


async def test_a_day_has_a_budget_and_countries_have_prices(run_identity: Runner, record_property: Record) -> None:
    async with run_identity(
        identity_sms_daily_spending_micros=100_000,
        identity_sms_price_micros=40_000,
        identity_sms_price_micros_by_country={"US": 10_000},
    ) as identity:
        american = [await refused(ask(identity, new_phone())) for _ in range(4)]
        british = [await refused(ask(identity, f"+4477009001{index:02d}")) for index in range(3)]
        assert (american, british) == ([False] * 4, [False, True, True])
        spent = await identity.fetch("SELECT used FROM otp_budgets WHERE kind = 'spending'")
        assert spent[0]["used"] <= 100_000
        identity.clock.advance(hours=25)
        assert not await refused(ask(identity, new_phone()))
        record_property("figure", "daily spending breaker: 0.10 allowed, 0.08 spent, then nothing for the day")


async def test_a_code_reserves_the_call_that_may_follow_and_countries_without_a_price_get_none(
    run_identity: Runner, record_property: Record
) -> None:
    async with run_identity(
        identity_sms_daily_spending_micros=100_000,
        identity_sms_price_micros=10_000,
        identity_voice_price_micros_by_country={"US": 15_000},
    ) as identity:
        british = [await refused(ask(identity, f"+4477009002{index:02d}")) for index in range(3)]
        american = [await refused(ask(identity, new_phone())) for _ in range(3)]
        assert (british, american) == ([False] * 3, [False, False, True])
        may_call = {request.phone_number[:2]: request.may_call for request in identity.notifications.owed.values()}
        assert may_call == {"+4": False, "+1": True}
        spent = await identity.fetch("SELECT used FROM otp_budgets WHERE kind = 'spending'")
        assert spent[0]["used"] == 80_000
        record_property("figure", "daily spending breaker: a code with a call reserves both, made or not")


async def test_countries_that_get_no_codes_are_told_so(run_identity: Runner) -> None:
    async with run_identity(identity_otp_countries=["US"]) as identity:
        with pytest.raises(InvalidInput) as caught:
            await ask(identity, "+447700900123")
        assert caught.value.reason == "phone_not_supported"
        await ask(identity, new_phone())


async def test_what_was_refused_uses_nothing_up(run_identity: Runner) -> None:
    async with run_identity(identity_otp_per_device_per_hour=1, identity_otp_per_block_per_hour=100) as identity:
        await ask(identity, new_phone(), device="d")
        for _ in range(5):
            assert await refused(ask(identity, new_phone(), device="d"))
        rows = await identity.fetch("SELECT kind, used FROM otp_budgets WHERE kind IN ('device', 'country')")
        assert {row["kind"]: row["used"] for row in rows} == {"device": 1, "country": 1}


async def test_guessing_from_one_address_is_bounded_over_all_phones(
    run_identity: Runner, record_property: Record
) -> None:
    async with run_identity(identity_otp_wrong_guesses_per_address_per_hour=25) as identity:
        phones = [new_phone() for _ in range(40)]
        for phone in phones:
            await ask(identity, phone, address="")
        compared = 0
        for phone in phones:
            right = identity.notifications.codes_for(phone)[-1]
            for guess in range(5):
                wrong = f"{(int(right) + 1 + guess) % 1_000_000:06d}"
                with pytest.raises(DomainError) as caught:
                    await identity.verify(phone, wrong)
                compared += caught.value.reason == "otp_invalid"
        assert compared == 25
        # Even the right code is not compared now; elsewhere it is.
        last = phones[-1]
        with pytest.raises(LimitExceeded):
            await identity.verify(last, identity.notifications.codes_for(last)[-1])
        edge = identity.bearer(Role.SERVICE, "rider_api", "rider_api")
        request = pb.VerifyOtpRequest(
            phone_number=last,
            code=identity.notifications.codes_for(last)[-1],
            role=access_pb2.ROLE_RIDER,
            device_id="d",
            client_address="198.51.100.9",
        )
        assert (await identity.stub.VerifyOtp(request, metadata=edge)).new_account
        record_property("figure", "code guessing: 200 guesses at 40 phones from one address: 25 compared")
