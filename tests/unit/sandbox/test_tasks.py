"""Tasks: in the order of time, each once, and one that cannot be done does not stand in the way of the others."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from jitney.sandbox import housekeeping, tasks
from jitney.sandbox.app import build_world
from jitney.sandbox.psp.errors import refused
from jitney.sandbox.settings import SandboxSettings
from jitney.sandbox.tasks import Task, TaskKind


async def test_tasks_are_done_in_the_order_of_time_at_their_time_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = build_world(SandboxSettings(sandbox_data=tmp_path, sandbox_settlement="manual"))
    done: list[tuple[str, int]] = []

    def chore(call: Any, subject: str, data: str) -> None:
        done.append((subject, call.now))
        call.connection.execute("INSERT INTO setting VALUES (?, ?)", (subject, data))
        if subject == "over":
            raise refused("It is over already.")
        if subject == "broken":
            raise ValueError("a fault of the sandbox")
        if subject == "first":
            call.schedule(TaskKind.REFUND_FAILS, "follows", 50)

    monkeypatch.setitem(housekeeping.CHORES, TaskKind.REFUND_FAILS, chore)
    start = world.now()

    def plan(connection: sqlite3.Connection) -> None:
        for subject, after_seconds in (("last", 300), ("first", 100), ("broken", 110), ("over", 120), ("far", 9000)):
            tasks.schedule(connection, Task(TaskKind.REFUND_FAILS, subject, "", "", start + after_seconds))
        world.clock.advance(connection, 1000)

    await world.store.run(plan)
    await housekeeping.do_what_is_due(world)
    await housekeeping.do_what_is_due(world)
    assert [(subject, at - start) for subject, at in done] == [
        ("first", 100),
        ("broken", 110),
        ("over", 120),
        ("follows", 150),
        ("last", 300),
    ]

    def written(connection: sqlite3.Connection) -> set[str]:
        return {row["name"] for row in connection.execute("SELECT name FROM setting")}

    kept = await world.store.run(written)
    assert {"first", "follows", "last"} <= kept
    assert kept.isdisjoint({"broken", "over"})
    assert [record.message for record in caplog.records] == ["a task failed and is given up"]
    assert await world.store.run(tasks.next_due) == start + 9000
    world.store.close()
