"""Letters in events: the service they are for opens them, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.letters import LetterReader, LetterWriter
from chassis.seals import CannotOpenError
from jitney.stack.keys import make_signing_keys


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_signing_keys(folder)
    return folder


@pytest.fixture(scope="module")
def writer(keys: Path) -> LetterWriter:
    return LetterWriter.from_file(keys / "jwks.json", "notification")


@given(words=st.text(), place=st.binary(max_size=32))
def test_a_letter_is_read_by_whom_it_is_for(keys: Path, writer: LetterWriter, words: str, place: bytes) -> None:
    assert LetterReader.from_dir(keys, "notification").open(writer.seal(words, place), place) == words


@given(letter=st.binary(max_size=120))
def test_what_is_no_letter_is_refused(keys: Path, letter: bytes) -> None:
    with pytest.raises(CannotOpenError):
        LetterReader.from_dir(keys, "notification").open(letter, b"")


@pytest.mark.parametrize("wrong", ["reader", "place", "content", "form", "point"])
def test_nobody_else_opens_it_nor_elsewhere_nor_changed(keys: Path, writer: LetterWriter, wrong: str) -> None:
    letter = bytearray(writer.seal("hW3n2yQm1kT0vB7cXr9sLd5e", b"ride"))
    if (at := {"content": -1, "form": 0, "point": 20}.get(wrong)) is not None:
        letter[at] ^= 1
    reader = LetterReader.from_dir(keys, "payment" if wrong == "reader" else "notification")
    with pytest.raises(CannotOpenError):
        reader.open(bytes(letter), b"other" if wrong == "place" else b"ride")


def test_two_letters_of_the_same_words_have_nothing_in_common(writer: LetterWriter) -> None:
    one, other = (writer.seal("hW3n2yQm1kT0vB7cXr9sLd5e", b"ride") for _ in range(2))
    assert one[1:40] != other[1:40]
    assert b"hW3n2yQm" not in one


def test_a_service_without_a_key_is_named(keys: Path) -> None:
    with pytest.raises(ValueError, match=r"jwks\.json has no public key of nobody"):
        LetterWriter.from_file(keys / "jwks.json", "nobody")
