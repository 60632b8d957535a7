"""The schema in the database is the one in code, and can be taken away again."""

from __future__ import annotations

import asyncio

from chassis.migrations import check
from payment_service.domain.payment_moves import TRANSITIONS
from tests.integration.payment.conftest import Payments


async def test_tables_in_code_match_the_migrations(payment_url: str) -> None:
    await asyncio.to_thread(check, "payment_service", payment_url)


async def test_the_database_allows_the_moves_of_the_code_and_no_others(payments: Payments) -> None:
    rows = await payments.rows("SELECT previous, status FROM payment_transition")

    assert {(row["previous"], row["status"]) for row in rows} == {(a, b.value) for a, b in TRANSITIONS}
