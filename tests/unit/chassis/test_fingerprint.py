"""Fingerprints of requests: the same fields the same, other fields another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.idempotency import fingerprint

leaves = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
parts = st.lists(leaves | st.lists(leaves, max_size=3), max_size=4)


def typed(value: object) -> object:
    return [typed(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)  # type: ignore[reportUnknownVariableType]


@given(parts, parts)
def test_two_requests_share_a_fingerprint_only_if_they_are_the_same(a: list[object], b: list[object]) -> None:
    assert (fingerprint(*a) == fingerprint(*b)) == (typed(a) == typed(b))


def test_fields_do_not_run_into_each_other() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("1") != fingerprint(1)


def test_what_has_no_fixed_form_is_refused() -> None:
    with pytest.raises(TypeError, match="fingerprint"):
        fingerprint(object())
