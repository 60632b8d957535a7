"""What is sealed, and who can open it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.seals import CannotOpenError, KeyRing, Sealed

OLD, NEW = "aa" * 32, "bb" * 32


@given(secret=st.text(), place=st.binary(max_size=32))
def test_what_is_sealed_opens_again_in_its_place(secret: str, place: bytes) -> None:
    ring = KeyRing(OLD, "tests")
    assert ring.open(ring.seal(secret, place), place) == secret


def test_the_same_text_is_sealed_differently_each_time() -> None:
    ring = KeyRing(OLD, "tests")
    assert ring.seal("secret", b"").content != ring.seal("secret", b"").content


def test_the_first_key_seals_and_all_open() -> None:
    old, both, new = KeyRing(OLD, "tests"), KeyRing(f"{NEW}, {OLD}", "tests"), KeyRing(NEW, "tests")
    assert both.open(old.seal("secret", b"row"), b"row") == "secret"
    assert new.open(both.seal("secret", b"row"), b"row") == "secret"
    with pytest.raises(CannotOpenError):
        new.open(old.seal("secret", b"row"), b"row")


@pytest.mark.parametrize("wrong", ["place", "use", "content", "short", "key"])
def test_what_was_changed_or_moved_does_not_open(wrong: str) -> None:
    sealed = KeyRing(OLD, "tests").seal("secret", b"row")
    ring, place = KeyRing(OLD, "other" if wrong == "use" else "tests"), b"other" if wrong == "place" else b"row"
    if wrong == "content":
        sealed = replace(sealed, content=sealed.content[:-1] + bytes([sealed.content[-1] ^ 1]))
    elif wrong == "short":
        sealed = replace(sealed, content=sealed.content[:20])
    elif wrong == "key":
        sealed = Sealed("00000000", sealed.content)
    with pytest.raises(CannotOpenError):
        ring.open(sealed, place)


@pytest.mark.parametrize("keys", ["", "aa", "zz" * 32, f"{OLD},", f"{OLD},aa"])
def test_keys_of_another_form_are_refused_without_repeating_them(keys: str) -> None:
    with pytest.raises(ValueError, match="must be keys of 32 bytes") as refusal:
        KeyRing(keys, "tests")
    assert not keys or keys not in str(refusal.value)


def test_nothing_shows_what_is_sealed_or_with_what() -> None:
    ring = KeyRing(OLD, "tests")
    sealed = ring.seal("secret", b"row")
    assert "content" not in repr(sealed)
    assert ring.key_id not in OLD
