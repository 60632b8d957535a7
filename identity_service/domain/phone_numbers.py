"""Which phone numbers may sign in: those that can receive an SMS at an ordinary price."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from shared_kernel.errors import FieldViolation, InvalidInput

_RECEIVES_SMS = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP})
_LAST_DIGITS = 4


def check_phone_number(text: str, *, fictional_allowed: bool) -> str:
    """Return a number in E.164 if a code may be sent to it.

    By the numbering plans in `phonenumbers`: a number must be assigned and of a kind that receives SMS at an ordinary
    price, which leaves out premium, shared-cost and personal numbers (the target of SMS pumping).

    Args:
        text: the number in E.164 as the client wrote it.
        fictional_allowed: whether a number also passes that merely has the right length and belongs to no kind, such as
            +447700900123: many numbers set aside for fiction do not, and work on one's own machine uses them.

    Raises:
        InvalidInput: `phone_not_supported`.
    """
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise _not_supported() from None
    kind = phonenumbers.number_type(number)
    fictional = kind == PhoneNumberType.UNKNOWN and fictional_allowed and phonenumbers.is_possible_number(number)
    if phonenumbers.format_number(number, PhoneNumberFormat.E164) != text or not (kind in _RECEIVES_SMS or fictional):
        raise _not_supported()
    return text


def country_of(phone_number: str) -> str:
    """Return the country (ISO 3166) of a number in E.164; of a plan that several share, its calling code."""
    number = phonenumbers.parse(phone_number, None)
    return phonenumbers.region_code_for_number(number) or f"+{number.country_code}"


def last_digits(phone_number: str) -> str:
    """Return what may be shown of a number."""
    return phone_number[-_LAST_DIGITS:]


def _not_supported() -> InvalidInput:
    return InvalidInput(
        "phone_not_supported",
        "codes cannot be sent to this phone number",
        violations=[FieldViolation("phone_number", "must be a mobile number in E.164, for example +14155552671")],
    )
