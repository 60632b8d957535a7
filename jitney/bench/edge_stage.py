"""What `jitney bench edge` needs beside the stack: its settings, a rider who has a ride, the peer."""

import random
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from jitney.bench.edge_peer import ECHO_TARGET
from jitney.stack.credentials import Credentials
from jitney.stack.environment import StackSettings, compose
from jitney.stack.launch import Launcher
from jitney.stack.logfiles import last_lines
from jitney.stack.own_stack import OwnStack, free_ports
from jitney.stack.problems import StackError
from jitney.stack.specs import ProcessSpec

_PHONE = "+14155550177"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.05


def settings_of(stack: OwnStack) -> dict[str, str]:
    """All JITNEY_ variables of a stack."""
    settings = StackSettings.read(stack.environment, stack.data.path)
    return compose(settings, Credentials.load_or_make(settings.data.secrets))


async def rider_with_ride(stack: OwnStack) -> tuple[str, str]:
    """Signs a rider in who asks for a ride that nobody takes; returns a token that lasts and the ride's id."""
    import httpx

    from chassis.auth import Role, TokenSigner
    from jitney.simulator.api import Api, sign_in
    from shared_kernel.ids import from_public_id

    urls = [f"http://{stack.environment[name]}" for name in ("JITNEY_REST_LISTEN", "JITNEY_SANDBOX_LISTEN")]
    async with httpx.AsyncClient(base_url=urls[0]) as rest, httpx.AsyncClient(base_url=urls[1]) as sandbox:
        jitter = random.Random(1)  # noqa: S311 (jitter is no secret)
        rider = await sign_in(Api(rest, jitter), Api(sandbox, jitter), _PHONE, "rider")
        asked = await rider.client.create_quotes(
            {
                "pickup": {"latitude": 37.788, "longitude": -122.4075},
                "dropoff": {"latitude": 37.7955, "longitude": -122.3937},
                "product": "economy",
            }
        )
        ride = await rider.client.request_ride({"quote_id": asked["quotes"][0]["id"], "funding": "cash"})
    account = str(from_public_id("acct", rider.account_id))
    return TokenSigner.from_dir(stack.data.keys, "cli").sign(account, Role.RIDER, 3_600), ride["id"]


@contextmanager
def peer(stack: OwnStack) -> Generator[tuple[str, int]]:
    """Runs the echo and the application with the constant; yields where the latter listens."""
    echo_port, rest_port = free_ports(2)
    listen = f"127.0.0.1:{rest_port}"
    settings = {**settings_of(stack), "JITNEY_REST_LISTEN": listen, ECHO_TARGET: f"127.0.0.1:{echo_port}"}
    environment = {**stack.environment, **settings}
    module = (sys.executable, "-m", "jitney.bench.edge_peer")
    with Launcher() as launcher:
        log_file = stack.data.path.parent / "edge-peer.log"
        for kind, port in (("echo", echo_port), ("rest", rest_port)):
            spec = ProcessSpec(
                name=f"edge peer {kind}", argv=(*module, kind, f"127.0.0.1:{port}"), environment=environment
            )
            launcher.start(spec, log_file)
        _wait_for(f"http://{listen}/healthz", log_file)
        yield "127.0.0.1", rest_port


def _wait_for(url: str, log_file: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 (an address of ours)
                return
        except OSError:
            time.sleep(_POLL_SECONDS)
    raise StackError(f"The peer of the benchmark did not start. The end of {log_file}:\n{last_lines(log_file)}")
