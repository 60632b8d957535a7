"""A process that is told to leave: what is in flight has the time that its route gives it."""

from __future__ import annotations

from rider_api.rest.app import ROUTES
from rider_api.rest.gate import PATIENCE_SECONDS
from rider_api.rest.shedding import URGENCY_ATTRIBUTE
from rider_api.serve import DRAIN_SECONDS


def test_a_process_that_leaves_waits_for_the_longest_request_and_its_turn() -> None:
    described = [each for routes in ROUTES for each in routes.descriptions]
    longest = max(each.facts.seconds + PATIENCE_SECONDS[getattr(each.view, URGENCY_ATTRIBUTE)] for each in described)
    assert longest < DRAIN_SECONDS
