"""Which Redis a URL names: one server, a Cluster, or the master that Sentinels know.

    redis://[user:password@]host:port/database                               one server (`rediss://` with TLS, `unix://`)
    redis+cluster://[user:password@]host:port,host:port                      a Cluster, found by any of these nodes
    redis+sentinel://[user:password@]host:port,host:port/service/database    the master of a service; the Sentinels' own
                                                                             password is `?sentinel_password=`

`rediss+cluster://` and `rediss+sentinel://` speak TLS with all of them, by the authorities of the system or those of
`?ssl_ca_certs=FILE`. The forms are those of the library `limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_SERVER_SCHEMES = ("redis", "rediss", "unix")
_OPTIONS = frozenset({"ssl_ca_certs", "sentinel_username", "sentinel_password"})


class RedisKind(Enum):
    """How the servers behind a URL stand together."""

    SERVER = "server"
    CLUSTER = "cluster"
    SENTINEL = "sentinel"


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """What a URL says.

    `nodes` are hosts and ports of a Cluster's nodes or of Sentinels; of a single server, redis-py reads `url` itself.
    """

    kind: RedisKind
    url: str = field(repr=False)
    nodes: tuple[tuple[str, int], ...] = ()
    service: str = ""
    database: int = 0
    access: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """User name, password and TLS, as redis-py's connections take them."""
    sentinel_access: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """The same for the Sentinels themselves."""


def read_redis_url(url: str) -> RedisPlace:
    """Read a URL; a ValueError tells what is wrong with it, never what it holds."""
    scheme, separator, rest = url.partition("://")
    if scheme in _SERVER_SCHEMES and separator:
        return RedisPlace(RedisKind.SERVER, url)
    transport, _, kind = scheme.partition("+")
    if transport not in ("redis", "rediss") or kind not in ("cluster", "sentinel") or not separator:
        raise ValueError(
            "a Redis URL begins with redis://, rediss://, unix://, redis+cluster:// or redis+sentinel://, "
            "the last two also with rediss+ for TLS"
        )
    # Several hosts are more than a URL's parts can tell; what stands around them are parts as of any other URL.
    authority, slash, tail = rest.partition("/")
    if not slash:
        authority, mark, query = rest.partition("?")
        tail = mark + query
    credentials, _, hosts = authority.rpartition("@")
    parts = urlsplit(f"//x/{tail}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not options.keys() <= _OPTIONS:
        raise ValueError(f"a Redis URL of this kind takes no options but {', '.join(sorted(_OPTIONS))}")
    tls = _tls(transport, options)
    nodes = tuple(_node(text) for text in hosts.split(","))
    path = [part for part in parts.path.split("/") if part]
    access = {**tls, **_credentials(credentials)}
    if kind == "cluster":
        if path not in ([], ["0"]):
            raise ValueError("a Redis Cluster has database 0 alone")
        return RedisPlace(RedisKind.CLUSTER, url, nodes, access=access)
    if not path or len(path) > 2 or not all(part.isdecimal() for part in path[1:]):
        raise ValueError("a URL of Sentinels ends with /SERVICE or /SERVICE/DATABASE")
    of_sentinels = {name.removeprefix("sentinel_"): options[name] for name in options if name.startswith("sentinel_")}
    return RedisPlace(
        RedisKind.SENTINEL,
        url,
        nodes,
        service=unquote(path[0]),
        database=int(path[1]) if len(path) == 2 else 0,
        access=access,
        sentinel_access={**tls, **of_sentinels},
    )


def _tls(transport: str, options: Mapping[str, str]) -> dict[str, Any]:
    if transport == "redis":
        return {}
    authorities = options.get("ssl_ca_certs")
    return {"ssl": True, **({"ssl_ca_certs": authorities} if authorities else {})}


def _credentials(text: str) -> dict[str, str]:
    username, _, password = text.partition(":")
    found = {"username": unquote(username), "password": unquote(password)}
    return {name: value for name, value in found.items() if value}


def _node(text: str) -> tuple[str, int]:
    host, separator, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError("a Redis URL of this kind names its nodes as host:port,host:port")
    return host, int(port)
