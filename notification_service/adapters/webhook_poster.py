"""Posting to addresses that operators name: public ones alone.

A name is looked up here and the connection made to the very address that was judged, so that a name which means another
address a moment later leads nowhere else. Redirects are not followed, and no proxy of the environment is asked.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, cast
from urllib.parse import urlsplit

import httpcore

from notification_service.domain.webhooks import MAX_ENDPOINTS, MOST_UNDER_WAY, PATIENCE_SECONDS, Posted

_CONNECT_SECONDS = 5.0
_CONNECTIONS = MAX_ENDPOINTS * MOST_UNDER_WAY
"""As many as may be under way: who waits for a connection would fail for another endpoint that hangs."""
_LONGEST_URL = 2_048
# They lead to IPv4 addresses, of which each would have to be judged in its turn.
_TRANSLATED = (
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("2002::/16"),
    ip_network("2001::/32"),
)


class PrivateAddressError(Exception):
    """A name leads to addresses that are not public."""


class WebhookPoster:
    """Posts over connections that are kept."""

    def __init__(self, *, private_too: bool = False) -> None:
        """Let `private_too` be true for a stack on one machine alone: then plain HTTP is taken as well."""
        self._private_too = private_too
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=_CONNECTIONS, keepalive_expiry=30.0, network_backend=_Judging(private_too=private_too)
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    def refusal(self, url: str) -> str:
        """Tell why an address can never be posted to; empty where it may."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return "must be an address like https://example.org/webhooks"
        if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST_URL or port == 0:
            return "must be an address like https://example.org/webhooks"
        if parts.scheme != "https" and not (self._private_too and parts.scheme == "http"):
            return "must begin with https://"
        if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
            return "must name a host, without a user and without a fragment"
        try:
            literal = ip_address(parts.hostname)
        except ValueError:
            return ""
        return "" if self._private_too or is_public(literal) else "must be a public address"

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """Post once; what goes wrong is told, not raised. The answer's body is not read."""
        timeouts = {"connect": _CONNECT_SECONDS, "read": PATIENCE_SECONDS, "write": PATIENCE_SECONDS, "pool": 5.0}
        try:
            async with (
                asyncio.timeout(PATIENCE_SECONDS),
                self._pool.stream(
                    "POST",
                    url,
                    headers=[*headers.items(), ("host", urlsplit(url).netloc), ("user-agent", "jitney-webhooks")],
                    content=body,
                    extensions={"timeout": timeouts},
                ) as answer,
            ):
                return Posted(status=answer.status)
        except PrivateAddressError:
            return Posted(error="private_address")
        except (TimeoutError, httpcore.TimeoutException):
            return Posted(error="unanswered")
        except (httpcore.ConnectError, OSError):
            return Posted(error="unreachable")
        except (httpcore.ProtocolError, httpcore.NetworkError, httpcore.UnsupportedProtocol, ValueError):
            return Posted(error="broken_answer")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one that anybody may be reached at; what is translated or mapped is not."""
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or any(address in net for net in _TRANSLATED)):
        return False
    return address.is_global and not address.is_multicast


class _Judging(httpcore.AsyncNetworkBackend):
    """Connects to what a name leads to, if all of it is public."""

    def __init__(self, *, private_too: bool) -> None:
        self._private_too = private_too
        # Without anyio, which httpx brings along, httpcore has another class of that name.
        self._beneath = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's own interface)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the name up, judge, connect; httpcore still asks for the name in TLS."""
        async with asyncio.timeout(timeout):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if not self._private_too and not all(is_public(ip_address(each.partition("%")[0])) for each in addresses):
            raise PrivateAddressError(host)
        return await self._beneath.connect_tcp(
            addresses[0], port, timeout=timeout, local_address=local_address, socket_options=socket_options
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 (httpcore's own interface)
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 (see above)
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no address of a webhook is a file."""
        raise PrivateAddressError(path)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
