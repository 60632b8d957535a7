"""Bank accounts of connected accounts: Stripe's test tokens and test numbers, and what payouts to them come to."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from pydantic import Field

from jitney.sandbox.psp.errors import Json, resource_missing
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.psp.parameters import Currency, Group, Identifier, Metadata, Text, merged_metadata

KIND = "bank_account"
RETURNED: Final = "returned"
"""What no test account of Stripe's does: the payout is paid, and comes back some time later."""

_OUTCOMES: Final = {
    "000123456789": "",
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
    "000777777771": RETURNED,
}
TOKENS: Final = {
    "btok_us": "000123456789",
    "btok_us_verified": "000123456789",
    "btok_us_verified_noAccount": "000111111116",
    "btok_us_verified_accountClosed": "000111111113",
    "btok_us_verified_insufficientFunds": "000222222227",
    "btok_us_verified_debitNotAuthorized": "000333333335",
    "btok_us_verified_invalidCurrency": "000444444440",
    "btok_sandbox_returned": "000777777771",
}
"""The last one is the sandbox's own."""


class BankNumbers(Group):
    """A bank account by its numbers. Only test numbers have a meaning; any other takes every payout."""

    object: Literal["bank_account"]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Currency
    account_number: Annotated[str, Field(pattern=r"^[A-Z0-9]{4,34}$")]
    routing_number: Annotated[str, Field(max_length=34)] | None = None
    account_holder_name: Text | None = None
    account_holder_type: Literal["individual", "company"] | None = None


ExternalAccount = BankNumbers | Identifier
"""The numbers, or a token."""


def outcome_of(account_number: str) -> str:
    """Tell what payouts to an account come to: why they fail, `RETURNED`, or empty when they are paid."""
    return _OUTCOMES.get(account_number, "")


def make(call: Call, account: str, given: ExternalAccount, metadata: Metadata, *, default: bool) -> Json:
    """Store a bank account of a connected account.

    Raises:
        StripeError: `resource_missing`: no such token.
    """
    if isinstance(given, str):
        if given not in TOKENS:
            raise resource_missing("token", given, "external_account")
        numbers = BankNumbers(
            object="bank_account",
            country="US",
            currency="usd",
            account_number=TOKENS[given],
            routing_number="110000000",
        )
    else:
        numbers = given
    digest = hashlib.sha256(f"{numbers.country}{numbers.routing_number}{numbers.account_number}".encode()).hexdigest()
    bank: Json = {
        "id": call.identifiers.stripe("ba"),
        "object": KIND,
        "account": account,
        "account_holder_name": numbers.account_holder_name,
        "account_holder_type": numbers.account_holder_type,
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": numbers.country,
        "created": call.now,
        "currency": numbers.currency.lower(),
        "default_for_currency": default,
        "fingerprint": digest[:16],
        "last4": numbers.account_number[-4:],
        "metadata": merged_metadata({}, metadata),
        "routing_number": numbers.routing_number,
        "status": "new",
    }
    call.objects.insert(bank, parent=account, private=outcome_of(numbers.account_number))
    return bank
