"""`jitney export`: what an agency asks for by the Mobility Data Specification, from the operator's API into files.

A file is one answer of the specification, as an agency takes it: the pages joined, and whole or not there at all.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitney.stack.problems import StackError

if TYPE_CHECKING:
    import httpx

PAGE_SIZE = 100
MOST_HOURS = 24 * 31
_MOST_PAGES = 10_000
_HOUR = timedelta(hours=1)
_SETTLED = timedelta(seconds=60)
"""So long after its end an hour's trips are told."""
_HOUR_FORMAT = "%Y-%m-%dT%H"


def hours_between(first: str, last: str, now: datetime) -> list[str]:
    """The hours from the first to before the last, both such as 2030-01-31T18 in UTC.

    An empty last is this hour; in its first minute it is the one before, whose trips are not told yet.

    Raises:
        StackError: no such hours, none between them, or more than a month of them.
    """
    begin = _hour(first)
    end = _hour(last) if last else (now - _SETTLED).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    count = int((end - begin) / _HOUR)
    if not 0 < count <= MOST_HOURS:
        raise StackError(f"From {begin:{_HOUR_FORMAT}} to {end:{_HOUR_FORMAT}} are {count} hours: 1 to {MOST_HOURS}.")
    return [f"{begin + number * _HOUR:{_HOUR_FORMAT}}" for number in range(count)]


def export(client: "httpx.Client", folder: Path, hours: list[str]) -> Iterator[str]:
    """Writes the trips of each hour, and the vehicles and their states of now; tells of each file.

    Raises:
        StackError: the service refuses or does not answer, or a file cannot be written; what was written stays.
    """
    asked = [
        (f"trips-{hour}.json", "/v1/operator/mds/trips", {"end_time": hour, "limit": str(PAGE_SIZE)}) for hour in hours
    ]
    asked += [
        (f"{name.replace('/', '-')}.json", f"/v1/operator/mds/{name}", {"limit": str(PAGE_SIZE)})
        for name in ("vehicles", "vehicles/status")
    ]
    for name, path, query in asked:
        answer, count = _whole(client, path, query)
        _write(folder / name, answer)
        yield f"{folder / name}: {count}"


def _whole(client: "httpx.Client", path: str, query: dict[str, str]) -> tuple[dict[str, Any], int]:
    """One answer with the items of all its pages, and how many they are."""
    answer = _page(client, path, query)
    [key] = [name for name, value in answer.items() if isinstance(value, list)]
    items: list[Any] = answer[key]
    following = answer.pop("links", {}).get("next")
    for _ in range(_MOST_PAGES):
        if not following:
            return answer, len(items)
        page = _page(client, path + following, None)
        items += page[key]
        following = page["links"].get("next")
    raise StackError(f"{path} has more than {_MOST_PAGES} pages.")


def _page(client: "httpx.Client", path: str, query: dict[str, str] | None) -> dict[str, Any]:
    import httpx

    try:
        response = client.get(path, params=query)
    except httpx.HTTPError as error:
        raise StackError(f"{client.base_url} does not answer: {error!r}") from None
    if not response.is_success:
        try:
            problem: dict[str, Any] = response.json()
        except ValueError:
            problem = {}
        raise StackError(
            f"{path}: {problem.get('code', response.status_code)}: {problem.get('detail') or problem.get('title', '')}"
        )
    found: dict[str, Any] = response.json()
    return found


def _write(path: Path, answer: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                json.dump(answer, file, ensure_ascii=False, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise StackError(f"{path} cannot be written: {error.strerror}") from None


def _hour(text: str) -> datetime:
    try:
        return datetime.strptime(text, _HOUR_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise StackError(f"{text} is no hour: one such as 2030-01-31T18, in UTC, is expected.") from None
