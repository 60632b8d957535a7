"""Whatever is done in whatever order, the processor's three tellings of money agree: objects, balances, movements."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jitney.sandbox.app import build_world
from jitney.sandbox.housekeeping import do_what_is_due
from jitney.sandbox.psp import bank_settlement, funds
from jitney.sandbox.psp.catalog import OPERATIONS
from jitney.sandbox.psp.dispute_outcomes import decide
from jitney.sandbox.psp.disputes import dispute_opens
from jitney.sandbox.psp.errors import StripeError
from jitney.sandbox.psp.forms import Pairs, parse
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.psp.oracle import totals
from jitney.sandbox.psp.parameters import ListParams
from jitney.sandbox.settings import SandboxSettings
from jitney.sandbox.world import World

BY_NAME = {operation.name: operation for operation in OPERATIONS}
CARDS = ("visa", "bypassPending", "refundFail", "pendingRefund", "createDispute", "createDisputeInquiry")
CONFIRM = ("confirm", "true")
STEPS = (
    "charge",
    "hold",
    "capture",
    "cancel",
    "refund",
    "transfer",
    "reverse",
    "payout",
    "settle",
    "decide",
    "advance",
)


class Processor:
    """The operations without their door, and what was made with them."""

    def __init__(self, place: Path) -> None:
        self.world: World = build_world(SandboxSettings(sandbox_data=place))
        self.known: dict[str, list[str]] = {"intent": [], "transfer": []}
        self.account = self.do("accounts.create", [("capabilities[transfers][requested]", "true")])["id"]
        self.do("external_accounts.create", [("external_account", "btok_sandbox_returned")], self.account)

    def run(self, work: Callable[[Call], Any], account: str = "", **path: str) -> Any:
        """Do something in a transaction of its own."""
        now = self.world.now()
        return self.world.store.run_here(
            lambda connection: work(self.world.call(connection, now, account=account, path=path))
        )

    def do(self, name: str, pairs: Pairs, identifier: str = "", account: str = "") -> Any:
        """Call an operation of the API."""
        operation = BY_NAME[name]
        params = parse(operation.params, pairs)
        return self.run(lambda call: operation.work(call, params), account, id=identifier)

    def listed(self, kind: str, account: str = "") -> list[dict[str, Any]]:
        """Every object of a kind, as the API shows it."""
        return self.run(lambda call: call.objects.page(kind, "", ListParams(limit=100))["data"], account)

    def step(self, name: str, chance: random.Random) -> None:
        """Do one thing; what the processor refuses is as good as what it does."""
        amount = str(chance.randint(1, 3000))
        money = [("amount", amount), ("currency", "usd")]
        intent = chance.choice(self.known["intent"] or ["pi_none"])
        transfer = chance.choice(self.known["transfer"] or ["tr_none"])
        with contextlib.suppress(StripeError):
            match name:
                case "fund":
                    more = [("payment_method", "pm_card_bypassPending"), ("payment_method_types[]", "card")]
                    enough = [("amount", "9999"), ("currency", "usd")]
                    self.do("payment_intents.create", [*enough, *more, ("capture_method", "automatic"), CONFIRM])
                case "charge" | "hold":
                    how = chance.choice(("automatic", "automatic_async")) if name == "charge" else "manual"
                    card = f"pm_card_{chance.choice(CARDS)}"
                    more = [("payment_method", card), ("payment_method_types[]", "card"), ("capture_method", how)]
                    made = self.do("payment_intents.create", [*money, *more, CONFIRM])
                    self.known["intent"].append(made["id"])
                case "capture":
                    self.do("payment_intents.capture", [("amount_to_capture", amount)], intent)
                case "cancel":
                    self.do("payment_intents.cancel", [], intent)
                case "refund":
                    self.do("refunds.create", [("payment_intent", intent), ("amount", amount)])
                case "transfer":
                    made = self.do("transfers.create", [*money, ("destination", self.account)])
                    self.known["transfer"].append(made["id"])
                case "reverse":
                    self.do("transfer_reversals.create", [("amount", amount)], transfer)
                case "payout":
                    self.do("payouts.create", money, account=self.account)
                case "settle":
                    self.run(bank_settlement.settle)
                case "quarrel":
                    self.run(lambda call: _quarrel(call, chance))
                case _:
                    seconds = chance.choice((60, 86_400, 10 * 86_400))
                    self.world.store.run_here(lambda connection: self.world.clock.advance(connection, seconds))
                    asyncio.run(do_what_is_due(self.world))

    def check(self) -> None:
        """Compare the three tellings."""
        for account in ("", self.account):
            told = Counter[str]()
            for line in self.listed("balance_transaction", account):
                told[line["currency"]] += line["net"]
            available, pending = self.run(lambda call: funds.balances(call.connection, call.account, call.now), account)
            assert Counter(available) + Counter(pending) == +told, account
            assert available.get("usd", 0) + pending.get("usd", 0) == told["usd"], account
            sent = [payout["amount"] for payout in self.listed("payout", account) if payout["status"] != "failed"]
            assert self._net(account, "payout", "payout_failure") == -sum(sent), account
        sums = self.world.store.run_here(totals).get("usd", Counter[str]())
        charges, transfers = self.listed("charge"), self.listed("transfer")
        assert sums["captured_minor"] == sum(charge["amount_captured"] for charge in charges)
        assert sums["refunded_minor"] == sum(charge["amount_refunded"] for charge in charges)
        assert self._net("", "refund", "refund_failure") == -sums["refunded_minor"]
        assert sums["transferred_minor"] == sum(transfer["amount"] for transfer in transfers)
        assert sums["reversed_minor"] == sum(transfer["amount_reversed"] for transfer in transfers)
        payouts = [*self.listed("payout"), *self.listed("payout", self.account)]
        assert sums["paid_out_minor"] == sum(payout["amount"] for payout in payouts)
        failed = sum(payout["amount"] for payout in payouts if payout["status"] == "failed")
        assert sums["returned_payouts_minor"] == failed
        lost = [dispute["amount"] for dispute in self.listed("dispute") if dispute["balance_transactions"]]
        won = [dispute["amount"] for dispute in self.listed("dispute") if dispute["status"] == "won"]
        assert sums["disputed_minor"] == sum(lost) - sum(won)

    def _net(self, account: str, *types: str) -> int:
        return sum(line["net"] for line in self.listed("balance_transaction", account) if line["type"] in types)


def _quarrel(call: Call, chance: random.Random) -> None:
    """Decide a dispute, or open one."""
    disputes = call.objects.page("dispute", "", ListParams(limit=100))["data"]
    if disputes and chance.random() < 0.7:
        decide(call, chance.choice(disputes)["id"], won=chance.random() < 0.5)
        return
    charges = [
        charge for charge in call.objects.page("charge", "", ListParams(limit=100))["data"] if charge["captured"]
    ]
    if charges and not (charge := chance.choice(charges))["disputed"] and charge["captured"]:
        dispute_opens(call, charge["id"], "fraudulent")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=5, max_size=40), st.randoms(use_true_random=False))
def test_objects_balances_and_movements_agree(steps: list[str], chance: random.Random) -> None:
    with TemporaryDirectory() as place:
        processor = Processor(Path(place))
        try:
            # A beginning that gives the rest something to work on, and time for what is under way at the end.
            for name in ("fund", "transfer", "payout", "charge", *steps):
                processor.step(name, chance)
            processor.check()
            processor.step("advance", chance)
            processor.check()
        finally:
            processor.world.store.close()
