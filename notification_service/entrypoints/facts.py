"""From the events of other services to the facts that people are told of."""

from __future__ import annotations

from google.protobuf.message import Message

from notification_service.domain.facts import Fact
from notification_service.entrypoints.identity_facts import IDENTITY_FACTS
from notification_service.entrypoints.matching_facts import MATCHING_FACTS
from notification_service.entrypoints.payment_facts import PAYMENT_FACTS

_READERS = {**MATCHING_FACTS, **PAYMENT_FACTS, **IDENTITY_FACTS}
FACT_TYPES = tuple(_READERS)
"""The events that become facts."""


def fact_from(message: Message, version: int) -> Fact | None:
    """Read an event of FACT_TYPES; None if nobody is told of it.

    `version` is its aggregate's, by which the news of a ride are put in order.
    """
    return _READERS[type(message)](message, version)
