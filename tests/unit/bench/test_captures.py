"""What the service sent, read from PostgreSQL's log, and what the benchmark of captures makes of its measurements."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitney.bench.capture_rides import Ids
from jitney.bench.captures import Found, Plan, result_of
from jitney.bench.result import Promise
from jitney.bench.sent_sql import Sent, script_of, transaction_with
from jitney.stack.problems import StackError

_RIDE = "30000000-0000-0007-7000-800000000000"
_JSON = """'{"it''s": "12:00", "to":null}'"""
_LOG = f"""\
2026-03-01 12:00:00.000 UTC [41] jitney_payment@jitney_payment LOG:  statement: BEGIN;
2026-03-01 12:00:00.000 UTC [77] jitney_payment@jitney_payment LOG:  execute __asyncpg_stmt_9__: SELECT 'another'
2026-03-01 12:00:00.001 UTC [41] jitney_payment@jitney_payment LOG:  execute __asyncpg_stmt_1__: UPDATE payment
\tSET lines = $2::JSONB WHERE ride_id = ANY ($1::UUID[])
2026-03-01 12:00:00.001 UTC [41] jitney_payment@jitney_payment DETAIL:  Parameters: $1 = '{{{_RIDE}}}', $2 = {_JSON}
2026-03-01 12:00:00.002 UTC [41] jitney_payment@jitney_payment LOG:  statement: COMMIT;
2026-03-01 12:00:00.003 UTC [41] jitney_payment@jitney_payment LOG:  statement: BEGIN;
2026-03-01 12:00:00.003 UTC [41] jitney_payment@jitney_payment LOG:  execute __asyncpg_stmt_2__: SELECT $1
2026-03-01 12:00:00.003 UTC [41] jitney_payment@jitney_payment DETAIL:  Parameters: $1 = '{_RIDE}'
2026-03-01 12:00:00.004 UTC [41] jitney_payment@jitney_payment LOG:  statement: ROLLBACK;
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "postgres.log"
    path.write_text(_LOG)
    return path


def test_the_last_transaction_that_was_committed_is_found_whole(log: Path) -> None:
    begin, update, commit = transaction_with(log, _RIDE)

    assert (begin.sql, commit.sql) == ("BEGIN", "COMMIT")
    assert update == Sent(
        "UPDATE payment\nSET lines = $2::JSONB WHERE ride_id = ANY ($1::UUID[])",
        [f"{{{_RIDE}}}", '{"it\'s": "12:00", "to":null}'],
    )


def test_a_log_without_the_transaction_is_an_error(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jitney.bench.sent_sql._LOG_SECONDS", 0.01)

    with pytest.raises(StackError):
        transaction_with(log, "no such ride")


def test_a_script_names_a_ride_of_its_own_and_keeps_every_other_value(log: Path) -> None:
    ride = Ids("50")

    _, update, _ = script_of(transaction_with(log, _RIDE), {_RIDE: ride}, ":n")

    assert update == "".join(
        (
            r"""UPDATE payment SET lines = E'{"it''s"\x3a "12\x3a00", "to"\x3anull}'::JSONB """,
            f"WHERE ride_id = ANY ((E'{{' || {ride.sql(':n')}::text || E'}}')::UUID[]);",
        )
    )


def test_one_id_that_nobody_knows_is_the_same_new_one_in_all_statements() -> None:
    entry = "01a2052b-cbe3-71d1-8b66-db0d6d331053"
    one, two = script_of([Sent("SELECT $1", [entry]), Sent("SELECT $1, $1", [entry])], {}, ":n")

    assert two.count(one.removeprefix("SELECT ").removesuffix(";")) == 2
    assert entry not in one


def test_ids_grow_with_their_number_and_come_round_where_there_are_so_many() -> None:
    assert str(Ids("30").of(7)) == _RIDE
    assert [Ids("30").of(number) for number in range(20)] == sorted(Ids("30").of(number) for number in range(20))
    assert Ids("10", 5).of(7) == Ids("10", 5).of(2)


def found(*, service: float, waiting: float, growth: float = 1.0) -> Found:
    return Found(
        pgbench=[1000.0],
        service=[service],
        service_waiting=[1000.0],
        waiting=[waiting],
        pgbench_cpu=[1.0],
        service_cpu=[1.0],
        waiting_cpu=[1.0],
        growth_cpu={10_000: 100.0, 100_000: 100.0 * growth},
    )


@pytest.mark.parametrize(
    ("rounds", "met"),
    [
        (found(service=800, waiting=2000), True),
        (found(service=799, waiting=2000), False),
        (found(service=800, waiting=1999), False),
        (found(service=900, waiting=3000, growth=1.6), False),
    ],
)
def test_all_promises_about_captures_are_to_be_kept(rounds: Found, met: bool) -> None:
    result = result_of(rounds)

    assert result.met is met
    assert result.ratio == pytest.approx(rounds.service[0] / 1000)


def test_a_promise_has_two_bounds() -> None:
    assert Promise("x", 1.0, least=1.0, most=1.0).met
    assert not Promise("x", 0.9, least=1.0).met
    assert not Promise("x", 1.1, most=1.0).met


def test_a_round_has_as_many_captures_for_each_client() -> None:
    plan = Plan(rounds=1, a_round=100, growth_to=1_000_000)

    assert plan.captures == 96
    assert plan.sizes == [10_000, 100_000, 1_000_000]
