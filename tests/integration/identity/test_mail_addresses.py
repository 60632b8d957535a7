"""Mail addresses: proved by a code, one account's each, sealed, told to services and to nobody else."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from chassis.auth import Role
from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.identity.v1 import identity_service_pb2
from ridesharing.identity.v1 import mail_address_service_pb2 as pb
from ridesharing.identity.v1 import person_service_pb2 as person_pb
from ridesharing.identity.v1.mail_address_service_pb2_grpc import MailAddressServiceStub
from ridesharing.identity.v1.person_service_pb2_grpc import PersonServiceStub
from shared_kernel.errors import AlreadyExists, DomainError, InvalidInput, LimitExceeded, NotFound
from tests.integration.identity.conftest import Runner, RunningIdentity

_numbers = count()


def new_address() -> str:
    return f"ada{next(_numbers)}@example.org"


class Person:
    """Somebody who is signed in."""

    def __init__(self, identity: RunningIdentity, account_id: str, token: Any) -> None:
        self.identity, self.account_id, self.token = identity, account_id, token
        self._stub: Any = MailAddressServiceStub(identity.channel)

    async def ask(self, address: str, key: str = "") -> pb.RequestMailCodeResponse:
        with rpc_errors():
            request = pb.RequestMailCodeRequest(request_id=key or str(uuid4()), mail_address=address)
            return await self._stub.RequestMailCode(request, metadata=self.token)

    async def verify(self, address: str, code: str) -> str:
        with rpc_errors():
            request = pb.VerifyMailAddressRequest(mail_address=address, code=code)
            return (await self._stub.VerifyMailAddress(request, metadata=self.token)).mail_address.address

    async def prove(self, address: str) -> str:
        await self.ask(address)
        return await self.verify(address, self.code(address))

    async def remove(self) -> None:
        with rpc_errors():
            await self._stub.RemoveMailAddress(pb.RemoveMailAddressRequest(), metadata=self.token)

    async def own(self) -> str:
        with rpc_errors():
            answer = await self._stub.GetMailAddress(pb.GetMailAddressRequest(), metadata=self.token)
        return answer.mail_address.address

    async def contact(self) -> str:
        """The address as services are told it."""
        service = self.identity.bearer(Role.SERVICE, "notification", "notification")
        request = identity_service_pb2.GetContactRequest(account_id=self.account_id)
        with rpc_errors():
            return (await self.identity.stub.GetContact(request, metadata=service)).mail_address

    def code(self, address: str) -> str:
        return self.identity.notifications.codes_for(address)[-1]


async def person(identity: RunningIdentity) -> Person:
    signed_in = await identity.sign_in()
    return Person(identity, signed_in.account.account_id, forward_token(signed_in.tokens.access_token))


async def refusal(call: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        await call
    return refused.value


async def test_an_address_is_kept_once_its_code_is_shown_and_told_to_services(identity: RunningIdentity) -> None:
    ada, address = await person(identity), new_address()
    await ada.ask(address)
    assert isinstance(await refusal(ada.own()), NotFound)
    assert await ada.contact() == ""
    assert await ada.verify(address.upper().replace("EXAMPLE.ORG", "example.org"), ada.code(address)) == (
        address.upper().replace("EXAMPLE.ORG", "example.org")
    )
    assert (await ada.own()).lower() == (await ada.contact()).lower() == address
    events = await identity.events(ada.account_id, 2)
    assert events[-1][b"type"].endswith(b"MailAddressChanged")


async def test_a_code_counts_once_for_one_person_and_one_address(identity: RunningIdentity) -> None:
    ada, eve, address = await person(identity), await person(identity), new_address()
    await ada.ask(address)
    code = ada.code(address)
    await eve.ask(address)
    for wrong in (
        eve.verify(address, code),
        ada.verify(new_address(), code),
        ada.verify(address, f"{(int(code) + 1) % 10**6:06d}"),
    ):
        assert (await refusal(wrong)).reason == "code_invalid"
    # What Eve asked for has not closed Ada's code.
    await ada.verify(address, code)
    assert (await refusal(ada.verify(address, code))).reason == "code_invalid"


async def test_the_fifth_wrong_guess_ends_the_code(identity: RunningIdentity) -> None:
    ada, address = await person(identity), new_address()
    await ada.ask(address)
    code = ada.code(address)
    for number in range(1, 6):
        wrong = f"{(int(code) + number) % 10**6:06d}"
        assert isinstance(await refusal(ada.verify(address, wrong)), InvalidInput)
    assert (await refusal(ada.verify(address, code))).reason == "code_invalid"


async def test_an_address_is_one_account_s_until_it_is_removed(identity: RunningIdentity) -> None:
    ada, bob, address = await person(identity), await person(identity), new_address()
    await ada.prove(address)
    await bob.ask(address.replace("ada", "ADA"))
    refused = await refusal(bob.verify(address.replace("ada", "ADA"), bob.code(address.replace("ada", "ADA"))))
    assert (type(refused), refused.reason) == (AlreadyExists, "mail_address_taken")
    await ada.remove()
    await ada.remove()
    assert await ada.contact() == ""
    assert await bob.prove(address) == address


async def test_of_two_who_prove_one_address_at_once_one_has_it(identity: RunningIdentity) -> None:
    people, address = [await person(identity) for _ in range(4)], new_address()
    codes: list[str] = []
    for somebody in people:
        await somebody.ask(address)
        codes.append(somebody.code(address))
    outcomes = await asyncio.gather(
        *(somebody.verify(address, code) for somebody, code in zip(people, codes, strict=True)), return_exceptions=True
    )
    assert sorted(str(getattr(each, "reason", each)) for each in outcomes) == sorted(
        [address, *["mail_address_taken"] * 3]
    )


async def test_another_address_takes_the_place_of_the_first(identity: RunningIdentity) -> None:
    ada, first, second = await person(identity), new_address(), new_address()
    await ada.prove(first)
    await ada.prove(second)
    assert await ada.contact() == second
    assert await (await person(identity)).prove(first) == first


async def test_the_same_request_sends_one_mail(identity: RunningIdentity) -> None:
    ada, address = await person(identity), new_address()
    first = await ada.ask(address, "one")
    assert await ada.ask(address, "one") == first
    assert len(identity.notifications.codes_for(address)) == 1


async def test_many_accounts_do_not_flood_one_mailbox_nor_one_account_many(run_identity: Runner) -> None:
    async with run_identity(identity_otp_per_device_per_hour=3) as identity:
        people, address = [await person(identity) for _ in range(4)], new_address()
        for somebody in people[:3]:
            await somebody.ask(address)
        assert isinstance(await refusal(people[3].ask(address)), LimitExceeded)
        for _ in range(2):
            await people[0].ask(new_address())
        assert isinstance(await refusal(people[0].ask(new_address())), LimitExceeded)
        identity.clock.advance(hours=1)
        people[3].token = identity.bearer(Role.RIDER, people[3].account_id)
        await people[3].ask(address)


async def test_an_address_is_not_kept_in_clear_and_staff_see_it_against_a_reason(identity: RunningIdentity) -> None:
    ada, address = await person(identity), new_address()
    await ada.prove(address)
    rows = await identity.fetch("SELECT m::text FROM mail_addresses m UNION ALL SELECT c::text FROM otp_challenges c")
    for clear in (address, address.encode().hex()):
        assert clear not in str(rows)
    people: Any = PersonServiceStub(identity.channel)
    request = person_pb.UnmaskPhoneRequest(account_id=ada.account_id, reason="asked to be called back")
    told = await people.UnmaskPhone(request, metadata=identity.operator)
    assert told.mail_address == address
    acts = await identity.fetch("SELECT act FROM audit_entries WHERE subject_id = $1", ada.account_id)
    assert [entry["act"] for entry in acts] == ["phone_unmasked"]
