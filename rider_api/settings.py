"""Settings of both edge processes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from chassis.settings import ChassisSettings, parse_address
from rider_api.defaults import (
    REST_LISTEN,
    REST_THREADS,
    REST_THREADS_MAX,
    REST_WAITING_MAX,
    REST_WAITING_MOST,
    STREAM_LISTEN,
)

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")

# Goes into a header: no spaces, quotes or separators.
_WEB_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~{}/?=&%@-]*)?")


def _origins(text: str) -> frozenset[str]:
    return frozenset(origin.strip() for origin in text.split(",") if origin.strip())


class EdgeSettings(ChassisSettings):
    """What the edge reads on top of what every process reads."""

    rest_listen: str = REST_LISTEN
    stream_listen: str = STREAM_LISTEN
    identity_target: str = "127.0.0.1:50050"
    matching_target: str = "127.0.0.1:50051"
    payment_target: str = "127.0.0.1:50052"
    notification_target: str = "127.0.0.1:50053"
    rest_threads: int = Field(default=REST_THREADS, ge=1, le=REST_THREADS_MAX)
    """REST requests that are worked on at a time; each waits for at most one back end at a time."""
    rest_waiting_max: int = Field(default=REST_WAITING_MAX, ge=1, le=REST_WAITING_MOST)
    """REST requests that may wait for that, the most urgent first; beyond it the least urgent are refused with 503."""
    rest_body_seconds: float = Field(default=10.0, gt=0, le=120)
    """Within which a request's body must be whole; one of more than 64 KiB has a second more for each 16 KiB."""
    rest_reads_per_minute: int = Field(default=1_200, ge=1)
    """How often an account may look, and as often open a stream; what is beyond it is refused with 429, Retry-After."""
    rest_writes_per_minute: int = Field(default=600, ge=1)
    """How often an account may change something, positions of drivers included."""
    rest_sign_ins_per_minute: int = Field(default=60, ge=1)
    """How often an address may try to sign in or to refresh tokens."""
    rest_codes_per_minute: int = Field(default=10, ge=1)
    """How many one-time codes an address may ask for; none at all while Redis does not answer."""
    rest_cors_origins: str = ""
    """Origins of web apps that may read answers, separated by commas, for example https://ops.example.org."""
    rest_proxies: int = Field(default=0, ge=0, le=10)
    """Proxies in front that add to X-Forwarded-For; addresses further left in it are anybody's invention."""
    rest_pages: Literal["all", "console", "none"] = "all"
    """Which pages for people there are: the console and those to try rides with, the console alone, or none."""
    rest_pages_stream_url: str = ""
    """Where the pages find live streams; empty where they are at the pages' own origin."""
    rest_pages_sandbox_url: str = ""
    """Where the pages send people to read one-time codes, of a local stack."""
    rest_pages_tiles_url: str = ""
    """Of the map's background: raster tiles, https://tiles.example.org/{z}/{x}/{y}.png; a plain one without it."""
    rest_pages_tiles_attribution: str = ""
    """Whom the tiles are by, as text."""
    rest_pages_trace_url: str = ""
    """Where traces are looked at, https://tempo.example.org/trace/{trace_id}; or the console shows ids alone."""
    stream_cors_origins: str = ""
    """Origins of web apps that may listen to live streams, separated by commas."""
    stream_connections_max: int = Field(default=10_000, ge=1)
    stream_queue_size: int = Field(default=256, ge=1)
    """Events that may wait for one slow client before it is sent away."""
    stream_heartbeat_seconds: float = Field(default=15.0, gt=0)
    stream_max_age_seconds: float = Field(default=1800.0, gt=0)
    """When a live stream is closed at the latest; sooner where the token that it was opened with is over."""

    @field_validator("rest_listen", "stream_listen")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        parse_address(text)
        return text

    @field_validator("rest_cors_origins", "stream_cors_origins")
    @classmethod
    def _are_origins(cls, text: str) -> str:
        for origin in text.split(",") if text else ():
            if not _ORIGIN.fullmatch(origin.strip()):
                raise ValueError(f"{origin.strip()!r} is not an origin of the form https://host or http://host:port")
        return text

    @field_validator("rest_pages_stream_url", "rest_pages_sandbox_url", "rest_pages_tiles_url", "rest_pages_trace_url")
    @classmethod
    def _is_a_web_address(cls, text: str) -> str:
        if text and not _WEB_ADDRESS.fullmatch(text):
            raise ValueError(f"{text!r} is not an address of the form https://host or http://host:port, with a path")
        return text

    @property
    def cors_origins(self) -> frozenset[str]:
        """The origins for REST, one by one."""
        return _origins(self.rest_cors_origins)

    @property
    def listening_origins(self) -> frozenset[str]:
        """The origins for live streams, one by one."""
        return _origins(self.stream_cors_origins)


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
