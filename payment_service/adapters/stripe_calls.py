"""What all calls of Stripe's library share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import stripe

from payment_service.adapters.stripe_errors import outcome_of
from payment_service.use_cases.outcomes import Declined, NotSent, Unknown
from shared_kernel.errors import InvalidInput

Answer = TypeVar("Answer")
PAGE = 100
"""The most that Stripe lists at once."""


async def told(call: Callable[[], Awaitable[Answer]]) -> Answer | Declined | NotSent | Unknown:
    """Call, and return what a failure proves instead of raising it."""
    try:
        return await call()
    except stripe.StripeError as error:
        return outcome_of(error)
    except InvalidInput as error:
        # Found before anything was sent: the amount cannot be written in Stripe's unit.
        return Declined(error.reason)


async def seen(call: Callable[[], Awaitable[Answer]]) -> Answer | NotSent | Unknown | None:
    """Read; None where Stripe has no such object. A read that is refused otherwise proves nothing."""
    answer = await told(call)
    if isinstance(answer, Declined):
        return None if answer.reason == "resource_missing" else Unknown(answer.reason)
    return answer


def name_of(value: object) -> str:
    """Return the name of what a field refers to, expanded or not; empty where there is nothing."""
    return str(getattr(value, "id", value) or "")
