"""A live stream by gRPC lasts no longer than the token that it was opened with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from chassis.auth import Actor, Role, set_current_actor
from chassis.live_hub import Hub
from chassis.live_replay import Resumption
from chassis.live_subscription import Subscription
from notification_service.domain.seen import Follower, Position
from notification_service.entrypoints.live_connection import LiveBounds
from notification_service.entrypoints.live_servicer import LiveServicer
from notification_service.use_cases.keep_acknowledgements import KeepAcknowledgements, LivePositions
from ridesharing.notification.v1 import live_service_pb2 as pb

NOW = datetime(2030, 1, 1, tzinfo=UTC)
_PATIENCE_SECONDS = 20.0
"""Far less than a stream lasts whose token goes on."""


class Clock:
    def now(self) -> datetime:
        return NOW


class QuietHub:
    """Nothing happens, and who waits is told so."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []

    def __len__(self) -> int:
        return len(self.subscriptions)

    def subscribe(self, account: str, position: Position) -> Subscription:
        self.subscriptions.append(Subscription(account, "me", 1, position, 2))
        return self.subscriptions[-1]

    def unsubscribe(self, subscription: Subscription) -> None:
        self.subscriptions.remove(subscription)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.01)
            for subscription in self.subscriptions:
                subscription.lapse(asyncio.get_running_loop().time())


class AtTheBeginning:
    """Where each follower stands."""

    async def of(self, follower: Follower) -> Position | None:
        return (1, 0)


class Context:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[pb.FollowLiveResponse] = []

    async def write(self, response: pb.FollowLiveResponse) -> None:
        self.written.append(response)


async def test_a_stream_ends_with_the_token_that_it_was_opened_with() -> None:
    async def resume(account: str, last_event_id: str) -> Resumption:
        return Resumption((1, 0), (), (1, 0), gap=False)

    async def requests() -> AsyncIterator[pb.FollowLiveRequest]:
        yield pb.FollowLiveRequest(hello=pb.LiveHello())
        await asyncio.Event().wait()

    hub, context = QuietHub(), Context()
    servicer = LiveServicer(
        cast("Hub", hub),
        resume,
        cast("LivePositions", AtTheBeginning()),
        cast("KeepAcknowledgements", None),
        Clock(),
        connections_max=1,
        bounds=LiveBounds(),
    )
    ends_at = NOW + timedelta(seconds=0.2)
    set_current_actor(Actor(Role.DRIVER, str(uuid4()), "token", "identity", "sign-in", ends_at=ends_at))

    telling = asyncio.create_task(hub.run())
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await servicer.FollowLive(requests(), cast("Any", context))
    telling.cancel()

    assert context.written[0].HasField("welcome")
    assert len(hub) == 0
