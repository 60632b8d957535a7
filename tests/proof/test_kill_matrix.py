"""The service's process, killed at every step of every operation while the PSP fails: nothing doubled, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.embedded import embedded_redis
from tests.proof.audit import AMISS
from tests.proof.cells import a_share
from tests.proof.conftest import Figures
from tests.proof.figures import summary_of_kills
from tests.proof.ground import Ground
from tests.proof.matrix import Matrix

FAULTS_A_STEP = 1
"""Of nine; `python -m tests.proof kills` runs them all."""


@pytest.mark.timeout(600)
async def test_a_process_killed_at_any_step_leaves_the_books_as_if_it_had_not_been(
    proof_ground: Ground, figures: Figures, tmp_path: Path
) -> None:
    with embedded_redis() as redis:
        matrix = Matrix(proof_ground, proof_ground.sandbox_url, redis.url(), tmp_path)
        result = await matrix.run(a_share(FAULTS_A_STEP))
    figures(summary_of_kills(result))
    assert result.differences == []
    assert result.deaths == result.cells
    assert {name: result.counts[name] for name in AMISS} == dict.fromkeys(AMISS, 0)
    assert result.postings
    assert not any(result.sums_minor.values())
