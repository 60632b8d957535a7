"""Take up what a sweep found due, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from shared_kernel.errors import DomainError

T = TypeVar("T")


async def one_by_one(due: Iterable[T], see_to: Callable[[T], Awaitable[None]]) -> None:
    """See to each in its order; what cannot be seen to is raised after the last of them.

    It stays due and comes first again: raised at once, it would keep all that come after it waiting for ever. An outage
    is raised at once, since it is none of one row's.
    """
    failure: Exception | None = None
    for each in due:
        try:
            await see_to(each)
        except DomainError as error:
            if error.retryable:
                raise
            failure = failure or error
        except Exception as error:
            failure = failure or error
    if failure is not None:
        raise failure
