"""Accounts, and the text that people write about themselves."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from identity_service.domain.accounts import Account
from identity_service.domain.texts import clean_locale, clean_text
from identity_service.use_cases.answers import dump, load_account
from shared_kernel.errors import InvalidInput

ACCOUNT = Account(UUID(int=1), "Ana", "0100", "en", datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC), version=2)


def test_a_change_counts_the_version_and_no_change_does_not() -> None:
    assert ACCOUNT.changed(display_name="Bea").version == 3
    assert ACCOUNT.changed(locale="pt-BR").locale == "pt-BR"
    assert ACCOUNT.changed() is ACCOUNT
    assert ACCOUNT.changed(display_name=" Ana ", locale="en") is ACCOUNT


def test_a_kept_answer_reads_back_as_it_was() -> None:
    assert load_account(dump(ACCOUNT)) == ACCOUNT


@given(st.text())
def test_text_that_passes_can_be_stored_and_stays_as_it_is(text: str) -> None:
    try:
        cleaned = clean_text("name", text)
    except InvalidInput:
        assume(False)
        return
    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean_text("name", cleaned) == cleaned


@pytest.mark.parametrize("text", ["", " ", "\x00", "a\x07b", "a\ud800b", "a\u202eb"])
def test_text_that_is_refused_names_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        clean_text("vehicle.model", text)
    assert [violation.field for violation in caught.value.violations] == ["vehicle.model"]


def test_letters_are_composed_so_that_equal_names_are_equal() -> None:
    assert clean_text("name", "Jose\u0301") == "José"


@pytest.mark.parametrize(("text", "kept"), [("", "en"), ("en", "en"), ("pt-BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW")])
def test_languages_are_tags(text: str, kept: str) -> None:
    assert clean_locale("locale", text) == kept


@pytest.mark.parametrize("text", ["e", "english language", "en_US", "en-", "-en", "en\n", "\x00", "a" * 36])
def test_other_languages_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        clean_locale("locale", text)
