"""`jitney` as an operator uses it, over the public interface of a running stack."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import UTC, datetime
from typing import Any

from jitney.stack.tokens import make_token
from jitney_client import Client
from jitney_client.models import OtpVerification
from shared_kernel.ids import Uuid7Source, from_public_id, to_public_id
from tests.system.people import Town, until

# As earlier releases did for less than a dead address.
_SUPPRESSED = """
INSERT INTO suppression
VALUES (:id, 'sms', 'SM1 30003', 'sms', now()), (:id, 'email', 'smtp_no_mailbox', 'mail', now())
"""


async def run(people: Town, *arguments: str, token: str = "", url: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command beside the stack, while its people live on."""
    more = {**({"JITNEY_TOKEN": token} if token else {}), **({"JITNEY_REST_URL": url} if url else {})}
    return await asyncio.to_thread(people.stack.jitney, *arguments, "--data", str(people.stack.data), **more)


async def answer(people: Town, *arguments: str) -> Any:
    """Run a command that must succeed, and return its JSON."""
    done = await run(people, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_an_operator_follows_a_ride_and_gives_money_back(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    pin = (await rider.ride(ride_id))["start_pin"]
    await driver.step(ride_id, "start", {"pin": pin})
    await driver.step(ride_id, "complete")
    await rider.settled(ride_id)

    listed = await run(people, "rides", "list", "--state", "completed", "--limit", "150")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.splitlines()[0].split() == "RIDE REQUESTED STATE PAYMENT PRODUCT FARE DRIVER".split()
    assert ride_id in listed.stdout
    shown = await run(people, "rides", "show", ride_id)
    assert "completed" in shown.stdout
    assert "captured, by card" in shown.stdout

    async def told() -> list[dict[str, Any]] | None:
        lines: list[dict[str, Any]] = await answer(people, "rides", "timeline", ride_id)
        return lines if ("message", "receipt_ready") in [(line["subject"], line["what"]) for line in lines] else None

    lines = await until(told, "the news of the receipt in the timeline")
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert {line["service"] for line in lines} == {"matching", "payment", "notification"}
    moves = [line["what"] for line in lines if line["subject"] == "ride"]
    assert (moves[0], moves[-1]) == ("requested", "completed")
    assert [line["what"] for line in lines if line["subject"] == "offer"] == ["made", "accepted"]

    given_back = ["refund", ride_id, "--amount", "1.25 USD", "--reason", "late", "--key", f"refund-{ride_id}"]
    first, again = await answer(people, *given_back), await answer(people, *given_back)
    assert first["id"] == again["id"]
    assert first["amount"] == {"currency_code": "USD", "amount_minor": 125}
    over = await run(people, "rides", "cancel", ride_id, "--reason", "too late")
    assert over.returncode == 5, over.stdout


async def test_an_operator_cancels_a_ride_and_twice_is_once(people: Town) -> None:
    rider = await people.rider()
    ride_id = await rider.request()
    canceled = await answer(people, "rides", "cancel", ride_id, "--reason", "test")
    assert canceled["state"] == "canceled_by_platform"
    # The ride goes on to settle its payment meanwhile, so its version may have grown.
    again = await answer(people, "rides", "cancel", ride_id, "--reason", "test")
    assert (again["state"], again["ended_at"]) == (canceled["state"], canceled["ended_at"])


async def test_an_operator_lifts_what_was_suppressed_by_mistake(people: Town) -> None:
    rider = await people.rider()
    account = rider.person.account_id
    await people.stack.rows("notification", _SUPPRESSED.replace(":id", f"'{from_public_id('acct', account)}'"))
    listed = await run(people, "suppressions", "list", "--account", account)
    assert listed.stdout.splitlines()[0].split() == "ACCOUNT CHANNEL SINCE PROVIDER REASON".split()
    assert "smtp_no_mailbox" in listed.stdout

    lift = ["suppressions", "lift", account, "sms", "--reason", "the phone was off"]
    first = await answer(people, *lift, "--key", f"lift-{account}")
    assert await answer(people, *lift, "--key", f"lift-{account}") == first
    assert (first["suppression"]["reason"], first["reason"]) == ("SM1 30003", "the phone was off")
    again = await run(people, *lift)
    assert (again.returncode, again.stderr.split(":")[0]) == (3, "suppression_not_found")
    left = await answer(people, "suppressions", "list", "--account", account)
    assert [item["channel"] for item in left] == ["email"]
    told = await run(people, "suppressions", "lifted", "--account", account)
    assert first["operator_id"] in told.stdout
    assert (await answer(people, "suppressions", "lifted", "--account", account)) == [first]


async def test_an_operator_decides_what_riders_complain_of(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    await driver.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
    await driver.step(ride_id, "complete")
    await rider.settled(ride_id)
    of_ride = f"/v1/rides/{ride_id}/disputes"
    first = await rider.person.do("POST", of_ride, {"reason": "overcharged", "words": "Too\nmuch."})
    listed = await run(people, "complaints", "list", "--state", "open")
    assert listed.returncode == 0, listed.stderr
    [line] = [line for line in listed.stdout.splitlines() if first["id"] in line]
    assert (ride_id in line, line.endswith("Too much.")) == (True, True)
    refund = ["complaints", "refund", first["id"], "--amount", "1.25 USD", "--answer", "Sorry!", "--platform-pays"]
    refunded = await answer(people, *refund)
    assert (refunded["refund_amount"]["amount_minor"], refunded["borne_by"]) == (125, "platform")

    async def closed() -> bool | None:
        return (await rider.person.get(of_ride))["items"][0]["state"] == "refunded" or None

    await until(closed, "the refund")
    second = await rider.person.do("POST", of_ride, {"reason": "other"})
    rejected = await run(people, "complaints", "reject", second["id"], "--answer", "It was off.")
    assert (rejected.returncode, rejected.stdout) == (0, f"{second['id']} is rejected.\n")
    again = await run(people, "complaints", "reject", second["id"], "--answer", "no")
    assert again.returncode == 5, again.stdout


async def test_an_operator_makes_a_promotion_and_ends_it(people: Town) -> None:
    make = ["promotions", "create", "cli-20", "--off", "20%", "--most", "10.00 USD", "--until", "2099-12-31"]
    made, again = [await answer(people, *make, "--riders", "5", "--key", "cli-20") for _ in range(2)]
    assert made == again
    assert (made["code"], made["percent_off_basis_points"], made["redemption_limit"]) == ("CLI-20", 2000, 5)
    listed = await run(people, "promotions", "list", "--limit", "100")
    [line] = [line for line in listed.stdout.splitlines() if made["id"] in line]
    assert "20%, at most 10.00 USD" in line
    ended = await run(people, "promotions", "end", made["id"], "--note", "spent")
    assert (ended.returncode, ended.stdout) == (0, f"CLI-20 ({made['id']}) is ended.\n")
    odd = await run(people, "promotions", "create", "odd-20", "--off", "20%", "--until", "2099-12-31")
    assert (odd.returncode, "--most" in odd.stderr) == (1, True)


async def test_an_operator_suspends_a_driver_and_lets_them_drive_again(people: Town) -> None:
    driver = await people.driver()
    driver_id = driver.person.account_id
    suspended = await answer(people, "drivers", "suspend", driver_id, "--reason", "documents")
    assert suspended["status"] == "suspended"
    assert driver_id in [item["id"] for item in await answer(people, "drivers", "list", "--status", "suspended")]
    assert (await answer(people, "drivers", "approve", driver_id))["status"] == "approved"


async def test_dead_letters_are_listed_and_replaying_none_says_so(people: Town) -> None:
    listed = await run(people, "dead-letters", "list", "notification")
    assert (listed.returncode, listed.stdout) == (0, "No dead letters.\n")
    replayed = await run(people, "dead-letters", "replay", "notification")
    assert (replayed.returncode, replayed.stdout) == (0, "No dead letters.\n")


async def test_every_kind_of_refusal_has_an_exit_code_of_its_own(people: Town) -> None:
    nobody = to_public_id("ride", Uuid7Source()())
    rider_token = make_token(people.stack.data / "keys", "rider", None, 10)
    missing, barred, odd, silent = await asyncio.gather(
        run(people, "rides", "show", nobody),
        run(people, "rides", "show", nobody, token=rider_token),
        run(people, "refund", nobody, "--reason", "x", "--amount", "1.255 USD"),
        run(people, "rides", "list", url="http://127.0.0.1:9"),
    )
    assert [done.returncode for done in (missing, barred, odd, silent)] == [3, 4, 1, 6]
    assert "not_found" in missing.stderr
    assert "role_not_allowed" in barred.stderr
    assert "is no amount" in odd.stderr
    assert "does not answer" in silent.stderr


async def test_nobody_is_called_whose_sms_arrives_and_whose_does_not_signs_in_by_the_call(people: Town) -> None:
    since = datetime.now(UTC)
    await people.signed_in("rider")

    async def calls_are_called_off() -> bool:
        summary = await people.operator("GET", "/v1/operator/notifications/summary", since=since.isoformat())
        standing = {each["state"]: each["count"] for each in summary["deliveries"] if each["channel"] == "voice"}
        return standing == {"dropped": 1}

    await until(calls_are_called_off, "the receipt of the SMS calls the call off")

    phone_number = people.phone_number()
    # All of them: else one to somebody of an earlier test may be what is refused.
    refuse = {"target": "sms", "kind": "refused", "count": None}
    rule = await people.sandbox.call("POST", "/_sim/faults", json=refuse)
    anybody = Client(people.api.transport)

    async def code_that_was_said() -> str | None:
        calls = (await people.sandbox.call("GET", "/_sim/calls", params={"to": phone_number}))["calls"]
        return str(calls[0]["code"]) if calls else None

    try:
        await anybody.request_otp({"phone_number": phone_number})
        code = await until(code_that_was_said, "the call says the code")
    finally:
        await people.sandbox.call("DELETE", f"/_sim/faults/{rule['id']}")
    proof: OtpVerification = {"phone_number": phone_number, "code": code, "role": "rider", "device_id": "phone"}
    assert (await anybody.verify_otp(proof))["account"]
