"""Identifiers in the providers' styles: `pi_` and 24 letters and digits, `SM` and 32 hexadecimal digits."""

from __future__ import annotations

import os
import string
from collections.abc import Callable

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Identifiers:
    """Makes new identifiers; the source of randomness is injected."""

    def __init__(self, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._random_bytes = random_bytes

    def stripe(self, prefix: str, length: int = 24) -> str:
        """Make `prefix_` and so many letters and digits, at most 42 of them."""
        number, letters = int.from_bytes(self._random_bytes(32), "big"), ""
        for _ in range(length):
            number, digit = divmod(number, len(_ALPHABET))
            letters += _ALPHABET[digit]
        return f"{prefix}_{letters}"

    def twilio(self, prefix: str) -> str:
        """Make `prefix` and 32 hexadecimal digits."""
        return prefix + self._random_bytes(16).hex()
