"""Take in what a provider says became of an SMS, or of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from notification_service.domain.delivery import DeliveryEvent
from notification_service.use_cases.ports import Timelines
from shared_kernel.clock import Clock
from shared_kernel.errors import Unauthenticated

_KINDS = {"delivered": "delivered", "undelivered": "undelivered", "failed": "undelivered"}
"""Of Twilio's statuses of an SMS; queued, sending and sent say nothing that is not known."""
_CALL_KINDS = {
    "completed": "delivered",
    **dict.fromkeys(("busy", "no-answer", "failed", "canceled"), "undelivered"),
}
"""Of Twilio's statuses of a call; it was taken up by somebody, or by a machine, or not at all."""
_PAUSES_SECONDS = (0.2, 0.6, 1.2)
"""How long to wait for the message of a receipt that comes before its id is written down: a provider may be quicker."""
_DEAD_NUMBERS = frozenset({"30005", "30006"})
"""Unknown, a landline (Twilio's error codes of messages). Not 30003: that is a phone which is off just now."""


class SignedReceipt(NamedTuple):
    """A receipt that is genuine: the providers that may have signed it, and its fields."""

    providers: Sequence[str]
    fields: Mapping[str, str]


Verify = Callable[[bytes, str], SignedReceipt | None]
"""Reads a posted form if its signature is a provider's (form, signature)."""


class TakeSmsReceipt:
    """Keeps a receipt as an event of its delivery; a number that is dead is not written to again.

    Of a one-time code it decides whether a call follows: so it is worth waiting a moment for.
    """

    def __init__(
        self,
        timelines: Timelines,
        verify: Verify,
        clock: Clock,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._timelines = timelines
        self._verify = verify
        self._clock = clock
        self._pause = pause

    async def __call__(self, form: bytes, signature: str) -> bool:
        """Keep it; False where it says nothing new, or of no message of ours.

        Raises:
            Unauthenticated: `invalid_signature`.
        """
        receipt = self._verify(form, signature)
        if receipt is None:
            raise Unauthenticated("invalid_signature", "this is not the provider's")
        fields = receipt.fields
        kind, message_id, said = _read(fields)
        if kind is None or not message_id:
            return False
        event = DeliveryEvent(kind, self._clock.now(), "", f"{message_id} {said}".strip())
        # A number that does not take calls is not dead: only codes of SMS say so.
        dead = said in _DEAD_NUMBERS and "MessageSid" in fields
        for seconds in (*_PAUSES_SECONDS, None):
            kept = await self._timelines.take_receipt(receipt.providers, message_id, event, dead=dead)
            if kept is not None or seconds is None:
                return bool(kept)
            await self._pause(seconds)
        return False


def _read(fields: Mapping[str, str]) -> tuple[str | None, str, str]:
    """Return what a receipt says: the kind of event, the provider's id, and its own word for why."""
    if "CallSid" in fields:
        status = fields.get("CallStatus", "")
        kind = _CALL_KINDS.get(status)
        return kind, fields["CallSid"], status if kind == "undelivered" else ""
    return _KINDS.get(fields.get("MessageStatus", "")), fields.get("MessageSid", ""), fields.get("ErrorCode", "")
