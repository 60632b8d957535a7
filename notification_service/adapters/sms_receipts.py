"""Receipts of SMS and of calls: forms signed by Twilio's scheme (HMAC-SHA1 over the address and the sorted fields)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from notification_service.adapters.provider_file import Providers, Twilio, TwilioVoice
from notification_service.use_cases.take_sms_receipt import SignedReceipt

_MAX_FIELDS = 40


class SmsAccount(NamedTuple):
    """A provider that posts receipts: its name, the token that it signs with, the address that it was given."""

    provider: str
    token: str
    url: str


class SmsReceipts:
    """Reads receipts that one of the providers signed, for the address that it was given."""

    def __init__(self, accounts: Sequence[SmsAccount]) -> None:
        self._accounts = accounts

    def __call__(self, form: bytes, signature: str) -> SignedReceipt | None:
        """Return a form's fields and whose it may be; None where it is not one, or signed by no provider of ours."""
        try:
            pairs = parse_qsl(form.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        except ValueError:
            return None
        fields = dict(pairs)
        listed = "".join(name + fields[name] for name in sorted(fields))
        # Two providers may be one account: then it cannot be told which of them it was.
        signers = tuple(each.provider for each in self._accounts if _signs(each, listed, signature))
        return SignedReceipt(signers, fields) if signers else None


def accounts_of(providers: Providers) -> list[SmsAccount]:
    """Return the providers that were told where to post receipts."""
    twilio = [provider for provider in providers.providers if isinstance(provider, Twilio | TwilioVoice)]
    return [SmsAccount(each.name, each.token, each.status_url) for each in twilio if each.status_url]


def _signs(account: SmsAccount, listed: str, signature: str) -> bool:
    expected = base64.b64encode(hmac.digest(account.token.encode(), (account.url + listed).encode(), hashlib.sha1))
    return hmac.compare_digest(expected, signature.encode())
