"""All RPCs, the PSP's faults, crashes and the passing of time in any order, against the model: no difference."""

from __future__ import annotations

import pytest

from tests.proof.conftest import Figures
from tests.proof.figures import summary_of
from tests.proof.machine import GIVEN_UP, play_for
from tests.proof.stage import Stage
from tests.proof.variants import VARIANTS

PLAYS = 12
PLAYS_OF_A_VARIANT = 80


@pytest.mark.timeout(600)
def test_whatever_happens_the_service_does_what_the_model_says(stage: Stage, figures: Figures) -> None:
    try:
        play_for(stage, PLAYS)
    finally:
        figures(f"machine: {summary_of(stage.counts)}; {len(stage.found)} differences")
    assert stage.counts[GIVEN_UP] <= PLAYS / 4


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", VARIANTS)
def test_the_machine_notices_a_service_that_is_broken(stage: Stage, figures: Figures, name: str) -> None:
    with VARIANTS[name](stage), pytest.raises(Exception, match=r".") as caught:
        play_for(stage, PLAYS_OF_A_VARIANT)
    assert caught.value in stage.found
    found = str(caught.value).splitlines()[0][:160]
    figures(f"broken variant {name}: caught after {stage.counts['steps']} steps: {found}")
