"""Settings of both edge processes."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator, model_validator

from chassis.settings import ChassisSettings, parse_address
from rider_api.defaults import REST_LISTEN, REST_THREADS, REST_THREADS_MAX, STREAM_LISTEN


class EdgeSettings(ChassisSettings):
    """What the edge reads on top of what every process reads."""

    rest_listen: str = REST_LISTEN
    stream_listen: str = STREAM_LISTEN
    identity_target: str = "127.0.0.1:50050"
    matching_target: str = "127.0.0.1:50051"
    payment_target: str = "127.0.0.1:50052"
    notification_target: str = "127.0.0.1:50053"
    rest_threads: int = Field(default=REST_THREADS, ge=1, le=REST_THREADS_MAX)
    """Threads that answer REST requests; each waits for at most one back end at a time."""
    stream_connections_max: int = Field(default=10_000, ge=1)
    stream_queue_size: int = Field(default=256, ge=1)
    """Events that may wait for one slow client before it is sent away."""
    stream_heartbeat_seconds: float = Field(default=15.0, gt=0)
    stream_max_age_seconds: float = Field(default=1800.0, gt=0)
    """When a live stream is closed so that its client shows a valid token again."""

    @field_validator("rest_listen", "stream_listen")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        parse_address(text)
        return text


class RestSettings(EdgeSettings):
    """REST also needs a key of its own: cursors are signed with one derived from the edge's signing key."""

    @model_validator(mode="after")
    def _has_signing_keys(self) -> RestSettings:
        if self.signing_keys_dir is None:
            raise ValueError("JITNEY_SIGNING_KEYS_DIR is required: cursors are signed")
        return self

    @property
    def keys_dir(self) -> Path:
        """The folder with the edge's signing key."""
        return self.signing_keys_dir or Path()
