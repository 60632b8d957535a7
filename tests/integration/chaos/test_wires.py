"""The wires to a stack under attack."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from jitney.chaos.wires import wires_of
from jitney.stack import own_stack


def test_no_wire_takes_a_port_that_the_stack_is_going_to_listen_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with own_stack.own_stack() as stack:
        wanted = [int(url.rpartition(":")[2]) for name, url in stack.environment.items() if name.endswith("_LISTEN")]
        drawn = iter(wanted)

        def randrange(first: int, last: int, step: int) -> int:
            return next(drawn, None) or random.randrange(first, last, step)

        monkeypatch.setattr(own_stack, "random", SimpleNamespace(randrange=randrange))
        with wires_of(stack):
            targets = [stack.environment[f"JITNEY_{name}_TARGET"] for name in ("IDENTITY", "MATCHING", "PAYMENT")]
            given = {int(address.rpartition(":")[2]) for address in targets}
    assert not given & set(wanted)
    assert wanted
    assert next(drawn, None) is None
