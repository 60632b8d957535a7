"""Take in what an SMS provider says became of a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from notification_service.domain.delivery import DeliveryEvent
from notification_service.use_cases.ports import Timelines
from shared_kernel.clock import Clock
from shared_kernel.errors import Unauthenticated

_KINDS = {"delivered": "delivered", "undelivered": "undelivered", "failed": "undelivered"}
"""Of Twilio's statuses; queued, sending and sent say nothing that is not known."""
_DEAD_NUMBERS = frozenset({"30003", "30005", "30006"})
"""Unreachable, unknown, a landline (Twilio's error codes of messages)."""


class SignedReceipt(NamedTuple):
    """A receipt that is genuine: the providers that may have signed it, and its fields."""

    providers: Sequence[str]
    fields: Mapping[str, str]


Verify = Callable[[bytes, str], SignedReceipt | None]
"""Reads a posted form if its signature is a provider's (form, signature)."""


class TakeSmsReceipt:
    """Keeps a receipt as an event of its delivery; a number that is dead is not written to again."""

    def __init__(self, timelines: Timelines, verify: Verify, clock: Clock) -> None:
        self._timelines = timelines
        self._verify = verify
        self._clock = clock

    async def __call__(self, form: bytes, signature: str) -> bool:
        """Keep it; False where it says nothing new, or of no message of ours.

        Raises:
            Unauthenticated: `invalid_signature`.
        """
        receipt = self._verify(form, signature)
        if receipt is None:
            raise Unauthenticated("invalid_signature", "this is not the provider's")
        fields = receipt.fields
        kind = _KINDS.get(fields.get("MessageStatus", ""))
        message_id = fields.get("MessageSid", "")
        if kind is None or not message_id:
            return False
        code = fields.get("ErrorCode", "")
        event = DeliveryEvent(kind, self._clock.now(), "", f"{message_id} {code}".strip())
        return await self._timelines.take_receipt(receipt.providers, message_id, event, dead=code in _DEAD_NUMBERS)
