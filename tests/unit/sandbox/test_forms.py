"""Stripe's forms: read, nested, refused."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.sandbox.psp.errors import StripeError
from jitney.sandbox.psp.forms import fingerprint, nest, parse, read_pairs
from jitney.sandbox.psp.intents import CreateIntent
from jitney.sandbox.psp.parameters import Params, merged_metadata
from jitney.sandbox.psp.settlement import CaptureIntent

NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
LEAVES = st.text(max_size=8)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def flatten(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in flatten(item, f"{name}[{key}]" if name else key)]
    if isinstance(value, list):
        return [pair for index, item in enumerate(value) for pair in flatten(item, f"{name}[{index}]")]
    return [(name, value)]


@given(TREES)
def test_what_was_nested_is_read_back(tree: dict[str, Any]) -> None:
    pairs = flatten(tree, "")
    if any(name.count("[") > 5 for name, _ in pairs):
        return
    assert nest(read_pairs(urlencode(pairs).encode())) == tree


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    status = 200
    try:
        parse(CreateIntent, read_pairs(body))
    except StripeError as error:
        status = error.status
    assert status in {200, 400}


@given(st.lists(st.tuples(NAMES, LEAVES), max_size=5), st.randoms())
def test_the_order_of_parameters_does_not_matter(pairs: list[tuple[str, str]], source: Any) -> None:
    shuffled = list(pairs)
    source.shuffle(shuffled)
    assert fingerprint(pairs) == fingerprint(shuffled)


def test_lists_come_with_and_without_indexes() -> None:
    assert parse(Params, [("expand[]", "a"), ("expand[]", "b")]).expand == ["a", "b"]
    assert parse(Params, [("expand[1]", "b"), ("expand[0]", "a")]).expand == ["a", "b"]


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("amount_to_capture", "0")], "parameter_invalid_integer"),
        ([("amount_to_capture", "ten")], "parameter_invalid_integer"),
        ([("amount_to_capture", "1_000")], "parameter_invalid_integer"),
        ([("amount_to_capture", "٣")], "parameter_invalid_integer"),
        ([("amount_to_capture", "9" * 9)], "amount_too_large"),
        ([("amount_to_capture", "9" * 5000)], "parameter_invalid_integer"),
        ([("amount", "5")], "parameter_unknown"),
        ([("metadata[a][b]", "5")], None),
        ([("metadata", "5"), ("metadata[a]", "5")], None),
        ([("expand", "latest_charge")], None),
        ([("[a]", "5")], None),
        ([("a" * 300, "5")], None),
        ([("expand[" + "9" * 5000 + "]", "x")], None),
    ],
)
def test_wrong_parameters_are_refused(pairs: list[tuple[str, str]], code: str | None) -> None:
    with pytest.raises(StripeError) as refusal:
        parse(CaptureIntent, pairs)
    assert (refusal.value.status, refusal.value.fields.get("code")) == (400, code)
    assert not refusal.value.saved


def test_metadata_is_merged_unset_by_key_and_unset_whole() -> None:
    change = parse(CaptureIntent, [("metadata[a]", "1"), ("metadata[b]", "")]).metadata
    assert merged_metadata({"b": "2", "c": "3"}, change) == {"a": "1", "c": "3"}
    assert merged_metadata({"b": "2"}, parse(CaptureIntent, [("metadata", "")]).metadata) == {}
    assert merged_metadata({"b": "2"}, parse(CaptureIntent, []).metadata) == {"b": "2"}
