"""Which phone numbers get codes."""

import pytest

from identity_service.domain.phone_numbers import check_phone_number, last_digits
from shared_kernel.errors import InvalidInput


@pytest.mark.parametrize("number", ["+14155550100", "+5511999999999", "+447911123456"])
def test_numbers_that_receive_sms_pass(number: str) -> None:
    assert check_phone_number(number, fictional_allowed=False) == number


@pytest.mark.parametrize("number", ["+447700900123", "+15555550100"])
def test_numbers_of_no_kind_pass_only_where_fiction_is_allowed(number: str) -> None:
    assert check_phone_number(number, fictional_allowed=True) == number
    with pytest.raises(InvalidInput) as caught:
        check_phone_number(number, fictional_allowed=False)
    assert caught.value.reason == "phone_not_supported"


@pytest.mark.parametrize("fictional_allowed", [True, False])
@pytest.mark.parametrize(
    "number",
    [
        "+19005550100",  # premium rate
        "+33899123456",  # premium rate
        "+447001234567",  # personal, charged like premium
        "+18005550100",  # toll-free
        "+442079460000",  # fixed line
        "+1415555010",  # too short
        "+141555501000",  # too long
        "+44 7911 123456",
        "4155550100",
        "",
        "+99955501001",  # no such country
    ],
)
def test_numbers_that_get_no_sms_at_an_ordinary_price_are_refused(number: str, fictional_allowed: bool) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_phone_number(number, fictional_allowed=fictional_allowed)
    assert caught.value.reason == "phone_not_supported"
    assert number == "" or number not in str(caught.value)


def test_four_digits_may_be_shown() -> None:
    assert last_digits("+14155550100") == "0100"
