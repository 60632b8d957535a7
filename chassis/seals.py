"""What a service must keep and read again, sealed: AES-256-GCM with keys that can be replaced one after the other.

A sealed text is bound to one use and one place (a row's id), so that moved elsewhere it opens for nobody. Which key it
was sealed with stands beside it, so that a key can be taken out of the settings once nothing needs it any more.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_DIGITS = 8


class CannotOpenError(ValueError):
    """There is no such key here, or what was sealed was changed or moved."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text that only the holder of a key can read, and which key that is."""

    key_id: str
    content: bytes = field(repr=False)


class KeyRing:
    """The keys for one use: the first seals, all open."""

    def __init__(self, keys: str, use: str) -> None:
        """Read keys of 32 bytes in hexadecimal, with commas between; ValueError, which repeats none, for others.

        Args:
            keys: the keys, the newest first.
            use: what is sealed, for example `webhook secrets`; what another use sealed does not open.
        """
        self._ciphers: dict[str, AESGCM] = {}
        for text in keys.split(","):
            try:
                key = bytes.fromhex(text.strip())
            except ValueError:
                key = b""
            if len(key) != KEY_BYTES:
                raise ValueError(f"must be keys of {KEY_BYTES} bytes in hexadecimal digits, with commas between")
            derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"jitney seal {use}".encode()).derive(key)
            # Of what is derived, so that it tells nothing of the key, nor of the key's other uses.
            self._ciphers[hashlib.sha256(derived).hexdigest()[:_ID_DIGITS]] = AESGCM(derived)
        self.key_id = next(iter(self._ciphers))
        """Of the key that seals."""

    def seal(self, text: str, place: bytes) -> Sealed:
        """Seal a text for a place."""
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(self.key_id, nonce + self._ciphers[self.key_id].encrypt(nonce, text.encode(), place))

    def open(self, sealed: Sealed, place: bytes) -> str:
        """Open what was sealed for a place. Raises CannotOpenError."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise CannotOpenError(f"there is no key {sealed.key_id} here")
        nonce, ciphertext = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, place).decode()
        except InvalidTag:
            raise CannotOpenError(f"what is sealed with {sealed.key_id} was changed or moved") from None
