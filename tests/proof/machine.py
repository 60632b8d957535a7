"""The machine: hypothesis plays riders, callers, the PSP's bad days and crashes, in any order."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.proof.fields import CHANGES, DRIVERS, RIDERS, RIDES, asks
from tests.proof.operations import OPERATIONS
from tests.proof.oracle import TooManyWorlds
from tests.proof.payout_rules import BANK_TOKENS
from tests.proof.play import DELAY_SECONDS, Play
from tests.proof.rules import card_name
from tests.proof.stage import LEASE_SECONDS, Stage
from tests.proof.world import Ask, Table

MAX_WAITING = 3
FOLLOWING = tuple(f"follow_payout.{step}" for step in ("seen", "written", "recorded"))
EVENT_STEPS = ("read", "inserted", "kept", "taken", "handled", "concluded")
MAX_DAYS = 3
"""So many days together are well below what a hold lasts."""
MAY_DECLINE = ("payment_intents.create", "payment_intents.increment_authorization")
STEPS_A_PLAY = 40
AT_PSP = ("*", "payment_intents.*", *sorted({name for row in OPERATIONS.values() for name in row.at_psp}))
QUICK_FAULTS = (
    "reset_before_effect",
    "reset_after_effect",
    "error_before_effect",
    "error_after_effect",
    "conflict",
    "rate_limited",
)
SLOW_FAULTS = ("timeout_before_effect", "timeout_after_effect", "delay")


GIVEN_UP = "plays given up"


class Machine(RuleBasedStateMachine):
    """See the module. `stage` is set by whoever runs it."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(self.stage)
        self.past: list[Ask] = []
        self.days = 0
        self.ended = False

    def do(self, work: Any) -> None:
        """Run a step; what fails is not looked at any further, nor what has become too uncertain to be judged."""
        if self.ended:
            work.close()
            return
        self.stage.counts["steps"] += 1
        try:
            self.stage.run(work)
        except TooManyWorlds:
            self.stage.counts[GIVEN_UP] += 1
            self.ended = True
        except Exception as error:
            error.add_note("\n".join(self.play.story))
            self.stage.found.append(error)
            self.ended = True
            raise

    def try_asking(self, *asks: Ask) -> None:
        """Ask, if there is room for what may become late, and if the card is known by now.

        What is drawn must not depend on what the service does (its timing differs from run to run), so it is decided
        here, after the drawing.
        """
        self.past += [ask for ask in asks if ask.key and ask not in self.past]
        new = [ask for ask in asks if ask.key and ask not in self.play.oracle.waiting]
        if len(self.play.oracle.waiting) + len(new) > MAX_WAITING:
            self.do(self.play.calm())
        elif all(self.play.can(ask) for ask in asks):
            self.do(self.play.ask(*asks))

    @initialize()
    def riders_have_cards(self) -> None:
        for rider in RIDERS:
            for token in ("pm_card_visa", "pm_card_chargeCustomerFail")[: 1 if rider == "rider 2" else 2]:
                self.try_asking(Ask("add_card", rider, self.play.key(), Table({"token": token})))

    @initialize()
    def drivers_have_banks(self) -> None:
        for driver, token in zip(DRIVERS, BANK_TOKENS, strict=True):
            # Once, and never again: it is not among what is asked another time.
            self.do(self.play.ask(Ask("set_bank", driver, self.play.key(), Table({"bank_token": token}))))

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        self.try_asking(data.draw(asks(self.play.key(), self.past)))

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        self.try_asking(data.draw(st.sampled_from(self.past)))

    @rule(which=st.integers(0, MAX_WAITING - 1))
    def ask_again_what_is_late(self, which: int) -> None:
        if waiting := self.play.oracle.waiting:
            self.try_asking(waiting[which % len(waiting)])

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def use_a_key_for_something_else(self, data: st.DataObject) -> None:
        past = data.draw(st.sampled_from(self.past))
        other = data.draw(asks(past.key, self.past, [past.operation]))
        self.try_asking(Ask(past.operation, past.caller, past.key, other.fields))

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def ask_the_same_with_another_key(self, data: st.DataObject) -> None:
        past, key = data.draw(st.sampled_from(self.past)), self.play.key()
        self.try_asking(Ask(past.operation, past.caller, key, past.fields))

    @rule(data=st.data())
    def two_ask_at_once(self, data: st.DataObject) -> None:
        one = data.draw(asks(self.play.key(), self.past))
        if one.key and data.draw(st.booleans()):
            self.try_asking(one, one)
            return
        other = data.draw(asks(self.play.key(), self.past))
        if "ride" in one.fields and "ride" in other.fields:
            other = Ask(other.operation, other.caller, other.key, other.fields.having("ride", one["ride"]))
        self.try_asking(one, other)

    @rule(data=st.data())
    def ask_in_trouble(self, data: st.DataObject) -> None:
        self._in_trouble(data)

    @rule(data=st.data())
    def ask_in_trouble_and_ask_again(self, data: st.DataObject) -> None:
        self._in_trouble(data)
        self.ask_again_what_is_late(0)

    @rule(data=st.data())
    def ask_in_trouble_and_sweep(self, data: st.DataObject) -> None:
        self._in_trouble(data)
        self.do(self._sweep_after(data.draw(st.sampled_from((11.0, LEASE_SECONDS + 1)))))

    @rule(data=st.data(), ride=st.sampled_from(RIDES), minor=st.integers(1000, 2400), hurried=st.booleans())
    def a_ride_from_its_hold_to_its_payout(self, data: st.DataObject, ride: str, minor: int, hurried: bool) -> None:
        """What most rides are like, with trouble at every step; hurried, nothing is waited for in between."""
        rider, driver = data.draw(st.sampled_from(RIDERS)), DRIVERS[0]
        card = next(card_name(ask) for ask in self.past if (ask.operation, ask.caller) == ("add_card", rider))
        of_ride = Table[Any]({"ride": ride, "currency": "USD"})
        hold = of_ride.having("rider", rider).having("card", card).having("funding", "card").having("amount", 2500)
        lines = (("fare", minor, 2500, ""), ("tax", 100, 0, "us-ca"))
        for operation, caller, fields in (
            ("place_hold", "matching", hold),
            ("capture_payment", "matching", of_ride.having("driver", driver).having("lines", lines)),
            ("add_tip", rider, of_ride.having("amount", 300)),
            ("create_refund", "operator", of_ride.having("amount", 333).having("borne_by", "")),
            ("request_payout", driver, Table({"currency": "USD", "amount": 0})),
        ):
            self._with_trouble(data, Ask(operation, caller, self.play.key(), fields))
            if not hurried:
                self.ask_again_what_is_late(0)
        for _ in range(2):
            crash_at = data.draw(st.sampled_from(("", *OPERATIONS["request_payout"].failpoints, *FOLLOWING)))
            self.do(self._sweep_after(LEASE_SECONDS + 1, crash_at))

    def _in_trouble(self, data: st.DataObject) -> None:
        self._with_trouble(data, data.draw(asks(self.play.key(), self.past, CHANGES)))

    def _with_trouble(self, data: st.DataObject, ask: Ask) -> None:
        """The PSP fails just when it is asked, or the process dies at one of the steps, or both."""
        row, trouble = OPERATIONS[ask.operation], data.draw(st.integers(0, 3))
        if trouble and row.at_psp:
            kind = data.draw(st.sampled_from((*QUICK_FAULTS * 3, *SLOW_FAULTS)))
            self._lay(data.draw(st.sampled_from(row.at_psp)), kind, data.draw(st.integers(1, 2)))
        self.stage.crash_at = data.draw(st.sampled_from(row.failpoints)) if trouble != 1 else ""
        self.try_asking(ask)
        self.stage.crash_at = ""

    def _lay(self, operation: str, kind: str, count: int) -> None:
        more = {"seconds": DELAY_SECONDS if kind == "delay" else 10} if kind in SLOW_FAULTS else {"count": count}
        self.do(self.play.lay(operation, kind, **more))

    @rule(data=st.data())
    def the_psp_has_a_bad_time(self, data: st.DataObject) -> None:
        trouble = data.draw(st.sampled_from((*QUICK_FAULTS, "decline", "down", "up", "up")))
        if trouble in ("down", "up"):
            self.do(self.stage.connect(down=trouble == "down"))
        elif trouble == "decline":
            self.do(self.play.lay(data.draw(st.sampled_from(MAY_DECLINE)), "decline"))
        else:
            self._lay(data.draw(st.sampled_from(AT_PSP)), trouble, data.draw(st.integers(1, 4)))

    @rule(data=st.data())
    def time_passes_and_the_sweep_runs(self, data: st.DataObject) -> None:
        seconds = data.draw(st.sampled_from((0.0, 11.0, LEASE_SECONDS + 1, 300.0)))
        operation = data.draw(st.sampled_from(CHANGES))
        self.do(self._sweep_after(seconds, data.draw(st.sampled_from(("", *OPERATIONS[operation].failpoints)))))

    async def _sweep_after(self, seconds: float, crash_at: str = "") -> None:
        if seconds:
            await self.play.later(seconds)
        self.stage.crash_at = crash_at
        await self.stage.sweep()
        self.stage.crash_at = ""

    @rule(
        deliveries=st.lists(st.integers(0, 12), max_size=8),
        crash_at=st.sampled_from(("", "", *(f"psp_event.{step}" for step in EVENT_STEPS))),
    )
    def events_of_the_psp_come(self, deliveries: list[int], crash_at: str) -> None:
        self.do(self.play.events_come(deliveries, crash_at))

    @rule(how_long=st.sampled_from(("until all is known", "a day", "a week")))
    def much_time_passes(self, how_long: str) -> None:
        async def pass_by() -> None:
            if how_long == "a day" and self.days < MAX_DAYS:
                self.days += 1
                await self.play.a_day_later()
            elif how_long == "a week":
                self.days = 0
                await self.play.a_week_later()
            else:
                await self.play.calm()

        self.do(pass_by())

    def teardown(self) -> None:
        if self.ended:
            with suppress(Exception):
                self.stage.run(self.stage.connect(down=False))
                self.stage.run(self.stage.clear())
                self.stage.run(self.stage.abandon())
            return
        try:
            self.do(self.play.audit())
        finally:
            if self.ended:
                self.stage.run(self.stage.abandon())


def play_for(stage: Stage, plays: int, *, seed: int | None = None, shrink: bool = False) -> None:
    """Run so many plays; raises what the first brings that goes wrong (mostly `Difference`).

    Without a seed the plays are the same each time. To shrink a finding takes minutes; its story is told in any case.
    """
    how = settings(
        max_examples=plays,
        stateful_step_count=STEPS_A_PLAY,
        deadline=None,
        database=None,
        derandomize=seed is None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
        report_multiple_bugs=False,
    )
    machine = type("Machine", (Machine,), {"stage": stage, "_hypothesis_internal_use_seed": seed})
    try:
        run_state_machine_as_test(machine, settings=how)
    except Exception as error:
        # What is timed differently the second time is called flaky; the first finding is what matters.
        raise (stage.found[0] if stage.found else error) from error
