"""The cells of the kill matrix: every operation, cut short at every step, with every fault of the PSP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.proof.operations import ENDS, OPERATIONS, RULES, Names
from tests.proof.oracle import Oracle
from tests.proof.world import Ask, Table

RIDER, DRIVER, RIDE = "rider 1", "driver 1", "ride 1"
CARD = f"card of {RIDER}, card"
_ADD = Ask("add_card", RIDER, "card", Table({"token": "pm_card_visa"}))
_HOLD = Ask(
    "place_hold",
    "matching",
    "hold",
    Table({"ride": RIDE, "rider": RIDER, "card": CARD, "funding": "card", "currency": "USD", "amount": 2500}),
)
_BY_CASH = Ask("place_hold", "matching", "hold", _HOLD.fields.having("card", "").having("funding", "cash"))
_CAPTURE = Ask(
    "capture_payment",
    "matching",
    "capture",
    Table({"ride": RIDE, "driver": DRIVER, "currency": "USD", "lines": (("fare", 2000, 2500, ""),)}),
)
_ABOVE = Ask("capture_payment", "matching", "capture", _CAPTURE.fields.having("lines", (("fare", 3200, 2500, ""),)))
_INCREMENT = Ask("increment_hold", "matching", "increment", Table({"ride": RIDE, "currency": "USD", "amount": 4000}))
_VOID = Ask("void_hold", "matching", "void", Table({"ride": RIDE}))

_BANK = Ask("set_bank", DRIVER, "bank", Table({"bank_token": "btok_us"}))
_PAYOUT = Ask("request_payout", DRIVER, "payout", Table({"currency": "USD", "amount": 0}))
_REFUND = Ask(
    "create_refund", "operator", "refund", Table({"ride": RIDE, "currency": "USD", "amount": 700, "borne_by": ""})
)
_TOP_UP = Ask("top_up", RIDER, "top-up", Table({"card": CARD, "currency": "USD", "amount": 3000}))
_BY_WALLET = Ask("place_hold", "matching", "hold", _BY_CASH.fields.having("funding", "wallet"))
_GRANT = Ask("grant_credit", "operator", "grant", Table({"rider": RIDER, "currency": "USD", "amount": 600}))
_NO_SHOW = Ask(
    "capture_payment", "matching", "capture", _CAPTURE.fields.having("lines", (("no_show_fee", 500, 2500, ""),))
)
_PAY = Ask("pay_arrears", RIDER, "pay", Table({"card": CARD, "currency": "USD"}))

CASES: dict[str, tuple[Sequence[Ask], Ask]] = {
    # What is above the hold comes first: its charge is the sweep's, and must not be that of a cell before.
    "a capture above the hold": ([_ADD, _HOLD], _ABOVE),
    "a payout": ([_ADD, _HOLD, _CAPTURE, _BANK], _PAYOUT),
    "a bank account": ([], _BANK),
    "a new card": ([], _ADD),
    "a card that is removed": ([_ADD], Ask("remove_card", RIDER, "removal", Table({"card": CARD}))),
    "a hold": ([_ADD], _HOLD),
    "a hold in cash": ([], _BY_CASH),
    "a raised hold": ([_ADD, _HOLD], _INCREMENT),
    "a raised hold in cash": ([_BY_CASH], _INCREMENT),
    "a capture": ([_ADD, _HOLD], _CAPTURE),
    "a capture in cash": ([_BY_CASH], _CAPTURE),
    "a tip": (
        [_ADD, _HOLD, _CAPTURE],
        Ask("add_tip", RIDER, "tip", Table({"ride": RIDE, "currency": "USD", "amount": 300})),
    ),
    "a refund": ([_ADD, _HOLD, _CAPTURE], _REFUND),
    "a refund of cash": ([_BY_CASH, _CAPTURE], _REFUND),
    "wallet money": ([_ADD], _TOP_UP),
    "a ride by wallet": ([_ADD, _TOP_UP], _BY_WALLET),
    "a capture by wallet": ([_ADD, _TOP_UP, _BY_WALLET], _ABOVE),
    "credit": ([], _GRANT),
    "credit taken back": ([_GRANT], Ask("revoke_credit", "operator", "revoke", _GRANT.fields.having("amount", 400))),
    "a debt that is paid": ([_ADD, _BY_CASH, _NO_SHOW], _PAY),
    "a debt that is given up": (
        [_BY_CASH, _NO_SHOW],
        Ask("write_off", "operator", "off", _GRANT.fields.having("amount", 500)),
    ),
    "a released hold": ([_ADD, _HOLD], _VOID),
    "a ride that is closed before any hold": ([], _VOID),
}
"""What is killed, by name: what was asked and answered before, and the ask that is cut short."""
BY_THE_SWEEP = ("charge", "send_payout", "transfer")
FAULTS = (
    "",
    "timeout_before_effect",
    "timeout_after_effect",
    "reset_before_effect",
    "reset_after_effect",
    "error_before_effect",
    "error_after_effect",
    "conflict",
    "rate_limited",
)
"""What goes wrong at the PSP in the same moment; empty: nothing."""


@dataclass
class Cell:
    """One kill: its case, the step it dies at, and the fault, at which operation of the PSP."""

    case: str
    failpoint: str
    fault: str
    at_psp: str
    names: Names = field(default_factory=Names)
    oracle: Oracle = field(default_factory=lambda: Oracle(RULES, ENDS))

    def __str__(self) -> str:
        return f"{self.case}, killed at {self.failpoint}, {self.fault or 'no fault'}"

    @property
    def before(self) -> Sequence[Ask]:
        return CASES[self.case][0]

    @property
    def ask(self) -> Ask:
        return CASES[self.case][1]


def all_cells() -> list[Cell]:
    """Every cell: cases x steps x faults. Where nobody asks the PSP there is only the first fault, none."""
    return [cell for case in CASES for cell in _cells_of(case)]


def a_share(count: int) -> list[Cell]:
    """Every case and step, each with `count` of the faults, another choice at each step."""
    kept: list[Cell] = []
    for at, step in enumerate(_steps(all_cells())):
        first = at * count % len(FAULTS)
        wanted = [FAULTS[(first + offset) % len(FAULTS)] for offset in range(count)]
        kept += [cell for cell in step if cell.fault in wanted] or step[:1]
    return kept


def _steps(cells: Sequence[Cell]) -> list[list[Cell]]:
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.case, cell.failpoint), []).append(cell)
    return list(found.values())


def _cells_of(case: str) -> list[Cell]:
    row = OPERATIONS[CASES[case][1].operation]
    if not row.orders or case.endswith(("cash", "wallet", "before any hold")):
        return [Cell(case, f"{row.rpc}.{step}", "", "") for step in ("claimed", "begun")]
    cells: list[Cell] = []
    for failpoint in row.failpoints:
        kind = failpoint.partition(".")[0]
        if kind == "charge" and case != "a capture above the hold":
            continue
        at_psp = row.orders.get(kind, next(iter(row.orders.values())))[0]
        cells += [Cell(case, failpoint, fault, at_psp) for fault in FAULTS]
    # First the steps of what the sweep sends by itself, the last of them before the others: see CASES.
    return sorted(cells, key=lambda cell: BY_THE_SWEEP.index(kind) if (kind := _kind(cell)) in BY_THE_SWEEP else 9)


def _kind(cell: Cell) -> str:
    return cell.failpoint.partition(".")[0]
