"""Identifiers: UUIDv7 (RFC 9562) inside, TypeID (`ride_01h455vb4pex5vsknk084sn02q`) at the edge."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol
from uuid import UUID

from shared_kernel.errors import FieldViolation, InvalidInput

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE_BY_LETTER = {letter: value for value, letter in enumerate(_CROCKFORD)}
_SUFFIX_LENGTH = 26
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class IdSource(Protocol):
    """Makes new identifiers; injected, so that a test or a replay can make its own."""

    def __call__(self) -> UUID: ...


class Uuid7Source:
    """UUIDv7 by RFC 9562 §5.7 with the millisecond's counter in rand_a, so ids of one process sort by their making."""

    def __init__(
        self,
        unix_millis: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._unix_millis = unix_millis
        self._random_bytes = random_bytes
        self._lock = Lock()
        self._last_millis = 0
        self._counter = 0

    def __call__(self) -> UUID:
        with self._lock:
            millis = max(self._unix_millis(), self._last_millis)
            if millis == self._last_millis:
                self._counter += 1
                if self._counter > 0xFFF:
                    millis, self._counter = millis + 1, 0
            else:
                self._counter = int.from_bytes(self._random_bytes(2), "big") & 0x3FF
            self._last_millis = millis
            counter = self._counter
        rand_b = int.from_bytes(self._random_bytes(8), "big") & ((1 << 62) - 1)
        return UUID(int=(millis << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | rand_b)


def made_at(value: UUID) -> datetime:
    """Return when a UUIDv7 was made, to the millisecond (RFC 9562 §5.7); of any other id, nothing of meaning."""
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


def least_id_of(moment: datetime) -> UUID:
    """Return the id below all UUIDv7 that were made at a moment or later, and above all of before."""
    return UUID(int=((moment - _EPOCH) // timedelta(milliseconds=1)) << 80)


def to_public_id(prefix: str, value: UUID) -> str:
    """Write an id for the outside: prefix, underscore, 26 letters of Crockford's base 32 (the TypeID specification)."""
    number, letters = value.int, []
    for _ in range(_SUFFIX_LENGTH):
        number, digit = divmod(number, 32)
        letters.append(_CROCKFORD[digit])
    return f"{prefix}_{''.join(reversed(letters))}"


def from_public_id(prefix: str, text: str, *, field: str = "id") -> UUID:
    """Read an id from the outside; anything but a well-formed id of this prefix is `invalid_id`."""
    head, _, suffix = text.rpartition("_")
    if head == prefix and len(suffix) == _SUFFIX_LENGTH and suffix[0] in "01234567":
        try:
            number = 0
            for letter in suffix:
                number = number * 32 + _VALUE_BY_LETTER[letter]
            return UUID(int=number)
        except KeyError:
            pass
    raise InvalidInput(
        "invalid_id",
        f"not an id of the form {prefix}_…",
        violations=[FieldViolation(field, f"must be {prefix}_ and {_SUFFIX_LENGTH} letters of Crockford's base 32")],
    )
