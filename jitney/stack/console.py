"""Where the console is, with a token for whoever has the stack's signing keys: they could make any."""

from pathlib import Path

from jitney.stack.tokens import make_token

MINUTES = 480
"""A working day; the token ends with it and cannot be renewed."""


def console_address(rest: str, keys: Path, role: str = "operator", minutes: int = MINUTES) -> str:
    """The address that opens the console signed in.

    The token stands in the fragment, which browsers send to nobody; the page takes it out of the address at once.

    Args:
        rest: where the edge is, e.g. `http://127.0.0.1:8080`.
        keys: the folder of the signing keys.
        role: operator, support or admin.
        minutes: how long the token is valid.

    Raises:
        StackError: there are no keys yet.
    """
    return f"{rest}/console#token={make_token(keys, role, None, minutes)}"
