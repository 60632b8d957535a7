"""Hand a message to the first of a channel's providers that takes it, minding which are being left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notification_service.domain.delivery import DeliveryEvent
from notification_service.domain.provider_health import Breaker, ProviderHealth
from notification_service.domain.sending import (
    Accepted,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)
from notification_service.use_cases.outside_ports import Sender
from shared_kernel.clock import Clock
from shared_kernel.origins import Follow, follow_nothing


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it; without a result all providers are being left alone, `free_at` is when one may be asked."""

    result: SendResult | None
    provider: str
    events: Sequence[DeliveryEvent]
    free_at: datetime | None = None


class SendByProviders:
    """The providers of a channel, in the order of preference, each with its breaker.

    A provider that definitely did not take a message is followed by the next at once. One that did not answer may have
    taken it: that is told, and a later attempt begins with another.
    """

    def __init__(
        self,
        senders: Sequence[Sender],
        make_breaker: Callable[[str], Breaker],
        clock: Clock,
        on_change: Callable[[ProviderHealth], None],
        follow: Follow = follow_nothing,
    ) -> None:
        self._senders = [(sender, make_breaker(sender.provider)) for sender in senders]
        self._clock = clock
        self._on_change = on_change
        self._follow = follow

    def free_at(self) -> datetime | None:
        """Return when some provider may be asked; None for at once."""
        now = self._clock.now()
        times = [breaker.free_at(now) for _, breaker in self._senders]
        if None in times:
            return None
        return min(time for time in times if time is not None) if times else None

    async def __call__(self, message: Outgoing, target: Target, patience_seconds: float, avoid: str = "") -> Answer:
        """Ask one provider after the other; `avoid` is the one that did not answer the last time."""
        able = [pair for pair in self._senders if pair[0].takes(target)]
        if not able:
            return Answer(Refused("no_provider_for_target"), "", ())
        able.sort(key=lambda pair: pair[0].provider == avoid)
        events: list[DeliveryEvent] = []
        result: SendResult | None = None
        provider = ""
        for sender, breaker in able:
            if not breaker.begin(self._clock.now()):
                continue
            if result is not None:
                events.append(DeliveryEvent("failed_over", self._clock.now(), sender.provider, f"from {provider}"))
            provider = sender.provider
            try:
                result = await self._ask(sender, message, target, patience_seconds)
            except BaseException:
                # A worker that ends, or a sender that breaks: a trial would else be waited for until the process ends.
                breaker.cut_off()
                raise
            self._judge(breaker, result)
            events.append(DeliveryEvent(kind_of(result), self._clock.now(), provider, reason_of(result)))
            if not isinstance(result, Throttled | Unavailable):
                break
        if result is None:
            return Answer(None, "", (), self._earliest([breaker for _, breaker in able]))
        return Answer(result, provider, events)

    async def _ask(self, sender: Sender, message: Outgoing, target: Target, patience_seconds: float) -> SendResult:
        try:
            with self._follow(message.origin.trace, f"send {message.channel.value} {sender.provider}"):
                async with asyncio.timeout(patience_seconds):
                    return await sender.send(message, target)
        except TimeoutError:
            return Unknown(f"{sender.provider}_unanswered")

    def _judge(self, breaker: Breaker, result: SendResult) -> None:
        now = self._clock.now()
        match result:
            case Accepted() | Refused() | Unregistered() | Throttled(of_target=True):
                changed = breaker.succeeded()
            case Throttled(reason, asked):
                changed = breaker.throttled(reason, asked, now)
            case Unavailable(reason, asked):
                changed = breaker.throttled(reason, asked, now) if asked else breaker.failed(reason, now)
            case Unknown(reason):
                changed = breaker.failed(reason, now)
        if changed:
            self._on_change(breaker.health(now))

    def _earliest(self, breakers: Sequence[Breaker]) -> datetime:
        now = self._clock.now()
        return min(breaker.free_at(now) or now for breaker in breakers)


def kind_of(result: SendResult) -> str:
    """Name a result, as delivery events do."""
    return type(result).__name__.lower()


def reason_of(result: SendResult) -> str:
    """Return the words of a result; of an accepted one, the id that receipts will call it by."""
    return result.provider_message_id if isinstance(result, Accepted) else result.reason
