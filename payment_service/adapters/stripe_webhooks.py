"""Stripe's webhooks: the signature over the raw bytes (scheme v1), and what an event tells.

Source of the scheme: Stripe's page on verifying webhook signatures. The header is `t=…,v1=…`, with a `v1` for each
secret while one is being replaced; what is signed is `t.body`, by HMAC-SHA256.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from payment_service.adapters.stripe_payments import payment_shown
from payment_service.domain.psp_event import PspEvent
from payment_service.use_cases.psp_objects import SeenPayment
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput

TOLERANCE_SECONDS = 300
"""How far a signature's time may be from ours: an older one is a replay."""
_MAX_SIGNATURES = 16
_MAX_NAME_LENGTH = 255


class StripeWebhooks:
    """See `receive_psp_event.PspEventReader`."""

    def __init__(self, secrets: Sequence[str], clock: Clock) -> None:
        """Make it; any of the secrets may have signed: two are in use while one is replaced by the other."""
        self._secrets = [secret.encode() for secret in secrets]
        self._clock = clock

    def read(self, payload: bytes, signature: str) -> PspEvent:
        self._verify(payload, signature)
        try:
            told: Any = json.loads(payload)
            subject = told["data"]["object"]
            event_id, event_type, object_id = (_name(value) for value in (told["id"], told["type"], subject["id"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            violation = FieldViolation("payload", "must be an event about an object")
            raise InvalidInput("invalid_psp_event", "this is not an event", violations=[violation]) from None
        subject = cast("dict[str, Any]", subject)
        return PspEvent(
            id=event_id,
            type=event_type,
            object_id=object_id,
            psp_payment_id=object_id if subject.get("object") == "payment_intent" else _text(subject, "payment_intent"),
            operation_id=_operation(subject.get("metadata")),
            account_id=_text(cast("dict[str, Any]", told), "account"),
            payload=payload,
            received_at=self._clock.now(),
        )

    def payment_shown(self, payload: bytes) -> SeenPayment | None:
        """Return the payment that an event which was read before shows, as it was then; None if it shows none."""
        try:
            return payment_shown(json.loads(payload)["data"]["object"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # Kept by a release that took others.
            return None

    def _verify(self, payload: bytes, signature: str) -> None:
        parts = [part.strip().partition("=") for part in signature.split(",", _MAX_SIGNATURES)]
        times = [value for name, _, value in parts if name == "t"]
        given = [value for name, _, value in parts if name == "v1"]
        if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
            raise _refused("the signature has no time")
        signed = times[0].encode() + b"." + payload
        for secret in self._secrets:
            expected = hmac.new(secret, signed, hashlib.sha256).hexdigest().encode()
            if any(hmac.compare_digest(expected, candidate.encode()) for candidate in given):
                break
        else:
            raise _refused("the signature does not fit the body")
        if abs(self._clock.now().timestamp() - int(times[0])) > TOLERANCE_SECONDS:
            raise _refused("the signature is too old")


def _refused(why: str) -> InvalidInput:
    return InvalidInput("invalid_signature", why, violations=[FieldViolation("signature", why)])


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME_LENGTH or "\x00" in value:
        raise ValueError(value)
    value.encode()  # half of a surrogate pair is a ValueError too
    return value


def _text(subject: dict[str, Any], name: str) -> str:
    try:
        return _name(subject.get(name))
    except ValueError:
        return ""


def _operation(metadata: object) -> UUID | None:
    try:
        return UUID(cast("dict[str, str]", metadata)["op_id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
