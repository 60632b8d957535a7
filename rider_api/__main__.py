"""`python -m rider_api rest` and `python -m rider_api stream`: the two processes of the edge."""

from __future__ import annotations

import sys
from typing import Any

from granian.constants import Interfaces

from rider_api.defaults import REST_CONNECTIONS, REST_LISTEN, STREAM_CONNECTIONS, STREAM_LISTEN
from rider_api.serve import listening_address, serve

_USAGE = "usage: python -m rider_api rest|stream\n"


def load_rest() -> Any:
    """Make the REST application, in the worker."""
    from rider_api.rest.bootstrap import load  # noqa: PLC0415 (the main process must stay light)

    return load()


def load_stream() -> Any:
    """Make the streams' application, in the worker."""
    from rider_api.stream.bootstrap import load  # noqa: PLC0415 (the main process must stay light)

    return load()


def main() -> int:
    """Run one of the two; returns the exit status."""
    match sys.argv[1:]:
        case ["rest"]:
            listen = listening_address("JITNEY_REST_LISTEN", REST_LISTEN)
            return serve(Interfaces.RSGI, load_rest, listen, connections=REST_CONNECTIONS)
        case ["stream"]:
            listen = listening_address("JITNEY_STREAM_LISTEN", STREAM_LISTEN)
            return serve(Interfaces.ASGI, load_stream, listen, connections=STREAM_CONNECTIONS)
        case _:
            sys.stderr.write(_USAGE)
            return 2


if __name__ == "__main__":
    sys.exit(main())
