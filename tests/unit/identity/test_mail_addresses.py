"""What is a mail address, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_service.domain.mail_addresses import clean_mail_address, same_mailbox
from shared_kernel.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Lovelace+rides@Example.ORG", "Ada.Lovelace+rides@example.org"),
        ("o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_small_letters(text: str, kept: str) -> None:
    assert clean_mail_address(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "ada@example..org",
        "ada@-example.org",
        ".ada@example.org",
        "ada..l@example.org",
        "ada lovelace@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org ",
        "ada@example.org,eve@example.org",
        "ada@eve@example.org",
        '"ada"@example.org',
        "ada\x00@example.org",
        "adá@example.org",
        "a" * 65 + "@example.org",
        "ada@" + ".".join(["a" * 60] * 5) + ".org",
    ],
)
def test_what_no_server_outside_takes_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_mail_address(text)
    assert [violation.field for violation in refused.value.violations] == ["mail_address"]


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        kept = clean_mail_address(text)
    except InvalidInput:
        return
    assert clean_mail_address(kept) == kept
    assert same_mailbox(kept) == text.lower()
    assert not set(kept) & set(' \r\n\t<>,;:"\\')
