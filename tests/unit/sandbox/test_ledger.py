"""The oracle cannot be brought to tell the impossible, whatever is written into it."""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitney.sandbox.psp.ledger import Ledger, Movement, totals
from jitney.sandbox.store import Store, StoreUnusable

MOVES = st.lists(st.tuples(st.sampled_from(Movement), st.integers(1, 50)), max_size=30)


@settings(max_examples=40)
@given(MOVES)
def test_no_order_of_movements_overdraws_a_line(moves: list[tuple[Movement, int]]) -> None:
    with TemporaryDirectory() as place:
        store = Store(Path(place))
        try:
            store.run_here(lambda connection: Ledger(connection).open("pi_1", "usd"))
            sums = dict.fromkeys(Movement, 0)
            for movement, amount_minor in moves:
                grown = {**sums, movement: sums[movement] + amount_minor}
                allowed = (
                    grown[Movement.CAPTURE] + grown[Movement.RELEASE] <= grown[Movement.AUTHORIZE]
                    and grown[Movement.REFUND] <= grown[Movement.CAPTURE]
                )
                try:
                    store.run_here(
                        lambda connection, movement=movement, amount_minor=amount_minor: Ledger(connection).move(
                            "pi_1", movement, amount_minor, 0
                        )
                    )
                    assert allowed
                    sums = grown
                except sqlite3.IntegrityError:
                    assert not allowed
            assert store.run_here(totals)["usd"] == {
                "payment_intents": 1,
                "authorized_minor": sums[Movement.AUTHORIZE],
                "captured_minor": sums[Movement.CAPTURE],
                "released_minor": sums[Movement.RELEASE],
                "refunded_minor": sums[Movement.REFUND],
            }
        finally:
            store.close()


@pytest.mark.parametrize("statement", ["UPDATE movement SET amount_minor = 1", "DELETE FROM movement"])
def test_a_movement_is_final(store: Store, statement: str) -> None:
    def write(connection: sqlite3.Connection) -> None:
        ledger = Ledger(connection)
        ledger.open("pi_1", "usd")
        ledger.move("pi_1", Movement.AUTHORIZE, 500, 0)

    store.run_here(write)
    with pytest.raises(sqlite3.IntegrityError, match="movement is never"):
        store.run_here(lambda connection: connection.execute(statement))


def test_a_failed_piece_of_work_leaves_nothing(store: Store) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        Ledger(connection).open("pi_1", "usd")
        raise ValueError("after the write")

    with pytest.raises(ValueError, match="after the write"):
        store.run_here(fail)
    assert store.run_here(totals) == {}


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    connection = sqlite3.connect(tmp_path / "sandbox.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnusable, match="another version"):
        Store(tmp_path)
