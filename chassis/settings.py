"""Settings: environment variables only, read once at the start, frozen. A wrong one stops the process by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.poolers import Pooler
from chassis.redis_urls import read_redis_url

ENV_PREFIX = "JITNEY_"


LogLevel = Literal["debug", "info", "warning", "error"]


class Address(NamedTuple):
    """A host and a port to listen on or to call."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read `127.0.0.1:50051`, `localhost:0` or `[::1]:50051`; anything else is a ValueError."""
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} is not an address of the form host:port")
    return Address(host, int(port))


class ChassisSettings(BaseSettings):
    """What every process reads; each part's settings class adds its own fields to these."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    environment: Literal["local", "production"] = "local"
    redis_url: str = "redis://127.0.0.1:6379/0"
    """One server, a Cluster or Sentinels: see `chassis.redis_urls`."""
    database_pooler: Pooler = Pooler.NONE
    """What stands between the services and PostgreSQL: `none`, or a pooler in transaction mode, `transaction` for any,
    `prepared` for one that follows prepared statements."""
    jwks_file: Path
    signing_keys_dir: Path | None = None
    log_level: LogLevel = "info"
    log_level_file: Path | None = None
    """A file with a level in it, looked at every few seconds: while it is there, what it says wins."""
    trace_sample_ratio: float = Field(default=0.0, ge=0.0, le=1.0)
    otlp_endpoint: str = ""
    endpoint_delay_seconds: float = Field(default=0.0, ge=0.0, le=60.0)
    """After SIGTERM: how long to go on serving while load balancers learn that this process is leaving."""
    drain_seconds: float = Field(default=10.0, ge=0.0, le=600.0)
    """After that: how long calls in flight may take to finish."""
    calls_in_flight_max: int = Field(default=128, ge=4, le=10_000)
    """Unary calls that a service works on at a time; calls of trips may take all of it, others a part."""
    max_connection_age_seconds: int = Field(default=0, ge=0)
    """When clients are told to reconnect, so that they find new replicas; 0 is never."""

    @field_validator("redis_url")
    @classmethod
    def _names_a_redis(cls, url: str) -> str:
        read_redis_url(url)
        return url


S = TypeVar("S", bound=BaseSettings)


def load_settings(cls: type[S]) -> S:
    """Read the settings; if any is missing or wrong, name each on stderr (never its value) and exit with status 2."""
    try:
        return cls()
    except ValidationError as error:
        prefix = cls.model_config.get("env_prefix", "")
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            name = f"{prefix}{'_'.join(str(part) for part in item['loc'])}".upper()
            sys.stderr.write(f"{name}: {item['msg']}\n")
        sys.exit(2)
