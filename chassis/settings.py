"""Settings: environment variables only, read once at the start, frozen. A wrong one stops the process by name."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator
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


class TlsFiles(NamedTuple):
    """Where a process' certificate (with its chain), its key, and the authorities of the others are, in PEM."""

    certificate: Path
    key: Path
    authorities: Path


class ChassisSettings(BaseSettings):
    """What every process reads; each part's settings class adds its own fields to these."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    environment: Literal["local", "production"] = "local"
    redis_url: str = "redis://127.0.0.1:6379/0"
    """One server, a Cluster or Sentinels: see `chassis.redis_urls`."""
    database_pooler: Pooler = Pooler.NONE
    """What stands between the services and PostgreSQL: `none`, or a pooler in transaction mode, `transaction` for any,
    `prepared` for one that follows prepared statements."""
    replica: str = ""
    """What this process is called among those that do the same work, before and after a restart; the host's name if
    left out, which is a pod's own."""
    jwks_file: Path
    signing_keys_dir: Path | None = None
    log_level: LogLevel = "info"
    log_level_file: Path | None = None
    """A file with a level in it, looked at every few seconds: while it is there, what it says wins."""
    tls_cert_file: Path | None = None
    """With the two that follow: mutual TLS between the services. This process' certificate with its chain, in PEM."""
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None
    """The authorities that the certificates of the others are from."""
    health_listen: str = ""
    """Where a service also tells its health without TLS, and nothing else: probes of Kubernetes show no certificate."""
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

    @property
    def tls_files(self) -> TlsFiles | None:
        """The files of mutual TLS; None without it."""
        if self.tls_cert_file is None or self.tls_key_file is None or self.tls_ca_file is None:
            return None
        return TlsFiles(self.tls_cert_file, self.tls_key_file, self.tls_ca_file)

    @property
    def health_address(self) -> Address | None:
        """Where health alone is served."""
        return parse_address(self.health_listen) if self.health_listen else None

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        given = [file is not None for file in (self.tls_cert_file, self.tls_key_file, self.tls_ca_file)]
        if any(given) and not all(given):
            raise ValueError("JITNEY_TLS_CERT_FILE, JITNEY_TLS_KEY_FILE, JITNEY_TLS_CA_FILE: set all of them or none")
        if self.health_listen:
            parse_address(self.health_listen)
        return self

    def refuse_plain_in_production(self, *names: str) -> None:
        """In production, refuse addresses of the outside world without TLS; what stands for it elsewhere has none.

        Raises:
            ValueError: naming the first that does not begin with https.
        """
        for name in names:
            if self.environment == "production" and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{ENV_PREFIX}{name.upper()} must be set in production, to an https address")

    @property
    def replica_name(self) -> str:
        """The name under which this process takes work from among its like."""
        return self.replica or socket.gethostname()

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
            where = "_".join(str(part) for part in item["loc"])
            # What concerns several settings belongs to none, and names them itself.
            name = f"{prefix}{where}: ".upper() if where else ""
            sys.stderr.write(f"{name}{item['msg'].removeprefix('Value error, ')}\n")
        sys.exit(2)
