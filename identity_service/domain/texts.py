"""Text that people write about themselves: names, vehicles, reasons, languages."""

from __future__ import annotations

import re
import unicodedata

from shared_kernel.errors import FieldViolation, InvalidInput

DEFAULT_LOCALE = "en"
_LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def clean_text(field: str, text: str, *, required: bool = True) -> str:
    """Return a text in Unicode's NFC without spaces around it.

    Control characters are refused: PostgreSQL cannot store NUL, and the others only serve to deceive a reader
    (direction overrides, line breaks in a name).

    Raises:
        InvalidInput: `invalid_argument`, naming the field.
    """
    cleaned = unicodedata.normalize("NFC", text).strip()
    if required and not cleaned:
        raise _refused(field, "must not be blank")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} or letter in "\u202a\u202b\u202d\u202e" for letter in cleaned):
        raise _refused(field, "must not contain control characters")
    return cleaned


def clean_locale(field: str, text: str) -> str:
    """Return a language tag of BCP 47's form (`en`, `pt-BR`); an empty one is the default language.

    Raises:
        InvalidInput: `invalid_argument`, naming the field.
    """
    if not text:
        return DEFAULT_LOCALE
    if len(text) > 35 or _LOCALE.fullmatch(text) is None:
        raise _refused(field, "must be a language tag such as en or pt-BR (BCP 47)")
    return text


def _refused(field: str, description: str) -> InvalidInput:
    return InvalidInput("invalid_argument", f"{field} {description}", violations=[FieldViolation(field, description)])
