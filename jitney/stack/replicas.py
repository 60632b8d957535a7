"""Several of each service and of the edge on one machine, each on ports of its own, behind balancing by the clients."""

from collections.abc import Mapping, Sequence

from jitney.stack.addresses import Address
from jitney.stack.problems import StackError

SETTING = "JITNEY_REPLICAS"
PORT_STEP = 100
"""The second replica of a service listens so much above the first, the third twice so much."""
MOST = 8


def read_replicas(text: str) -> int:
    """How many of each there are to be.

    Raises:
        StackError: it is no number from 1 to 8.
    """
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise StackError(f"{SETTING} is {text!r}; it should be a number from 1 to {MOST}.")
    return int(text)


def name_of(process: str, number: int) -> str:
    """`matching`, `matching-2`, `matching-3`."""
    return process if number == 1 else f"{process}-{number}"


def addresses_of(address: Address, replicas: int) -> list[Address]:
    """Where each replica listens whose first one listens here."""
    return [Address(address.host, address.port + PORT_STEP * number) for number in range(replicas)]


def target_of(addresses: Sequence[Address]) -> str:
    """The gRPC target that leads to all of them; calls are spread by the clients' round robin."""
    if len(addresses) == 1:
        return addresses[0].local
    family = "ipv6" if ":" in addresses[0].host else "ipv4"
    return f"{family}:{','.join(address.local for address in addresses)}"


def all_listening(addresses: Mapping[str, Address], replicas: int, repeated: Sequence[str]) -> dict[str, Address]:
    """Every address of a stack, by the setting that moves it; those of further replicas follow their first ones."""
    found = dict(addresses)
    for setting in repeated:
        for number, address in enumerate(addresses_of(addresses[setting], replicas)[1:], 2):
            found[f"{setting} (replica {number})"] = address
    return found
