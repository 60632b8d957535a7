"""Cursors are opaque, and good only for the list and the reader they were made for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rider_api.rest.cursors import Cursors
from shared_kernel.errors import InvalidInput

CURSORS = Cursors(b"k" * 32)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=256).filter(lambda text: text.isprintable()))
def test_a_cursor_gives_back_the_page_token(token: str) -> None:
    cursor = CURSORS.seal("/v1/rides", "a", token)
    assert cursor is not None
    assert CURSORS.open("/v1/rides", "a", cursor) == token


def test_the_last_page_has_no_cursor_and_the_first_needs_none() -> None:
    assert CURSORS.seal("/v1/rides", "a", "") is None
    assert CURSORS.open("/v1/rides", "a", "") == ""


@pytest.mark.parametrize(
    ("scope", "subject", "key"), [("/v1/drivers", "a", b"k"), ("/v1/rides", "b", b"k"), ("/v1/rides", "a", b"other")]
)
def test_a_cursor_of_another_list_reader_or_deployment_is_refused(scope: str, subject: str, key: bytes) -> None:
    cursor = Cursors(b"k").seal("/v1/rides", "a", "token")
    assert cursor is not None
    with pytest.raises(InvalidInput) as refusal:
        Cursors(key).open(scope, subject, cursor)
    assert refusal.value.reason == "invalid_cursor"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=100))
def test_no_invented_cursor_is_taken(text: str) -> None:
    with pytest.raises(InvalidInput):
        CURSORS.open("/v1/rides", "a", text)


@settings(deadline=None)
@given(st.integers(min_value=0))
def test_a_cursor_with_one_bit_changed_is_refused(place: int) -> None:
    cursor = CURSORS.seal("/v1/rides", "a", "token-of-a-page")
    assert cursor is not None
    index = place % (len(cursor) - 1)
    changed = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]
    with pytest.raises(InvalidInput):
        CURSORS.open("/v1/rides", "a", changed)
