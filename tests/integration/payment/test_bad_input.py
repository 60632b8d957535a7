"""Bad input to every RPC of payment_service: each is refused precisely, and the books stay as they were."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import grpc
import pytest

from chassis.auth import Role
from tests.integration.payment.bad_input import Told, spoiled
from tests.integration.payment.contract import all_rpcs, places
from tests.integration.payment.good_input import ROWS, Ask, Stage, service
from tests.integration.payment.other_input import others
from tests.integration.payment.refusals import complaint, read_refusal, refusal_of

__all__ = ["service"]

RPCS = all_rpcs()
NAMES = sorted(ROWS)
MUTATIONS = [name for name in NAMES if RPCS[name].is_mutation]
REUSED = Told("FAILED_PRECONDITION", "idempotency_key_reused")
AT_ONCE = 8


def test_every_rpc_has_a_row_of_good_input_and_no_row_is_of_none() -> None:
    assert set(ROWS) == set(RPCS)


@pytest.mark.parametrize("name", NAMES)
async def test_what_breaks_a_contract_is_refused_by_its_field_and_books_nothing(service: Stage, name: str) -> None:
    row = ROWS[name]
    ask = await service.shared(name, row)
    before = await service.digest()
    complaints: list[str] = []
    used: set[str] = set()
    for bad in spoiled(ask.request):
        wanted = row.otherwise.get(bad.name, bad.told)
        used.add(bad.name)
        if wanted is None:
            continue
        wrong = complaint(await refusal_of(service.call(name, ask, bad.request)), wanted)
        if wrong is not None:
            complaints.append(f"{bad.name} {wrong}")
    assert complaints == []
    assert set(row.otherwise) <= used
    assert await service.digest() == before


@pytest.mark.parametrize("name", NAMES)
async def test_ids_of_nothing_are_refused_by_name_and_book_nothing(service: Stage, name: str) -> None:
    row = ROWS[name]
    ask = await service.shared(name, row)
    ids = {place.path: place for place in places(ask.request) if place.is_id}
    assert set(ids) == set(row.unknown)
    before = await service.digest()
    for path, wanted in row.unknown.items():
        if wanted is not None:
            request = ids[path].with_value(ask.request, str(uuid4()))
            refusal = await refusal_of(service.call(name, ask, request))
            assert complaint(refusal, wanted) is None, f"{path} {complaint(refusal, wanted)}"
    assert await service.digest() == before


@pytest.mark.parametrize("name", NAMES)
async def test_who_may_not_call_is_refused_and_others_things_are_not_found(service: Stage, name: str) -> None:
    row, roles = ROWS[name], RPCS[name].roles
    ask = await service.shared(name, row)
    assert ask.role in roles
    before = await service.digest()
    nobody = await refusal_of(service.call_as_nobody(name, ask.request))
    assert complaint(nobody, Told("UNAUTHENTICATED", "token_required")) is None, nobody
    for role in {Role.RIDER, Role.DRIVER, Role.OPERATOR, Role.SERVICE} - roles:
        subject = "matching" if role is Role.SERVICE else str(uuid4())
        refused = await refusal_of(service.call(name, Ask(role, subject, ask.request)))
        assert complaint(refused, Told("PERMISSION_DENIED", "role_not_allowed")) is None, (role, refused)
    if row.foreign is not None:
        other = await refusal_of(service.call(name, Ask(ask.role, str(uuid4()), ask.request)))
        assert complaint(other, row.foreign) is None, other
    assert await service.digest() == before
    # What all these were made from is good indeed.
    assert await refusal_of(service.call(name, ask)) is None


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_key_stands_for_one_request_with_all_its_fields(service: Stage, name: str) -> None:
    row = ROWS[name]
    ask = await row.good(service)
    first = await service.call(name, ask)
    again = await service.call(name, ask)
    assert row.same(again) == row.same(first)
    before = await service.digest()
    complaints: list[str] = []
    for place in places(ask.request):
        for other in others(ask.request, place, row.other):
            wrong = complaint(await refusal_of(service.call(name, ask, other)), REUSED)
            complaints += [] if wrong is None else [f"with another {place.path} it {wrong}"]
    assert complaints == []
    assert await service.digest() == before


@pytest.mark.parametrize("name", MUTATIONS)
async def test_many_at_once_with_one_key_have_the_effect_of_one(service: Stage, name: str) -> None:
    row = ROWS[name]

    async def effect(times: int) -> tuple[Counter[str], list[Any]]:
        ask = await row.good(service)
        before = await service.digest()
        answers = await asyncio.gather(*(service.call(name, ask) for _ in range(times)), return_exceptions=True)
        after = await service.digest()
        mine = after.keys() - row.moves
        made = Counter({table: after[table][0] - before[table][0] for table in mine})
        return +made, answers

    # The first of its kind opens accounts of the platform and the city that all later ones share.
    await effect(1)
    alone, _ = await effect(1)
    together, answers = await effect(AT_ONCE)
    assert together == alone
    done: list[Any] = []
    for answer in answers:
        if isinstance(answer, grpc.aio.AioRpcError):
            refusal = read_refusal(answer)
            assert (refusal.told, refusal.retry) == (Told("ABORTED", "request_in_flight"), True)
        else:
            assert not isinstance(answer, BaseException), repr(answer)
            done.append(row.same(answer))
    assert done
    assert all(answer == done[0] for answer in done)
