"""Group commit: who shares a transaction, and who is told what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from payment_service.use_cases import together
from payment_service.use_cases.ports import GroupedWork, Store, Work
from payment_service.use_cases.repositories import Needs, RequestKey
from payment_service.use_cases.together import Together
from shared_kernel.errors import Conflict, DomainError, Unavailable, Unknown
from tests.fakes.payment_clock import StillClock


class Recorded:
    """A work that is only told apart from others."""

    def __init__(self) -> None:
        self.forgotten = False

    def forget(self) -> None:
        self.forgotten = True


class Transactions:
    """Counts the transactions of a store; the next commits of groups can be held up or made to fail."""

    def __init__(self) -> None:
        self.groups: list[list[Recorded]] = []
        self.alone = 0
        self.failures: list[Exception] = []
        self.committing = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.taking = asyncio.Event()
        self.taken = asyncio.Event()
        self.taken.set()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Work]:
        self.alone += 1
        yield cast("Any", Recorded())

    @asynccontextmanager
    async def together(self, needs: Sequence[Needs], now: datetime) -> AsyncGenerator[Sequence[GroupedWork]]:
        works = [Recorded() for _ in needs]
        self.taking.set()
        await self.taken.wait()
        yield cast("Any", works)
        self.groups.append(works)
        self.committing.set()
        await self.go.wait()
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def transactions() -> Transactions:
    return Transactions()


@pytest.fixture
def run_together(transactions: Transactions) -> Together:
    return Together(cast("Store", transactions), StillClock())


def of_ride(ride_id: UUID | None = None) -> Needs:
    return Needs(ride_id=ride_id or uuid4())


def returning(result: int) -> Callable[[Work], Coroutine[Any, Any, int]]:
    async def run(work: Work) -> int:
        return result

    return run


def raising(error: Exception) -> Callable[[Work], Coroutine[Any, Any, int]]:
    async def run(work: Work) -> int:
        raise error

    return run


async def test_those_who_come_at_once_share_a_transaction(run_together: Together, transactions: Transactions) -> None:
    results = await asyncio.gather(*(run_together(of_ride(), returning(number)) for number in range(20)))

    assert results == list(range(20))
    assert [len(group) for group in transactions.groups] == [20]


async def test_those_who_come_during_a_commit_make_the_next_group(
    run_together: Together, transactions: Transactions
) -> None:
    transactions.go.clear()
    first = asyncio.create_task(run_together(of_ride(), returning(1)))
    await transactions.committing.wait()
    others = [asyncio.create_task(run_together(of_ride(), returning(number))) for number in (2, 3)]
    await asyncio.sleep(0)
    transactions.go.set()

    assert await asyncio.gather(first, *others) == [1, 2, 3]
    assert [len(group) for group in transactions.groups] == [1, 2]


@pytest.mark.parametrize(
    "needs",
    [
        Needs(ride_id=UUID(int=1)),
        Needs(request=RequestKey("service:matching", "CapturePayment", "one", b"1"), ride_id=UUID(int=1)),
        Needs(payment_id=UUID(int=1), operation_id=UUID(int=2)),
    ],
)
async def test_two_that_need_the_same_are_one_after_the_other(
    run_together: Together, transactions: Transactions, needs: Needs
) -> None:
    await asyncio.gather(
        run_together(needs, returning(1)), run_together(of_ride(), returning(2)), run_together(needs, returning(3))
    )

    assert [len(group) for group in transactions.groups] == [2, 1]


async def test_one_that_fails_fails_alone(run_together: Together, transactions: Transactions) -> None:
    refused = Conflict("invalid_transition", "no")
    results = await asyncio.gather(
        run_together(of_ride(), returning(1)),
        run_together(of_ride(), raising(refused)),
        run_together(of_ride(), returning(3)),
        return_exceptions=True,
    )

    assert results == [1, refused, 3]
    assert [work.forgotten for work in transactions.groups[0]] == [False, True, False]
    assert transactions.alone == 1


@pytest.mark.parametrize(
    "error", [ValueError("two change one payment"), Unavailable("database_busy", "deadlock, or a lock that waits")]
)
async def test_each_of_a_group_that_fails_is_done_alone(
    run_together: Together, transactions: Transactions, error: Exception
) -> None:
    transactions.failures.append(error)

    assert await asyncio.gather(*(run_together(of_ride(), returning(number)) for number in range(3))) == [0, 1, 2]
    assert transactions.alone == 3


@pytest.mark.parametrize("error", [Unavailable("database_unavailable", "down"), Unknown("commit_unknown", "lost")])
async def test_an_outage_is_told_to_all_and_nobody_tries_again(
    run_together: Together, transactions: Transactions, error: DomainError
) -> None:
    transactions.failures.append(error)

    told = await asyncio.gather(
        *(run_together(of_ride(), returning(number)) for number in range(3)), return_exceptions=True
    )

    assert told == [error] * 3
    assert transactions.alone == 0


async def test_a_full_queue_is_refused(
    run_together: Together, transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_WAITING", 2)
    waiting = [asyncio.create_task(run_together(of_ride(), returning(number))) for number in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable) as caught:
        await run_together(of_ride(), returning(3))

    assert caught.value.reason == "database_busy"
    assert "this process" in caught.value.message
    assert await asyncio.gather(*waiting) == [0, 1]


async def test_a_group_has_a_bound(
    run_together: Together, transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_TOGETHER", 4)

    await asyncio.gather(*(run_together(of_ride(), returning(number)) for number in range(10)))

    assert [len(group) for group in transactions.groups] == [4, 4, 2]


async def test_nothing_is_begun_for_a_caller_that_went_away(run_together: Together, transactions: Transactions) -> None:
    transactions.go.clear()
    first = asyncio.create_task(run_together(of_ride(), returning(1)))
    await transactions.committing.wait()
    gone, stayed = (asyncio.create_task(run_together(of_ride(), returning(number))) for number in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    transactions.go.set()

    assert await asyncio.gather(first, stayed) == [1, 3]
    assert [len(group) for group in transactions.groups] == [1, 1]


async def test_a_caller_that_goes_away_while_its_group_is_taken_begins_nothing(
    run_together: Together, transactions: Transactions
) -> None:
    transactions.taken.clear()
    begun: list[str] = []

    async def run(work: Work) -> None:
        begun.append("gone")

    gone = asyncio.create_task(run_together(of_ride(), run))
    stayed = asyncio.create_task(run_together(of_ride(), returning(1)))
    await transactions.taking.wait()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    transactions.taken.set()

    assert await stayed == 1
    assert begun == []
    assert [[work.forgotten for work in group] for group in transactions.groups] == [[True, False]]
