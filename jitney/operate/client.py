"""Whom the commands ask, as whom, and how a refusal ends them."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import NAMESPACE_URL, uuid5

import typer

from jitney.stack.problems import StackError

if TYPE_CHECKING:
    from jitney_client import Client

T = TypeVar("T")
Data = Annotated[Path, typer.Option("--data", metavar="DIR", envvar="JITNEY_HOME", help="The data folder.")]
Json = Annotated[bool, typer.Option("--json", help="What the interface answered, for programs.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many at most.")]
DATA = Path(".jitney")
_MINUTES = 10
_PAGE = 100

REFUSED, NOT_FOUND, NOT_ALLOWED, CONFLICT, TRY_AGAIN = 1, 3, 4, 5, 6
"""Exit codes, beside 0 for done and 2 for a command that is not understood; they stay what they are."""
_CODES: Mapping[int, int] = {
    401: NOT_ALLOWED,
    402: CONFLICT,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    409: CONFLICT,
    410: CONFLICT,
    422: CONFLICT,
    429: TRY_AGAIN,
}


class Refusal(StackError):
    """The interface refused, or did not answer."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def ask(data: Path, question: "Callable[[Client], Awaitable[T]]") -> T:
    """Puts a question to the interface and returns its answer.

    The interface is JITNEY_REST_URL, else that of the local stack. The caller is who bears JITNEY_TOKEN (an access
    token, or an API key), else an operator by a token made with the stack's own keys.

    Raises:
        Refusal: the interface refused, or did not answer; it names the exit code.
        StackError: there is no token, and no keys to make one with.
    """
    import httpx

    from jitney.stack.environment import StackSettings
    from jitney.stack.tokens import make_token
    from jitney_client import ApiError, Client, Transport, Unreachable

    settings = StackSettings.read(os.environ, data)
    url = os.environ.get("JITNEY_REST_URL") or f"http://{settings.addresses['JITNEY_REST_LISTEN'].local}"
    given = os.environ.get("JITNEY_SIGNING_KEYS_DIR")
    keys = Path(given) if given else settings.data.keys
    # Always the same operator for the same keys: a key names a request only together with who made it.
    operator = str(uuid5(NAMESPACE_URL, f"jitney:operator:{keys.absolute()}"))
    token = os.environ.get("JITNEY_TOKEN") or make_token(keys, "operator", operator, _MINUTES)

    async def put() -> T:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            return await question(Client.with_token(Transport(http), token))

    try:
        return asyncio.run(put())
    except ApiError as error:
        faults = "".join(f"\n  {item['field']}: {item['description']}" for item in error.problem.get("errors", ()))
        words = f"{error.code or error.status}: {error.problem.get('detail', '')}{faults}"
        code = _CODES.get(error.status, TRY_AGAIN if error.status >= 500 else REFUSED)
        raise Refusal(words, code) from None
    except Unreachable as error:
        raise Refusal(f"{url} does not answer: {error}", TRY_AGAIN) from None


async def taken(items: AsyncIterator[T], limit: int) -> list[T]:
    """Returns the first items of a list, page by page."""
    found: list[T] = []
    async for item in items:
        found.append(item)
        if len(found) == limit:
            break
    return found


def page_size(limit: int) -> int:
    """Returns how many to read at once for so many."""
    return min(limit, _PAGE)
