"""Where everything listens: one row an address, with the setting that moves it."""

from collections.abc import Mapping
from typing import NamedTuple

from jitney.stack.problems import StackError


class Address(NamedTuple):
    """A TCP address to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local(self) -> str:
        """`host:port` as a process on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


DEFAULTS: Mapping[str, str] = {
    "JITNEY_POSTGRES_LISTEN": "127.0.0.1:54329",
    "JITNEY_REDIS_LISTEN": "127.0.0.1:63799",
    "JITNEY_SANDBOX_LISTEN": "127.0.0.1:8090",
    "JITNEY_SANDBOX_SMTP_LISTEN": "127.0.0.1:8025",
    "JITNEY_IDENTITY_LISTEN": "127.0.0.1:50050",
    "JITNEY_MATCHING_LISTEN": "127.0.0.1:50051",
    "JITNEY_PAYMENT_LISTEN": "127.0.0.1:50052",
    "JITNEY_NOTIFICATION_LISTEN": "127.0.0.1:50053",
    "JITNEY_IDENTITY_METRICS_LISTEN": "127.0.0.1:9100",
    "JITNEY_MATCHING_METRICS_LISTEN": "127.0.0.1:9101",
    "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:9102",
    "JITNEY_NOTIFICATION_METRICS_LISTEN": "127.0.0.1:9103",
    "JITNEY_REST_LISTEN": "127.0.0.1:8080",
    "JITNEY_STREAM_LISTEN": "127.0.0.1:8081",
}


def read_addresses(environ: Mapping[str, str]) -> dict[str, Address]:
    """Every address by the name of its setting.

    Raises:
        StackError: a setting is not `host:port`, or two settings name the same port.
    """
    addresses = {setting: parse(setting, environ.get(setting) or default) for setting, default in DEFAULTS.items()}
    by_port: dict[int, str] = {}
    for setting, address in addresses.items():
        other = by_port.setdefault(address.port, setting)
        if other != setting:
            raise StackError(f"{other} and {setting} name the same port, {address.port}. Move one of them.")
    return addresses


def parse(setting: str, text: str) -> Address:
    """Reads `host:port` (IPv6 hosts in brackets)."""
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise StackError(f"{setting} is {text!r}; it should look like {DEFAULTS.get(setting, '127.0.0.1:8080')}.")
    return Address(host, int(port))
