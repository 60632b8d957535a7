"""A whole stack under attack loses nothing; the schedule of an attack is a matter of its seed."""

from __future__ import annotations

from collections import Counter

import pytest

from jitney.chaos.faults import FAULTS, MOST_KILLS, draw_schedule, one_of_each, rolling_restart
from jitney.chaos.run import Plan, attack


def test_same_seed_strikes_the_same_way() -> None:
    assert draw_schedule(7, 600) == draw_schedule(7, 600) != draw_schedule(8, 600)


def test_long_schedule_has_every_fault_and_wears_no_supervisor_out() -> None:
    strikes = [strike for seed in range(20) for strike in draw_schedule(seed, 180)]

    assert {strike.fault for strike in strikes} == FAULTS.keys()
    for seed in range(20):
        kills = Counter(strike.target for strike in draw_schedule(seed, 180) if FAULTS[strike.fault].kills)
        assert max(kills.values()) <= MOST_KILLS


def test_rolling_restart_comes_to_every_process_and_wears_no_supervisor_out() -> None:
    turns = Counter(strike.target for strike in rolling_restart(3600))

    assert turns.keys() >= {"identity", "matching", "payment", "notification", "rest", "stream"}
    assert set(turns.values()) == {MOST_KILLS}
    assert [strike.at_seconds < 60 for strike in rolling_restart(60)] == [True] * len(turns)


def test_one_replica_of_each_process_is_killed_and_not_always_the_first() -> None:
    strikes = one_of_each(60, 3)

    names = [strike.target for strike in strikes]
    assert {name.split("-")[0] for name in names} == {
        "identity",
        "matching",
        "payment",
        "notification",
        "rest",
        "stream",
    }
    assert len(names) == 6
    assert {name.partition("-")[2] for name in names} == {"", "2", "3"}
    assert {strike.fault for strike in strikes} == {"kill"}
    assert max(strike.at_seconds for strike in strikes) < 60


def test_every_harm_is_over_before_the_run_is() -> None:
    strikes = [strike for seed in range(20) for strike in draw_schedule(seed, 60)]

    assert max(strike.at_seconds + strike.seconds for strike in strikes) <= 60


@pytest.mark.system
def test_city_under_attack_loses_nothing() -> None:
    told: list[str] = []

    verdict = attack(Plan(seed=1, minutes=0.4, drivers=20, rides_per_second=0.8), told.append)

    assert verdict.violations == [], told
    assert verdict.completed
    assert sum(verdict.struck.values()) >= 3, told
