"""Finds out before anything starts whether the ports are free, and says who holds those that are not."""

import errno
import socket
from collections.abc import Mapping

from jitney.stack.addresses import Address
from jitney.stack.problems import StackError

_SHOWN = 4


def require_free(addresses: Mapping[str, Address]) -> None:
    """Checks all addresses (by the name of their setting).

    Raises:
        StackError: one message over all that are taken or that this machine does not have.
    """
    complaints = [complaint for item in addresses.items() if (complaint := _complaint(*item))]
    if len(complaints) > _SHOWN:
        more = f"So it is with {len(complaints) - _SHOWN} more ports: does another Jitney run on this machine?"
        complaints = [*complaints[:_SHOWN], more]
    if complaints:
        raise StackError("\n".join(complaints))


def _complaint(setting: str, address: Address) -> str | None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: what lingers of closed connections is no obstacle, a listener is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {address.port} is taken{_holder(address.port)}. "
                    f"Free it, or set {setting}={address.host}:{_another(address.port)}."
                )
            if error.errno in (errno.EACCES, errno.EPERM):
                return f"Port {address.port} may not be used by this account. Set {setting} to a port above 1023."
            return f"{setting} cannot be used: {error.strerror} ({address.host}:{address.port})."
    return None


def _holder(port: int) -> str:
    """` by NAME (pid N)`, or nothing where this account may not know."""
    import psutil

    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                if connection.pid is None:
                    return ""
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""


def _another(port: int) -> int:
    return port + 100 if port < 65_000 else port - 100
