"""Whom events show to ride and drive, as a process remembers it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from chassis.streams import IncomingEvent
from notification_service.domain.campaigns import Sighting
from notification_service.entrypoints.campaign_worker import SeeAudience
from notification_service.use_cases.campaign_ports import CampaignStore
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import events_pb2 as matching


class _Store:
    def __init__(self) -> None:
        self.seen: list[Sighting] = []

    async def taken_in(self, event_ids: Collection[UUID]) -> Collection[UUID]:
        del event_ids
        return ()

    async def see(self, sightings: Sequence[Sighting]) -> None:
        self.seen += sightings


async def test_somebody_known_is_written_down_once() -> None:
    store, newcomer = _Store(), uuid4()
    see = SeeAudience(cast("CampaignStore", store))
    for _ in range(3):
        await see([_event(identity.AccountCreated(account_id=str(newcomer), locale="en"))])
    assert [sighting.account_id for sighting in store.seen] == [newcomer]


async def test_an_event_costs_the_same_however_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    see = SeeAudience(cast("CampaignStore", _Store()))
    await see([_event(identity.AccountCreated(account_id=str(uuid4()), locale="en")) for _ in range(500)])
    looked_at: list[UUID] = []
    of_the_fields = Sighting.__hash__

    def counting(sighting: Sighting) -> int:
        looked_at.append(sighting.account_id)
        return of_the_fields(sighting)

    monkeypatch.setattr(Sighting, "__hash__", counting)
    await see([_event(matching.RideCompleted())])
    assert looked_at == []
    newcomer = uuid4()
    await see([_event(identity.AccountCreated(account_id=str(newcomer), locale="en"))])
    assert set(looked_at) == {newcomer}


def _event(message: Any) -> IncomingEvent:
    return IncomingEvent(
        id=uuid4(),
        type="",
        traceparent="",
        aggregate_id=uuid4(),
        aggregate_version=1,
        occurred_at=datetime.now(UTC),
        message=message,
    )
