"""What goes through a way out, and what its provider says to it.

A provider either took a message, or did not, or it is not known whether it did:

    Accepted      it has it
    Throttled     not taken: too much at once, come again later; may be said of the target alone
    Unavailable   not taken: the provider is not there, is broken or does not know us; another one may take it now
    Unregistered  not taken, and nothing will reach this target again
    Refused       not taken, and will not be by anybody: the message or the target is wrong
    Unknown       no answer came; it may have been taken, so that sending it again may tell somebody twice
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notification_service.domain.channels import Channel, Priority
from shared_kernel.origins import NOWHERE, Origin


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a message on one channel: `title` for push and mail, `html` for mail alone."""

    title: str = ""
    body: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a way out needs it.

    Of several with the same `collapse_key` a device shows the newest; empty: each by itself. `live_type` and
    `live_data` (JSON) are what a connected app is sent, and what a push carries beside its words.
    """

    notification_id: UUID
    channel: Channel
    topic: str
    priority: Priority
    expires_at: datetime
    content: Content = Content()
    locale: str = "en"
    collapse_key: str = ""
    live_type: str = ""
    live_data: str = ""
    attempt: int = 1
    """From the second on it may have been taken before, by a worker that died before it could write that down."""
    owed_at: datetime | None = None
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Target:
    """Where it goes: an account's id (stream), a phone number, an address, or a device's token and its platform.

    `platform` is `android`, `ios` or `web`, and empty for all but push.
    """

    address: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it. `provider_message_id` is what its receipts will call it; empty where there are none."""

    provider_message_id: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too much at once; when to come again, if it was said."""

    reason: str
    retry_after_seconds: float | None = None
    of_target: bool = False
    """It is said of this target: what goes to others is taken."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The provider does not take anything now; when to come again, if it was said."""

    reason: str
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unregistered:
    """The token or address is dead."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """This message to this target will never be taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer came."""

    reason: str


SendResult = Accepted | Throttled | Unavailable | Unregistered | Refused | Unknown
