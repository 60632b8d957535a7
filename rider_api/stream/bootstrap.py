"""Makes the streams' application of this process from its settings."""

from __future__ import annotations

from starlette.types import ASGIApp

from chassis.auth import TokenVerifier
from chassis.live_hub import Hub
from chassis.logs import configure_logging
from chassis.redis_client import open_redis, open_redis_for_reading
from chassis.settings import load_settings
from chassis.telemetry import configure_telemetry
from chassis.tls import certificates_for
from rider_api.keys import load_or_exit
from rider_api.settings import EdgeSettings
from rider_api.stream.app import Streams, make_app
from rider_api.stream.openings import Openings
from rider_api.stream.rides import Rides
from shared_kernel.clock import Clock, SystemClock
from shared_kernel.ids import Uuid7Source

SERVICE = "rider_api_stream"
# Commands are short: a few connections carry many streams.
_COMMAND_CONNECTIONS = 8


def make_streams(settings: EdgeSettings, clock: Clock) -> Streams:
    """Put together what the routes share. Nothing is connected yet."""
    new_id = Uuid7Source()
    redis = open_redis(settings.redis_url, max_connections=_COMMAND_CONNECTIONS)
    reader = open_redis_for_reading(settings.redis_url)
    return Streams(
        settings=settings,
        verifier=load_or_exit("JITNEY_JWKS_FILE", lambda: TokenVerifier.from_file(settings.jwks_file)),
        redis=redis,
        hub=Hub(reader, redis, clock, new_id(), settings.stream_queue_size),
        clock=clock,
        new_id=new_id,
        rides=Rides(settings.matching_target, certificates_for(settings)),
        openings=Openings(settings.rest_reads_per_minute),
    )


def load() -> ASGIApp:
    """Read the settings (a wrong one ends the process with status 2) and make the application."""
    settings = load_settings(EdgeSettings)
    configure_logging(SERVICE, settings.log_level, settings.log_level_file)
    configure_telemetry(SERVICE, settings)
    return make_app(make_streams(settings, SystemClock()))
