"""The oracle cannot be brought to tell the impossible, whatever is written into it."""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitney.sandbox.psp.ledger import Ledger, Movement
from jitney.sandbox.psp.oracle import keys, totals
from jitney.sandbox.store import Store, StoreUnusable

MOVES = st.lists(st.tuples(st.sampled_from(Movement), st.integers(1, 50)), max_size=30)
BACK = {
    Movement.REFUND_FAILED: Movement.REFUND,
    Movement.DISPUTE_REINSTATED: Movement.DISPUTE,
    Movement.TRANSFER_REVERSED: Movement.TRANSFER,
    Movement.PAYOUT_RETURNED: Movement.PAYOUT,
}
OF_A_PAYMENT = {Movement.AUTHORIZE, Movement.INCREMENT, Movement.CAPTURE, Movement.RELEASE}


def possible(sums: dict[Movement, int], times: dict[Movement, int]) -> bool:
    """Say by another way of reckoning whether money can have moved so; every effect here is one object."""
    held = sums[Movement.AUTHORIZE] + sums[Movement.INCREMENT]
    gone = sums[Movement.REFUND] - sums[Movement.REFUND_FAILED]
    gone += sums[Movement.DISPUTE] - sums[Movement.DISPUTE_REINSTATED]
    return (
        sums[Movement.CAPTURE] + sums[Movement.RELEASE] <= held
        and gone <= sums[Movement.CAPTURE]
        and all(sums[back] <= sums[out] for back, out in BACK.items())
        and all(times[move] <= 1 for move in Movement if move not in {*OF_A_PAYMENT, Movement.TRANSFER_REVERSED})
    )


def write(connection: sqlite3.Connection, movement: Movement, amount_minor: int) -> None:
    """Move the payment's own money, or that of its one refund, dispute, transfer or payout."""
    ledger = Ledger(connection, "a-key")
    if movement in OF_A_PAYMENT:
        ledger.move("pi_1", movement, amount_minor, 0)
        return
    kind = BACK.get(movement, movement)
    intent_id = "pi_1" if kind in {Movement.REFUND, Movement.DISPUTE} else None
    ledger.send(f"{kind}_1", movement, amount_minor, 0, currency="usd", intent_id=intent_id)


@settings(max_examples=60, deadline=None)
@given(MOVES)
def test_no_order_of_movements_overdraws_a_line(moves: list[tuple[Movement, int]]) -> None:
    with TemporaryDirectory() as place:
        store = Store(Path(place))
        try:
            store.run_here(lambda connection: Ledger(connection).open("pi_1", "usd"))
            sums, times = dict.fromkeys(Movement, 0), dict.fromkeys(Movement, 0)
            for movement, amount_minor in moves:
                grown = {**sums, movement: sums[movement] + amount_minor}
                counted = {**times, movement: times[movement] + 1}
                try:
                    store.run_here(
                        lambda connection, movement=movement, amount_minor=amount_minor: write(
                            connection, movement, amount_minor
                        )
                    )
                    assert possible(grown, counted)
                    sums, times = grown, counted
                except sqlite3.IntegrityError:
                    assert not possible(grown, counted)
            told = store.run_here(totals)["usd"]
            assert told["authorized_minor"] == sums[Movement.AUTHORIZE] + sums[Movement.INCREMENT]
            assert told["captured_minor"] == sums[Movement.CAPTURE]
            assert told["refunded_minor"] == sums[Movement.REFUND] - sums[Movement.REFUND_FAILED]
            assert told["disputed_minor"] == sums[Movement.DISPUTE] - sums[Movement.DISPUTE_REINSTATED]
            assert told["transferred_minor"] == sums[Movement.TRANSFER]
            assert told["paid_out_minor"] == sums[Movement.PAYOUT]
        finally:
            store.close()


def test_a_key_under_which_money_moved_twice_shows(store: Store) -> None:
    def move(connection: sqlite3.Connection) -> None:
        Ledger(connection).open("pi_1", "usd")
        for key in ("op-1:1", "op-1:2", "op-1:2", "op-2:1"):
            Ledger(connection, key).move("pi_1", Movement.AUTHORIZE, 500, 0)

    store.run_here(move)
    found, following = store.run_here(lambda connection: keys(connection, prefix="op-1:"))
    told = {line["idempotency_key"]: line["movements"][0]["times"] for line in found}
    assert told == {"op-1:1": 1, "op-1:2": 2}
    assert following is None
    first, following = store.run_here(lambda connection: keys(connection, limit=1))
    assert (first[0]["idempotency_key"], following) == ("op-1:1", "op-1:1")


@pytest.mark.parametrize("statement", ["UPDATE movement SET amount_minor = 1", "DELETE FROM movement"])
def test_a_movement_is_final(store: Store, statement: str) -> None:
    def authorize(connection: sqlite3.Connection) -> None:
        ledger = Ledger(connection)
        ledger.open("pi_1", "usd")
        ledger.move("pi_1", Movement.AUTHORIZE, 500, 0)

    store.run_here(authorize)
    with pytest.raises(sqlite3.IntegrityError, match="movement is never"):
        store.run_here(lambda connection: connection.execute(statement))


def test_a_failed_piece_of_work_leaves_nothing(store: Store) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        Ledger(connection).open("pi_1", "usd")
        raise ValueError("after the write")

    with pytest.raises(ValueError, match="after the write"):
        store.run_here(fail)
    assert store.run_here(totals) == {}


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    Store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "sandbox.sqlite3")
    connection.executescript("DROP TABLE call; PRAGMA user_version = 3;")
    connection.close()
    store = Store(tmp_path)
    assert store.run_here(lambda connection: connection.execute("SELECT count(*) FROM call").fetchone()[0]) == 0
    store.close()


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    connection = sqlite3.connect(tmp_path / "sandbox.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnusable, match="another version"):
        Store(tmp_path)
