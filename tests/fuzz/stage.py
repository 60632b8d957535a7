"""A stack to be fuzzed, with people and objects that are real, and a token for each role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.tokens import make_token
from shared_kernel.ids import from_public_id
from tests.system.conftest import patient_city
from tests.system.objects import one_of_everything
from tests.system.people import town
from tests.system.stack import Stack

SERVICES = ("identity", "matching", "payment", "notification")
_MINUTES = 1_000


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything listens, and who may ask."""

    rest_url: str
    targets: Mapping[str, str]
    tokens: Mapping[str, str]
    known_ids: Mapping[str, Sequence[str]]
    rider_id: str
    """The public id of the rider."""


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncGenerator[Stage]:
    """Start a stack and fill it with one of everything; it is gone at the end."""
    stack = Stack(folder, JITNEY_MATCHING_CITY_FILE=str(patient_city(folder)))
    try:
        stack.start()
        async with town(stack) as people:
            objects = await one_of_everything(people)
            ids: dict[str, list[str]] = {}
            for named in (objects.of_rider, objects.of_driver, objects.of_platform, {"quote_id": objects.quote_id}):
                for name, public in named.items():
                    prefix, underscore, _ = public.rpartition("_")
                    if underscore and prefix != "evt":
                        ids.setdefault(name, []).append(str(from_public_id(prefix, public)))
                    else:
                        ids.setdefault(name, []).append(public)
            people_ids = {"rider": ids["rider_id"][0], "driver": ids["driver_id"][0], "operator": None, "service": None}
            yield Stage(
                rest_url=stack.rest_url,
                targets={name: stack.addresses[f"JITNEY_{name.upper()}_LISTEN"] for name in SERVICES},
                tokens={
                    role: make_token(stack.data / "keys", role, subject, _MINUTES)
                    for role, subject in people_ids.items()
                },
                known_ids=ids,
                rider_id=objects.rider.person.account_id,
            )
    finally:
        stack.discard()
