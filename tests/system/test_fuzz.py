"""A share of the fuzzing of gRPC, on a stack of its own; `python -m tests.fuzz` does it at length, and REST as well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.fuzz.calls import fuzz_calls
from tests.fuzz.stage import Stage, stage

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
async def staged(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    """A stack whose objects may come to harm."""
    async with stage(tmp_path_factory.mktemp("fuzzed")) as made:
        yield made


async def test_made_messages_break_no_method(staged: Stage) -> None:
    report = await asyncio.to_thread(
        fuzz_calls, staged.targets, staged.tokens, staged.known_ids, examples=6, seed_number=0
    )
    print(f"\nmethods {report.methods}, calls {report.calls}, codes {dict(report.codes)}")
    assert report.server_errors == []
    assert report.violations == []
    assert report.codes["OK"] > 0
