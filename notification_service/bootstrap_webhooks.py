"""Puts together the webhooks: who keeps endpoints, and the worker that posts to them."""

from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable

from chassis.database import Database
from chassis.runtime import Workers
from chassis.seals import KeyRing
from chassis.server import ServiceServer
from chassis.telemetry import follow_out
from notification_service.adapters.postgres_webhooks import PostgresWebhooks
from notification_service.adapters.webhook_poster import WebhookPoster
from notification_service.entrypoints.webhook_servicer import SERVICE_NAME, WebhookServicer
from notification_service.entrypoints.webhook_worker import WebhookAlarm, keep_sealed, watch_webhooks_forever
from notification_service.use_cases.keep_webhooks import KeepWebhooks
from notification_service.use_cases.send_webhooks import SendWebhooks
from ridesharing.notification.v1.webhook_service_pb2_grpc import add_WebhookServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class Webhooks:
    """All of it, over one store and one way out."""

    def __init__(self, database: Database, keys: KeyRing, clock: Clock, *, private_too: bool) -> None:
        self._store = PostgresWebhooks(database, keys)
        self._poster = WebhookPoster(private_too=private_too)
        self._clock = clock
        self.alarm = WebhookAlarm(self._store)

    @property
    def close(self) -> Callable[[], Awaitable[object]]:
        """What closes the connections."""
        return self._poster.aclose

    def add_worker(self, workers: Workers, jitter: random.Random) -> None:
        """Register the workers."""
        send = SendWebhooks(self._store, self._poster, self._clock, jitter, follow_out)
        workers.add("secrets of endpoints", lambda: keep_sealed(self._store))
        workers.add("webhooks", lambda: send.run(self.alarm.wait))
        workers.add("age of webhooks", lambda: watch_webhooks_forever(self._store, self._clock))

    def add_service(self, server: ServiceServer, new_id: IdSource) -> None:
        """Add what operators ask of it."""
        keep = KeepWebhooks(self._store, self._poster, self._clock, new_id, os.urandom)
        server.add(add_WebhookServiceServicer_to_server, WebhookServicer(keep, self.alarm.stir), SERVICE_NAME)
