"""Whom the commands ask, as whom, and how a refusal ends them."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

import typer

from jitney.stack.problems import StackError

if TYPE_CHECKING:
    import grpc

    from jitney.stack.environment import StackSettings
    from jitney_client import Client

T = TypeVar("T")
Data = Annotated[Path, typer.Option("--data", metavar="DIR", envvar="JITNEY_HOME", help="The data folder.")]
Json = Annotated[bool, typer.Option("--json", help="What the interface answered, for programs.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many at most.")]
DATA = Path(".jitney")
_MINUTES = 10
_PAGE = 100

REFUSED, NOT_UNDERSTOOD, NOT_FOUND, NOT_ALLOWED, CONFLICT, TRY_AGAIN = 1, 2, 3, 4, 5, 6
"""Exit codes, beside 0 for done; they stay what they are."""
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


Key = Annotated[
    str, typer.Option(help="Names this change: given again, it is not made twice. Made here and told if left out.")
]


class Refusal(StackError):
    """The interface or a service refused, or did not answer."""

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
    from jitney.stack.tokens import make_token, signing_keys
    from jitney_client import ApiError, Client, Transport, Unreachable

    settings = StackSettings.read(os.environ, data)
    url = interface_of(os.environ.get("JITNEY_REST_URL", ""), settings)
    keys = signing_keys(os.environ, settings.data.keys)
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


def change(data: Path, key: str, request: "Callable[[Client, str], Awaitable[T]]") -> T:
    """Asks for a change under a key, made here if it is empty; `request` gets the key. Raises what `ask` does.

    Where nobody knows whether it happened, the key is told: whoever asks again without it may have it made twice.
    """
    key = key or str(uuid4())
    try:
        return ask(data, lambda client: request(client, key))
    except Refusal as error:
        if error.exit_code != TRY_AGAIN:
            raise
        hint = f"It may have been done or not. To ask again, and have it done once: --key {key}"
        raise Refusal(f"{error}\n{hint}", TRY_AGAIN) from None


def interface_of(url: str, settings: "StackSettings") -> str:
    """Returns where the interface is: what is given, else that of the local stack.

    Raises:
        StackError: what is given is no address of one.
    """
    if not url:
        return f"http://{settings.addresses['JITNEY_REST_LISTEN'].local}"
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise StackError(f"{url} is no address of the interface, such as https://api.example.org.")
    return url


def refusal_of(error: "grpc.RpcError", who: str) -> Refusal:
    """Returns what a service's refusal ends a command with."""
    from chassis.status import from_rpc_error
    from shared_kernel import errors

    codes: Mapping[type[errors.DomainError], int] = {
        errors.InvalidInput: NOT_UNDERSTOOD,
        errors.NotFound: NOT_FOUND,
        errors.Unauthenticated: NOT_ALLOWED,
        errors.PermissionRefused: NOT_ALLOWED,
        errors.Conflict: CONFLICT,
        errors.AlreadyExists: CONFLICT,
        errors.InFlight: TRY_AGAIN,
        errors.LimitExceeded: TRY_AGAIN,
        errors.Unavailable: TRY_AGAIN,
        errors.Unknown: TRY_AGAIN,
    }
    refusal = from_rpc_error(error)
    code = next((codes[kind] for kind in type(refusal).__mro__ if kind in codes), REFUSED)
    faults = "".join(f"\n  {fault.field}: {fault.description}" for fault in refusal.violations)
    return Refusal(f"{who} says {refusal.reason}: {refusal.message}{faults}", code)


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
