"""The search for an order: Wing and Gong's (1993) with Lowe's memo (2017) of what was tried already."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)
MOST_TRIED = 2_000_000
"""Configurations; beyond it nothing is known, and that is an error and no verdict."""


class UndecidedError(Exception):
    """The search was given up."""


@dataclass(frozen=True)
class Operation:
    """One operation of a history.

    Args:
        what: what was asked, hashable.
        asked_at: the place of the question in the order of all questions and answers.
        answered_at: the place of the answer; None where none came.
        answer: hashable; meaningless where none came.
    """

    what: Hashable
    asked_at: int
    answered_at: int | None
    answer: Hashable = None


@dataclass(frozen=True)
class Model(Generic[S]):
    """A sequential object.

    Args:
        initial: its state before anything.
        step: its state and an operation to the answer it must give, and the state after it. Of an operation that was
            not answered, only the state counts.
    """

    initial: S
    step: Callable[[S, Operation], tuple[Hashable, S]]


def is_linearizable(history: Sequence[Operation], model: Model[S]) -> bool:
    """Tell whether the answers of a history are those of the model in some order that its times allow.

    Raises:
        UndecidedError: it would take too long to tell.
    """
    return not history or find_order(history, model) is not None


def find_order(history: Sequence[Operation], model: Model[S]) -> list[Operation] | None:
    """Return an order that explains the answers; None where there is none."""
    operations = sorted(history, key=lambda operation: operation.asked_at)
    answered = sum(1 << at for at, operation in enumerate(operations) if operation.answered_at is not None)
    tried: set[tuple[int, S]] = set()
    # Each frame: which operations have taken effect, the state they led to, and what to try next.
    path: list[tuple[int, S, int]] = [(0, model.initial, 0)]
    while path:
        done, state, first = path.pop()
        if done & answered == answered:
            return _order_of(path, operations)
        # Nobody may take effect after an answer of somebody who has not.
        latest = min(
            operation.answered_at
            for at, operation in enumerate(operations)
            if not done >> at & 1 and operation.answered_at is not None
        )
        for at in range(first, len(operations)):
            operation = operations[at]
            if operation.asked_at > latest:
                break
            if done >> at & 1:
                continue
            answer, after = model.step(state, operation)
            if operation.answered_at is not None and answer != operation.answer:
                continue
            configuration = (done | 1 << at, after)
            if configuration in tried:
                continue
            if len(tried) >= MOST_TRIED:
                raise UndecidedError(f"{len(tried)} configurations were tried")
            tried.add(configuration)
            path.append((done, state, at + 1))
            path.append((*configuration, 0))
            break
    return None


def _order_of(path: Sequence[tuple[int, Hashable, int]], operations: Sequence[Operation]) -> list[Operation]:
    # A frame that was gone on from remembers what comes after the operation that was taken.
    return [operations[following - 1] for _, _, following in path]
