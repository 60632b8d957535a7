"""What a sweep does with rows that cannot be seen to."""

import pytest

from matching_service.use_cases.one_by_one import one_by_one
from shared_kernel.errors import Conflict, DomainError, Unavailable


async def seen_by(failures: dict[int, Exception]) -> tuple[list[int], Exception | None]:
    """Which of four rows were seen to where some fail, and what was raised."""
    seen: list[int] = []

    async def see_to(row: int) -> None:
        if row in failures:
            raise failures[row]
        seen.append(row)

    try:
        await one_by_one(range(4), see_to)
    except (DomainError, ValueError) as error:
        return seen, error
    return seen, None


async def test_all_are_seen_to_in_their_order() -> None:
    assert await seen_by({}) == ([0, 1, 2, 3], None)


@pytest.mark.parametrize("failure", [Conflict("invalid_transition", ""), ValueError()])
async def test_a_row_that_cannot_be_seen_to_keeps_no_other_waiting_and_is_told(failure: Exception) -> None:
    assert await seen_by({0: failure, 2: ValueError()}) == ([1, 3], failure)


async def test_an_outage_is_told_at_once() -> None:
    outage = Unavailable("database_unavailable", "")
    assert await seen_by({1: outage}) == ([0], outage)
