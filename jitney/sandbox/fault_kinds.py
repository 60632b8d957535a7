"""The one table of what can go wrong where. The rules, the reference page and `docs/sandbox.md` follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Target = Literal["psp", "sms", "voice", "fcm", "apns", "smtp", "webhook"]


class FaultKind(StrEnum):
    """What goes wrong; what each means is in `FAULTS`."""

    TIMEOUT_BEFORE_EFFECT = "timeout_before_effect"
    TIMEOUT_AFTER_EFFECT = "timeout_after_effect"
    RESET_BEFORE_EFFECT = "reset_before_effect"
    RESET_AFTER_EFFECT = "reset_after_effect"
    ERROR_BEFORE_EFFECT = "error_before_effect"
    ERROR_AFTER_EFFECT = "error_after_effect"
    RATE_LIMITED = "rate_limited"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    UNREGISTERED = "unregistered"
    UNDELIVERED = "undelivered"
    NO_RECEIPT = "no_receipt"
    DOWN = "down"
    DELAY = "delay"
    DECLINE = "decline"
    PROCESSING = "processing"
    PROCESSING_FAILS = "processing_fails"
    PENDING = "pending"
    FAILS_LATER = "fails_later"
    DUPLICATE = "duplicate"
    REORDERED = "reordered"
    LATE = "late"
    EARLY = "early"
    NEVER = "never"
    BAD_SIGNATURE = "bad_signature"
    REPLAY_OLD = "replay_old"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a kind of fault means.

    Args:
        targets: where it can happen.
        words: what happens.
        operations: the operations that it makes sense for; `*`: all.
        waits: it keeps a client waiting, in real seconds.
        of_the_work: it strikes work that is done; a call that only replays a stored answer cannot meet it.
    """

    targets: tuple[Target, ...]
    words: str
    operations: str = "*"
    waits: bool = False
    of_the_work: bool = False


_TWILIO: Final = ("sms", "voice")
_BOTH: Final = ("psp", *_TWILIO)
_POST: Final = (*_TWILIO, "fcm", "apns", "smtp")
_ALL: Final = ("psp", *_POST)
FAULTS: Final[dict[FaultKind, Fault]] = {
    FaultKind.TIMEOUT_BEFORE_EFFECT: Fault(
        _ALL, "Nothing is done and nothing is answered; the connection is reset after `seconds`.", waits=True
    ),
    FaultKind.TIMEOUT_AFTER_EFFECT: Fault(
        _ALL, "It is done, and nothing is answered; the connection is reset after `seconds`.", waits=True
    ),
    FaultKind.RESET_BEFORE_EFFECT: Fault(_BOTH, "Nothing is done; the connection is reset at once."),
    FaultKind.RESET_AFTER_EFFECT: Fault(_BOTH, "It is done; the connection is reset instead of an answer."),
    FaultKind.ERROR_BEFORE_EFFECT: Fault(
        _ALL, "500, and nothing was done. The processor replays the 500 under the same key.", of_the_work=True
    ),
    FaultKind.ERROR_AFTER_EFFECT: Fault(
        _BOTH, "500, and it was done. The processor replays the 500 under the same key.", of_the_work=True
    ),
    FaultKind.RATE_LIMITED: Fault(_ALL, "429, and nothing was done; the key is not spent."),
    FaultKind.CONFLICT: Fault(("psp",), "409, as if the same key were being worked on."),
    FaultKind.UNAVAILABLE: Fault(_ALL, "503, and nothing was done; the key is not spent."),
    FaultKind.REFUSED: Fault(_POST, "The message is refused for good, as one that is wrong (400)."),
    FaultKind.UNREGISTERED: Fault(
        _POST,
        "The recipient is refused for good: a number that unsubscribed (21610), an app that was removed, no mailbox.",
    ),
    FaultKind.UNDELIVERED: Fault(
        _TWILIO,
        "It is taken, and its receipt says that it did not arrive; of a call `failure_code` says why: `no_answer`, "
        "`busy` or `failed`.",
    ),
    FaultKind.NO_RECEIPT: Fault(_TWILIO, "It is taken, and no receipt ever comes."),
    FaultKind.DOWN: Fault(
        ("psp",), "Every connection is reset for `seconds` of the sandbox's clock, from the making of the rule on."
    ),
    FaultKind.DELAY: Fault(
        _BOTH, "The work begins `seconds` late, whether or not the client still waits; the key is in use.", waits=True
    ),
    FaultKind.DECLINE: Fault(
        ("psp",),
        "The card's issuer refuses with `decline_code` (402); what asks no issuer is refused with that code (400).",
        of_the_work=True,
    ),
    FaultKind.PROCESSING: Fault(
        ("psp",),
        "A capture is answered `processing`, and is done `seconds` later.",
        "payment_intents.*",
        of_the_work=True,
    ),
    FaultKind.PROCESSING_FAILS: Fault(
        ("psp",),
        "A capture is answered `processing`, and fails `seconds` later; the hold is gone.",
        "payment_intents.*",
        of_the_work=True,
    ),
    FaultKind.PENDING: Fault(
        ("psp",),
        "A refund begins as `pending`, and succeeds `seconds` later.",
        "refunds.create",
        of_the_work=True,
    ),
    FaultKind.FAILS_LATER: Fault(
        ("psp",),
        "A refund or payout is taken, and fails `seconds` later with `failure_code`; a payout that had arrived by then "
        "is returned.",
        "refunds.create, payouts.create",
        of_the_work=True,
    ),
    FaultKind.DUPLICATE: Fault(("webhook",), "The event is delivered twice."),
    FaultKind.REORDERED: Fault(("webhook",), "The event comes after the next one, or after `seconds` without one."),
    FaultKind.LATE: Fault(("webhook",), "The event comes `seconds` late."),
    FaultKind.EARLY: Fault(("webhook",), "The event is delivered before the answer to the call that caused it."),
    FaultKind.NEVER: Fault(("webhook",), "The event is not delivered; it is listed."),
    FaultKind.BAD_SIGNATURE: Fault(("webhook",), "The first delivery is badly signed; the next one is in order."),
    FaultKind.REPLAY_OLD: Fault(
        ("webhook",), "The event comes, and comes once more with a signature that is `seconds` old."
    ),
}
