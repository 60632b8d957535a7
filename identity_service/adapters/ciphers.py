"""Digests and seals: HMAC-SHA256 for what is looked up or compared, AES-256-GCM for what must be read again.

Each use has a key of its own, derived from the phone key by HKDF (RFC 5869), so that no value of one column means
anything in another. A seal is bound to the row it stands in, and begins with a byte that names its form. What is a
person's own is sealed with a key of that person, which is kept wrapped: destroying it is erasing all that it sealed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from identity_service.domain.mail_addresses import same_mailbox
from identity_service.domain.one_time_codes import CODE_DIGITS
from identity_service.domain.sign_ins import TOKEN_BYTES

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = b"\x01"
OLD_FORM = _FORM[0]
"""First byte of what is sealed with the key of all."""
_PERSON_FORM = b"\x02"


def _derived(key: bytes, use: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"jitney identity {use}".encode()).derive(key)


def _seal(key: bytes, text: str, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, text.encode(), _FORM + place)


def _open(key: bytes, sealed: bytes, place: bytes) -> str:
    if sealed[:1] != _FORM:
        raise ValueError("this seal has an unknown form")
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    return AESGCM(key).decrypt(nonce, ciphertext, _FORM + place).decode()


class PhoneVault:
    """Keeps phone numbers, and codes on their way to one. The wrong key or place is a cryptography InvalidTag."""

    def __init__(self, phone_key: bytes) -> None:
        self._index_key = _derived(phone_key, "phone index")
        self._mail_index_key = _derived(phone_key, "mail index")
        self._wrapping_key = _derived(phone_key, "keys of people")
        self._budget_key = _derived(phone_key, "code budgets")
        self._phone_key = _derived(phone_key, "phone numbers")
        self._owed_key = _derived(phone_key, "owed codes")

    def index(self, phone_number: str) -> bytes:
        """Return the blind index (32 bytes): the same for the same number, and no way back without the key."""
        return hmac.digest(self._index_key, phone_number.encode(), "sha256")

    def mail_index(self, address: str) -> bytes:
        """Return the blind index (32 bytes) of a mail address, as `index` does a number's."""
        return hmac.digest(self._mail_index_key, same_mailbox(address).encode(), "sha256")

    def budget_key(self, kind: str, key: str) -> bytes:
        """Return the digest under which a budget is kept: addresses and devices are nobody else's business."""
        return hmac.digest(self._budget_key, f"{kind} {key}".encode(), "sha256")

    def seal_phone(self, account_id: UUID, phone_number: str) -> bytes:
        """Seal an account's number."""
        return _seal(self._phone_key, phone_number, account_id.bytes)

    def open_phone(self, account_id: UUID, sealed: bytes) -> str:
        """Open an account's number."""
        return _open(self._phone_key, sealed, account_id.bytes)

    def new_key(self, account_id: UUID) -> tuple[PersonVault, bytes]:
        """Make a person's key; return their vault, and the key as it is kept: wrapped with the key of keys."""
        key = AESGCM.generate_key(KEY_BYTES * 8)
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = AESGCM(self._wrapping_key).encrypt(nonce, key, _FORM + account_id.bytes)
        return PersonVault(account_id, key), _FORM + nonce + wrapped

    def person(self, account_id: UUID, wrapped: bytes) -> PersonVault:
        """Unwrap a person's key."""
        if wrapped[:1] != _FORM:
            raise ValueError("this key is wrapped in an unknown form")
        nonce, sealed = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        return PersonVault(account_id, AESGCM(self._wrapping_key).decrypt(nonce, sealed, _FORM + account_id.bytes))

    def seal_owed(self, challenge_id: UUID, target: str, code: str) -> bytes:
        """Seal a code with the number or address it is for, until it is handed over."""
        return _seal(self._owed_key, f"{target} {code}", challenge_id.bytes)

    def open_owed(self, challenge_id: UUID, sealed: bytes) -> tuple[str, str]:
        """Open an owed code: the number or address, and the code."""
        target, _, code = _open(self._owed_key, sealed, challenge_id.bytes).partition(" ")
        return target, code


class PersonVault:
    """Seals what is a person's own with that person's key; without the key nobody opens it again."""

    def __init__(self, account_id: UUID, key: bytes) -> None:
        self._account_id = account_id
        self._cipher = AESGCM(key)

    def seal(self, use: str, content: bytes, row_id: UUID | None = None) -> bytes:
        """Seal bytes for one use and, where a person has several, one row."""
        nonce = os.urandom(_NONCE_BYTES)
        return _PERSON_FORM + nonce + self._cipher.encrypt(nonce, content, self._place(use, row_id))

    def open(self, use: str, sealed: bytes, row_id: UUID | None = None) -> bytes:
        """Open what was sealed for that use and row."""
        if sealed[:1] != _PERSON_FORM:
            raise ValueError("this seal has an unknown form")
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return self._cipher.decrypt(nonce, ciphertext, self._place(use, row_id))

    def _place(self, use: str, row_id: UUID | None) -> bytes:
        return _PERSON_FORM + use.encode() + b"\0" + self._account_id.bytes + (row_id or UUID(int=0)).bytes


class CodeAndTokenCiphers:
    """Digests of codes and refresh tokens, and the seals of a successor and of a new API key."""

    def __init__(self, pepper: bytes) -> None:
        self._code_key = _derived(pepper, "one-time codes")
        self._answer_key = _derived(pepper, "new api keys")

    def code_digest(self, challenge_id: UUID, code: str) -> bytes:
        """Digest a code under the pepper, for one challenge alone."""
        return hmac.digest(self._code_key, challenge_id.bytes + code.encode(), "sha256")

    def refresh_digest(self, token: str) -> bytes:
        """Digest a refresh token. A plain hash: 256 random bits cannot be guessed."""
        return hashlib.sha256(token.encode()).digest()

    def seal_successor(self, token: str, successor: str) -> bytes:
        """Seal a token with a key made of its predecessor, which is not kept: the database alone cannot open it."""
        return _seal(_derived(token.encode(), "successor"), successor, b"")

    def open_successor(self, token: str, sealed: bytes) -> str:
        """Open a successor with the token that came before it."""
        return _open(_derived(token.encode(), "successor"), sealed, b"")

    def seal_api_key(self, api_key_id: UUID, secret: str) -> bytes:
        """Seal a partner's key as the answer to the request that made it."""
        return _seal(self._answer_key, secret, api_key_id.bytes)

    def open_api_key(self, api_key_id: UUID, sealed: bytes) -> str:
        """Open it for who repeats that request."""
        return _open(self._answer_key, sealed, api_key_id.bytes)


class SystemRandom:
    """The operating system's generator."""

    def code(self) -> str:
        """Make a one-time code."""
        return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"

    def refresh_token(self) -> str:
        """Make a refresh token: 256 bits, URL-safe base 64."""
        return base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
