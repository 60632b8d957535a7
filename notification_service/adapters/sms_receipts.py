"""Receipts of the SMS provider: forms signed by Twilio's scheme (HMAC-SHA1 over the address and the sorted fields)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

_MAX_FIELDS = 40


class SmsReceipts:
    """Reads receipts that are signed with the account's token, for the address that the provider was given."""

    def __init__(self, token: str, url: str) -> None:
        self._token = token.encode()
        self._url = url

    def __call__(self, form: bytes, signature: str) -> Mapping[str, str] | None:
        """Return the fields of a form; None where it is not one, or not signed by the provider."""
        try:
            pairs = parse_qsl(form.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        except ValueError:
            return None
        fields = dict(pairs)
        signed = self._url + "".join(name + fields[name] for name in sorted(fields))
        expected = base64.b64encode(hmac.digest(self._token, signed.encode(), hashlib.sha1))
        return fields if hmac.compare_digest(expected, signature.encode()) else None
