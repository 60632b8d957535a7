"""Breaks every Python process of a stack as the environment's BROKEN_BUILD says.

Python imports this module at its start where its folder is on PYTHONPATH. A module is broken right after it was
imported, so that nothing else need know of it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any
from uuid import uuid4


def _ack_before_work(module: Any) -> None:
    """Events are acknowledged when they are read, before they had an effect."""
    read = module.ConsumerGroup.read_new

    async def hasty(self: Any, block_millis: int) -> Any:
        entries = await read(self, block_millis)
        if entries:
            await self._redis.xack(self.stream, self.group, *(stream_id for stream_id, _ in entries))
        return entries

    module.ConsumerGroup.read_new = hasty


def _no_inbox(module: Any) -> None:
    """Every event counts as new, however often it comes, and so does every message."""
    note, owe = module.first_times, module.owe

    async def all_of_them(connection: Any, event_ids: Sequence[Any], ride_ids: Any, consumer: str) -> set[Any]:
        await note(connection, event_ids, ride_ids, consumer)
        return set(event_ids)

    async def owe_anew(connection: Any, messages: Sequence[Any], new_id: Any) -> Any:
        return await owe(connection, [replace(each, dedupe_key=f"{uuid4()}") for each in messages], new_id)

    module.first_times, module.owe = all_of_them, owe_anew


def _no_inbox_of_one(module: Any) -> None:
    note = module.first_time

    async def always(connection: Any, table: Any, event_id: Any, consumer: str) -> bool:
        await note(connection, table, event_id, consumer)
        return True

    module.first_time = always


def _void_on_time_out(module: Any) -> None:
    """What the provider does not answer counts as declined."""
    from payment_service.use_cases.outcomes import Declined, Unknown  # noqa: PLC0415 (of the process that is broken)

    authorize, capture = module.StripePsp.authorize, module.StripePsp.capture

    async def hasty_authorize(self: Any, key: str, operation_id: Any, order: Any) -> Any:
        outcome = await authorize(self, key, operation_id, order)
        return Declined("time_out") if isinstance(outcome, Unknown) else outcome

    async def hasty_capture(self: Any, key: str, operation_id: Any, order: Any) -> Any:
        outcome = await capture(self, key, operation_id, order)
        return Declined("time_out") if isinstance(outcome, Unknown) else outcome

    module.StripePsp.authorize, module.StripePsp.capture = hasty_authorize, hasty_capture


def _nobody_is_busy(module: Any) -> None:
    """Who has a ride or an offer looks free to dispatch, so that the database alone is left to refuse."""

    async def busy(self: Any) -> frozenset[Any]:
        del self
        return frozenset()

    module.PostgresDispatchReads.busy = busy


def _any_fence(module: Any) -> None:
    """Whatever the fence of a shard is now, the one that comes along is taken for it."""

    class AnyFence(int):
        __hash__ = int.__hash__

        def __ne__(self, other: object) -> bool:
            return False

    async def keep_fence(self: Any, ride_id: Any) -> int:
        del self, ride_id
        return AnyFence(0)

    module.PostgresTransaction.keep_fence = keep_fence


def _leases_never_end(module: Any) -> None:
    """A matcher takes for its own whatever it once had, by the clock and by what it is told."""
    beat = module.KeepShards.beat

    async def stubborn(self: Any) -> Any:
        before = dict(self._fences)
        report = await beat(self)
        self._fences = before | self._fences
        return report

    def held(self: Any) -> dict[str, int]:
        return dict(self._fences)

    module.KeepShards.beat, module.KeepShards.held = stubborn, held


_BROKEN: dict[str, dict[str, Callable[[Any], None]]] = {
    "ack before commit": {"chassis.consumer_group": _ack_before_work},
    "no inbox": {
        "notification_service.adapters.postgres_owing": _no_inbox,
        "chassis.inbox": _no_inbox_of_one,
    },
    "void on time-out": {"payment_service.adapters.stripe_psp": _void_on_time_out},
    "no fencing": {
        "matching_service.adapters.postgres_transaction": _any_fence,
        "matching_service.use_cases.keep_shards": _leases_never_end,
    },
    "nobody is busy": {"matching_service.adapters.postgres_dispatch": _nobody_is_busy},
}


class _Breaker(importlib.abc.MetaPathFinder):
    """Finds a module as the others do, and breaks it once it is there."""

    def __init__(self, broken: dict[str, Callable[[Any], None]]) -> None:
        self._broken = dict(broken)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        harm = self._broken.pop(fullname, None)
        if harm is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            raise ImportError(f"there is no {fullname} to be broken")
        execute = spec.loader.exec_module

        def execute_and_break(module: ModuleType) -> None:
            execute(module)
            harm(module)

        spec.loader.exec_module = execute_and_break  # type: ignore[method-assign]
        return spec


if os.environ.get("BROKEN_BUILD"):
    sys.meta_path.insert(0, _Breaker(_BROKEN[os.environ["BROKEN_BUILD"]]))
