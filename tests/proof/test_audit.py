"""What the audit counts as what: money taken twice, money that was not collected, a ledger that tells another story."""

from __future__ import annotations

from tests.proof.audit import DOUBLE_CHARGE, LOST_CAPTURE, UNLIKE, Books, amiss
from tests.proof.world import Ride, Table, World

RIDE = Ride("captured", card="card 1", currency="USD", authorized=2500, captured=2000)
WORLD = World(rides=Table({"ride 1": RIDE}))
TIP = ("ride 1", "tip", 300, 300, 0)


def books(captured: int, *more: tuple[str, str, int, int, int], receivable: int) -> Books:
    return Books({"USD psp_receivable": receivable}, [("ride 1", "hold", 2500, captured, 0), *more])


def test_books_that_tell_what_the_world_tells_have_nothing_amiss() -> None:
    assert not amiss(WORLD, books(2000, receivable=2000))


def test_what_was_captured_above_its_due_or_charged_for_nothing_is_a_double_charge() -> None:
    assert amiss(WORLD, books(4000, receivable=4000)) == {DOUBLE_CHARGE: 1}
    assert amiss(WORLD, books(2000, TIP, receivable=2300)) == {DOUBLE_CHARGE: 1}


def test_what_was_not_captured_is_lost() -> None:
    assert amiss(WORLD, books(0, receivable=0)) == {LOST_CAPTURE: 1}
    assert amiss(WORLD, Books()) == {LOST_CAPTURE: 1}


def test_a_ledger_that_expects_other_money_than_the_psp_has_is_unlike_it() -> None:
    assert amiss(WORLD, books(2000, receivable=1700)) == {UNLIKE: 1}
    refunded = Books({"USD psp_receivable": 1300}, [("ride 1", "hold", 2500, 2000, 700)])
    assert not amiss(WORLD, refunded)
