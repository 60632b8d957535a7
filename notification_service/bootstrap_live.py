"""Puts together the live streams that are followed by gRPC."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from redis.asyncio import Redis

from chassis.live_hub import Hub
from chassis.live_replay import resume
from chassis.runtime import Workers
from chassis.server import ServiceServer
from notification_service.adapters.live_positions import RedisLivePositions
from notification_service.entrypoints.live_connection import LiveBounds
from notification_service.entrypoints.live_servicer import SERVICE_NAME, LiveServicer
from notification_service.settings import NotificationSettings
from notification_service.use_cases.keep_acknowledgements import KeepAcknowledgements
from notification_service.use_cases.ports import Store
from ridesharing.notification.v1.live_service_pb2_grpc import add_LiveServiceServicer_to_server
from shared_kernel.clock import Clock


class LiveStreams:
    """One reader of Redis for all connections of this process, and one writer of what they acknowledge.

    `reader` is a client for the blocking read alone.
    """

    def __init__(
        self,
        settings: NotificationSettings,
        redis: Redis,
        reader: Redis,
        store: Store,
        clock: Clock,
        process_id: UUID,
    ) -> None:
        self._hub = Hub(reader, redis, clock, process_id, settings.notification_stream_queue_size)
        positions = RedisLivePositions(redis)
        self._servicer = LiveServicer(
            self._hub,
            partial(resume, redis),
            positions,
            KeepAcknowledgements(store, positions, clock),
            clock,
            connections_max=settings.notification_stream_connections_max,
            bounds=LiveBounds(
                heartbeat_seconds=settings.notification_stream_heartbeat_seconds,
                max_age_seconds=settings.notification_stream_max_age_seconds,
                unacknowledged_max=settings.notification_stream_unacknowledged_max,
                patience_seconds=settings.notification_stream_patience_seconds,
            ),
        )

    def add_to(self, server: ServiceServer, workers: Workers) -> None:
        """Add the service; its streams end when the server begins to leave, so that their clients go elsewhere."""
        workers.add("live stream reader", self._hub.run)
        workers.add("acknowledgements", self._servicer.write_acknowledgements)
        server.add(add_LiveServiceServicer_to_server, self._servicer, SERVICE_NAME)
        server.when_leaving(self._hub.close)
