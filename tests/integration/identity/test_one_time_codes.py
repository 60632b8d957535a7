"""Asking for codes and guessing them."""

import asyncio
from datetime import UTC, timedelta
from uuid import uuid4

import pytest

from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from shared_kernel.errors import Conflict, DomainError, InvalidInput, LimitExceeded, Unauthenticated, Unavailable
from tests.integration.identity.conftest import PATIENCE_SECONDS, Runner, RunningIdentity, new_phone


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def refusal_of(identity: RunningIdentity, phone: str, code: str) -> DomainError:
    with pytest.raises(Unauthenticated) as caught:
        await identity.verify(phone, code)
    return caught.value


async def test_a_code_signs_in_once(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.request_code(phone)
    [code] = identity.notifications.codes_for(phone)
    signed_in = await identity.verify(phone, code)
    assert signed_in.new_account
    assert signed_in.account.phone_last_digits == phone[-4:]
    assert (await refusal_of(identity, phone, code)).reason == "otp_invalid"


async def test_guessing_stops_at_five_even_for_the_right_code(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.request_code(phone)
    [code] = identity.notifications.codes_for(phone)
    for _ in range(5):
        assert (await refusal_of(identity, phone, wrong(code))).reason == "otp_invalid"
    assert (await refusal_of(identity, phone, code)).reason == "otp_invalid"


async def test_guesses_made_at_once_are_counted_one_by_one(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.request_code(phone)
    [code] = identity.notifications.codes_for(phone)
    guesses = [identity.verify(phone, wrong(code)) for _ in range(40)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert all(isinstance(outcome, Unauthenticated) for outcome in outcomes)
    assert (await refusal_of(identity, phone, code)).reason == "otp_invalid"
    [row] = await identity.fetch(
        "SELECT tries, closed_at IS NOT NULL AS closed FROM otp_challenges ORDER BY challenge_id DESC LIMIT 1"
    )
    assert (row["tries"], row["closed"]) == (5, True)


async def test_four_wrong_guesses_leave_the_fifth(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.request_code(phone)
    [code] = identity.notifications.codes_for(phone)
    for _ in range(4):
        await refusal_of(identity, phone, wrong(code))
    assert (await identity.verify(phone, code)).account.account_id


async def test_only_the_newest_code_of_a_phone_counts(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.request_code(phone)
    await identity.request_code(phone)
    first, second = identity.notifications.codes_for(phone)
    if first != second:
        assert (await refusal_of(identity, phone, first)).reason == "otp_invalid"
    assert (await identity.verify(phone, second)).account.account_id


async def test_a_code_of_one_phone_does_not_open_another(identity: RunningIdentity) -> None:
    phone, other = new_phone(), new_phone()
    await identity.request_code(phone)
    await identity.request_code(other)
    code, others = identity.notifications.codes_for(phone)[0], identity.notifications.codes_for(other)[0]
    if code != others:
        assert (await refusal_of(identity, other, code)).reason == "otp_invalid"


async def test_a_guess_without_a_code_is_refused_like_a_wrong_one(identity: RunningIdentity) -> None:
    phone = new_phone()
    never_asked = await refusal_of(identity, phone, "000000")
    await identity.request_code(phone)
    guessed = await refusal_of(identity, phone, wrong(identity.notifications.codes_for(phone)[0]))
    assert (never_asked.reason, never_asked.message) == (guessed.reason, guessed.message)


async def test_concurrent_first_sign_ins_with_one_code_make_one_account(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.request_code(phone)
    [code] = identity.notifications.codes_for(phone)
    guesses = [identity.verify(phone, code, device=f"device-{number}") for number in range(20)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    winners = [outcome for outcome in outcomes if isinstance(outcome, pb.VerifyOtpResponse)]
    assert len(winners) == 1
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, DomainError)} == {"otp_invalid"}
    assert len(await identity.events(winners[0].account.account_id, 1)) == 1


async def test_a_second_sign_in_finds_the_account_of_the_first(identity: RunningIdentity) -> None:
    phone = new_phone()
    first = await identity.sign_in(phone)
    second = await identity.sign_in(phone, role=access_pb2.ROLE_DRIVER, device="device-2")
    assert (first.new_account, second.new_account) == (True, False)
    assert first.account == second.account
    assert second.tokens.role == access_pb2.ROLE_DRIVER


async def test_the_same_request_id_sends_no_second_sms_and_gets_the_same_answer(identity: RunningIdentity) -> None:
    phone, request_id = new_phone(), str(uuid4())
    answers = await asyncio.gather(*(identity.request_code(phone, request_id) for _ in range(10)))
    identity.clock.advance(seconds=3)
    answers.append(await identity.request_code(phone, request_id))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert len(identity.notifications.codes_for(phone)) == 1


async def test_the_same_request_id_in_another_language_is_refused(identity: RunningIdentity) -> None:
    phone, request_id = new_phone(), str(uuid4())
    await identity.request_code(phone, request_id)
    with pytest.raises(Conflict) as caught, rpc_errors():
        await identity.stub.RequestOtp(pb.RequestOtpRequest(request_id=request_id, phone_number=phone, locale="pt-BR"))
    assert caught.value.reason == "idempotency_key_reused"


async def test_known_and_unknown_numbers_get_the_same_answer(identity: RunningIdentity) -> None:
    known, unknown = new_phone(), new_phone()
    await identity.sign_in(known)
    identity.clock.advance(seconds=1)
    assert await identity.request_code(known) == await identity.request_code(unknown)


async def test_an_expired_code_is_refused_and_a_new_one_works(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phone = new_phone()
        await identity.request_code(phone)
        identity.clock.advance(minutes=5)
        assert (await refusal_of(identity, phone, identity.notifications.codes_for(phone)[0])).reason == "otp_invalid"
        assert (await identity.sign_in(phone)).new_account


async def test_a_phone_waits_between_codes_and_runs_out_of_them_within_an_hour(run_identity: Runner) -> None:
    async with run_identity(identity_otp_interval_seconds=30, identity_otp_per_phone_per_hour=2) as identity:
        phone = new_phone()
        answer = await identity.request_code(phone)
        now = identity.clock.now()
        assert answer.next_request_time.ToDatetime(UTC) == now + timedelta(seconds=30)
        assert answer.expire_time.ToDatetime(UTC) == now + timedelta(minutes=5)
        with pytest.raises(LimitExceeded) as soon:
            await identity.request_code(phone)
        assert (soon.value.reason, soon.value.retry_after_seconds) == ("otp_throttled", 30)
        await identity.request_code(new_phone())  # others are not held up
        identity.clock.advance(seconds=30)
        await identity.request_code(phone)
        identity.clock.advance(seconds=30)
        with pytest.raises(LimitExceeded) as many:
            await identity.request_code(phone)
        assert (many.value.reason, many.value.retry_after_seconds) == ("otp_throttled", 3540)
        identity.clock.advance(seconds=3540)
        await identity.request_code(phone)
        assert len(identity.notifications.codes_for(phone)) == 3


async def test_all_phones_together_have_a_limit(run_identity: Runner) -> None:
    async with run_identity(identity_otp_overall_per_minute=3) as identity:
        for _ in range(3):
            await identity.request_code(new_phone())
        with pytest.raises(LimitExceeded) as caught:
            await identity.request_code(new_phone())
        assert caught.value.reason == "otp_throttled"
        identity.clock.advance(seconds=61)
        await identity.request_code(new_phone())


async def test_numbers_that_get_no_sms_are_refused_and_fictional_ones_only_in_production(run_identity: Runner) -> None:
    fictional, premium = "+447700900123", "+19005550100"
    for environment, refused in (("production", (fictional, premium)), ("local", (premium,))):
        async with run_identity(environment=environment) as identity:
            for phone in refused:
                with pytest.raises(InvalidInput) as caught:
                    await identity.request_code(phone)
                assert caught.value.reason == "phone_not_supported"
            assert identity.notifications.calls == 0
            if fictional not in refused:
                assert (await identity.sign_in(fictional)).new_account


async def test_a_code_that_notification_could_not_take_is_handed_over_later(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phone = new_phone()
        identity.notifications.failure = Unavailable("database_unavailable", "the database does not answer")
        await identity.request_code(phone)  # owed all the same
        assert identity.notifications.codes_for(phone) == []
        identity.notifications.failure = None
        identity.clock.advance(seconds=6)
        code = await identity.notifications.wait_for_code(phone)
        assert (await identity.verify(phone, code)).new_account


async def test_a_hand_over_of_unknown_outcome_is_repeated_with_the_same_key_and_code(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phone = new_phone()
        identity.notifications.loses_answers = True
        await identity.request_code(phone)
        identity.notifications.loses_answers = False
        identity.clock.advance(seconds=6)
        await identity.notifications.wait_for_calls(2)
        await until_nothing_is_owed(identity)
        assert len(identity.notifications.codes_for(phone)) == 1


async def test_nothing_readable_of_phones_and_codes_is_kept(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.sign_in(phone)
    await identity.request_code(phone)
    await until_nothing_is_owed(identity)
    in_the_clear = [phone, phone.encode().hex()]
    in_the_clear += [f'"{code}"' for code in identity.notifications.codes_for(phone)]
    in_the_clear += [code.encode().hex() for code in identity.notifications.codes_for(phone)]
    for table in ("accounts", "otp_challenges", "otp_allowances", "sign_ins", "refresh_tokens", "outbox"):
        # As JSON, with bytea in hexadecimal digits.
        rows = await identity.fetch(f"SELECT to_jsonb(kept)::text AS kept FROM {table} kept")  # noqa: S608 (named above)
        kept = "".join(row["kept"] for row in rows)
        assert rows
        assert [text for text in in_the_clear if text in kept] == []


CLOSED = "SELECT convert_from(payload, 'UTF8') AS told FROM outbox WHERE type LIKE '%OneTimeCodeClosed'"


async def test_a_code_that_is_used_or_guessed_at_too_often_is_told_of_where_a_call_may_follow(
    run_identity: Runner,
) -> None:
    async with run_identity(identity_voice_price_micros=0) as identity:
        phone, guessed_at = new_phone(), new_phone()
        for each in (phone, guessed_at):
            await identity.request_code(each)
        [key, guessed_key] = [
            next(key for key, request in identity.notifications.owed.items() if request.phone_number == each)
            for each in (phone, guessed_at)
        ]
        right = identity.notifications.codes_for(guessed_at)[-1]
        for guess in range(5):
            with pytest.raises(Unauthenticated):
                await identity.verify(guessed_at, f"{(int(right) + 1 + guess) % 1_000_000:06d}")
        await identity.verify(phone, identity.notifications.codes_for(phone)[-1])
        told = [row["told"] for row in await identity.fetch(CLOSED)]
        assert [sum(each in row for row in told) for each in (key, guessed_key)] == [1, 1]
        assert len(told) == 2
        assert phone not in str(told)


async def test_nothing_is_told_of_codes_that_no_call_follows(run_identity: Runner) -> None:
    async with run_identity() as identity:
        await identity.sign_in()
        assert await identity.fetch(CLOSED) == []


async def until_nothing_is_owed(identity: RunningIdentity) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            [row] = await identity.fetch("SELECT count(*) AS owed FROM otp_challenges WHERE owed_sealed IS NOT NULL")
            if row["owed"] == 0:
                return
            await asyncio.sleep(0.02)
