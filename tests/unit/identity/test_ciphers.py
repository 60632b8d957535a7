"""Digests, seals, codes and tokens."""

import re
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from identity_service.adapters.ciphers import CodeAndTokenCiphers, PhoneVault, SystemRandom

VAULT = PhoneVault(b"k" * 32)
CIPHERS = CodeAndTokenCiphers(b"p" * 32)
ONE, TWO = UUID(int=1), UUID(int=2)
PHONE = "+14155550100"


def test_a_sealed_number_opens_in_its_own_row_with_its_own_key_alone() -> None:
    sealed = VAULT.seal_phone(ONE, PHONE)
    assert VAULT.open_phone(ONE, sealed) == PHONE
    assert PHONE.encode() not in sealed
    assert VAULT.seal_phone(ONE, PHONE) != sealed
    for vault, row in ((VAULT, TWO), (PhoneVault(b"j" * 32), ONE)):
        with pytest.raises(InvalidTag):
            vault.open_phone(row, sealed)
    with pytest.raises(InvalidTag):
        VAULT.open_owed(ONE, sealed)
    with pytest.raises(InvalidTag):
        VAULT.open_phone(ONE, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(ValueError, match="unknown form"):
        VAULT.open_phone(ONE, b"\x02" + sealed[1:])


def test_a_blind_index_is_the_same_for_a_number_and_differs_by_key() -> None:
    assert VAULT.index(PHONE) == VAULT.index(PHONE)
    assert len(VAULT.index(PHONE)) == 32
    assert len({VAULT.index(PHONE), VAULT.index("+14155550101"), PhoneVault(b"j" * 32).index(PHONE)}) == 3


def test_an_owed_code_opens_with_its_number() -> None:
    assert VAULT.open_owed(ONE, VAULT.seal_owed(ONE, PHONE, "012345")) == (PHONE, "012345")


def test_a_code_has_another_digest_in_each_challenge_and_under_each_pepper() -> None:
    digests = {
        CIPHERS.code_digest(ONE, "123456"),
        CIPHERS.code_digest(TWO, "123456"),
        CIPHERS.code_digest(ONE, "123457"),
        CodeAndTokenCiphers(b"q" * 32).code_digest(ONE, "123456"),
    }
    assert len(digests) == 4
    assert CIPHERS.code_digest(ONE, "123456") in digests


def test_a_successor_opens_with_its_predecessor_alone() -> None:
    sealed = CIPHERS.seal_successor("old", "new")
    assert CIPHERS.open_successor("old", sealed) == "new"
    with pytest.raises(InvalidTag):
        CIPHERS.open_successor("other", sealed)


def test_codes_have_six_digits_and_tokens_256_bits() -> None:
    random = SystemRandom()
    assert all(re.fullmatch(r"[0-9]{6}", random.code()) for _ in range(1000))
    tokens = {random.refresh_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)
