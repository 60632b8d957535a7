"""Campaigns in Postgres."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.database import Database
from notification_service.adapters.campaign_tables import audience, campaigns
from notification_service.adapters.tables import CONSUMER, inbox_events
from notification_service.domain.campaigns import (
    MOST_RUNNING,
    AudienceRole,
    Campaign,
    CampaignState,
    Sighting,
    over,
)
from notification_service.domain.channels import Priority
from notification_service.domain.lanes import all_lanes
from shared_kernel.errors import Conflict

# Sorted, so that two consumers that see the same people wait for each other instead of deadlocking.
_SEE = text("""
    INSERT INTO audience (role, account_id, city)
    SELECT DISTINCT role, account_id, city
    FROM unnest(CAST(:roles AS text[]), CAST(:account_ids AS uuid[]), CAST(:cities AS text[]))
        AS s(role, account_id, city)
    ORDER BY role, account_id, city
    ON CONFLICT DO NOTHING
""")
# All that waits in the lanes of marketing is few beside what was sent: this looks there, not through all notifications.
_SOMETHING_WAITS = text("""
    SELECT EXISTS (
        SELECT FROM delivery d JOIN notification n USING (notification_id)
        WHERE d.channel = ANY(:channels) AND d.priority = :priority AND d.state = 'pending'
          AND n.campaign_id = :campaign_id)
""")
_COUNT_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('notification campaigns', 0))")
_MARKETING = {
    "channels": [lane.channel.value for lane in all_lanes() if lane.priority is Priority.MARKETING],
    "priority": Priority.MARKETING.value,
}


class PostgresCampaigns:
    """The CampaignStore of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken_in(self, event_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of some events that were taken in before."""
        row = inbox_events.c
        statement = select(row.event_id).where(row.event_id.in_(event_ids), row.consumer == CONSUMER)
        async with self._database.connect() as connection:
            return set(await connection.scalars(statement))

    async def see(self, sightings: Sequence[Sighting]) -> None:
        """Remember accounts as riders or drivers."""
        parameters = {
            "roles": [sighting.role.value for sighting in sightings],
            "account_ids": [sighting.account_id for sighting in sightings],
            "cities": [sighting.city for sighting in sightings],
        }
        async with self._database.connect() as connection:
            await connection.execute(_SEE, parameters)

    async def add(self, campaign: Campaign, request_id: str, created_by: str) -> Campaign:
        """Store a campaign; the same key returns the first one."""
        row = campaigns.c
        known = select(campaigns).where(row.created_by == created_by, row.request_id == request_id)
        running = select(func.count()).select_from(campaigns).where(row.state == CampaignState.RUNNING.value)
        statement = insert(campaigns).values(
            campaign_id=campaign.campaign_id,
            request_id=request_id,
            created_by=created_by,
            texts={language: list(words) for language, words in campaign.texts.items()},
            audience=campaign.audience.value,
            city=campaign.city,
            starts_at=campaign.starts_at,
            created_at=campaign.created_at,
            state=campaign.state.value,
            next_at=campaign.starts_at,
        )
        async with self._database.transaction() as connection:
            await connection.execute(_COUNT_LOCK)
            first = (await connection.execute(known)).first()
            if first is not None:
                return _same(_campaign(first), campaign)
            if (await connection.scalar(running) or 0) >= MOST_RUNNING:
                raise Conflict("too_many_campaigns", f"{MOST_RUNNING} campaigns at once are the most: stop one first")
            await connection.execute(statement)
        return campaign

    async def stop(self, campaign_id: UUID) -> Campaign | None:
        """Stop a campaign that runs, or whose news are not all sent."""
        row = campaigns.c
        one = select(campaigns).where(row.campaign_id == campaign_id)
        ended = update(campaigns).where(row.campaign_id == campaign_id).returning(campaigns)
        async with self._database.transaction() as connection:
            found = (await connection.execute(one.with_for_update())).first()
            if found is None:
                return None
            if found.state == CampaignState.STOPPED.value:
                raise over()
            if found.state == CampaignState.DONE.value and not await connection.scalar(
                _SOMETHING_WAITS, {"campaign_id": campaign_id, **_MARKETING}
            ):
                raise over()
            stopped = await connection.execute(ended.values(state=CampaignState.STOPPED.value, next_at=None))
            return _campaign(stopped.one())

    async def page(self, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[Campaign]:
        """Return campaigns, newest first."""
        row = campaigns.c
        statement = select(campaigns).order_by(row.created_at.desc(), row.campaign_id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(tuple_(row.created_at, row.campaign_id) < tuple_(*before))
        async with self._database.connect() as connection:
            return [_campaign(found) for found in await connection.execute(statement)]

    async def claim(self, now: datetime, lease: timedelta) -> Campaign | None:
        """Return a campaign that has somebody to tell, for the time of a lease."""
        row = campaigns.c
        due = select(row.campaign_id).where(row.next_at <= now).order_by(row.next_at).limit(1)
        statement = (
            update(campaigns)
            .where(row.campaign_id == due.with_for_update(skip_locked=True).scalar_subquery())
            .values(next_at=now + lease)
            .returning(campaigns)
        )
        async with self._database.transaction() as connection:
            found = (await connection.execute(statement)).first()
        return None if found is None else _campaign(found)

    async def audience(self, campaign: Campaign, limit: int) -> Sequence[UUID]:
        """Return the next accounts that it is for, in the order of their ids."""
        row = audience.c
        statement = select(row.account_id).distinct().where(row.role == campaign.audience.value)
        if campaign.city:
            statement = statement.where(row.city == campaign.city)
        if campaign.told_to is not None:
            statement = statement.where(row.account_id > campaign.told_to)
        async with self._database.connect() as connection:
            return list(await connection.scalars(statement.order_by(row.account_id).limit(limit)))

    async def told(self, campaign: Campaign, accounts: Sequence[UUID], now: datetime, *, is_last: bool) -> None:
        """Note that the next accounts were told."""
        row = campaigns.c
        state = CampaignState.DONE if is_last else CampaignState.RUNNING
        statement = (
            update(campaigns)
            .where(
                row.campaign_id == campaign.campaign_id,
                row.state == CampaignState.RUNNING.value,
                row.told_to.is_not_distinct_from(campaign.told_to),
            )
            .values(
                told_to=accounts[-1] if accounts else campaign.told_to,
                told_count=row.told_count + len(accounts),
                state=state.value,
                next_at=None if is_last else now,
            )
        )
        async with self._database.connect() as connection:
            await connection.execute(statement)


def _same(first: Campaign, asked: Campaign) -> Campaign:
    if (first.texts, first.audience, first.city) != (asked.texts, asked.audience, asked.city):
        raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
    return first


def _campaign(row: Any) -> Campaign:
    return Campaign(
        campaign_id=row.campaign_id,
        texts={language: (words[0], words[1]) for language, words in row.texts.items()},
        audience=AudienceRole(row.audience),
        city=row.city,
        starts_at=row.starts_at,
        created_at=row.created_at,
        state=CampaignState(row.state),
        told_to=row.told_to,
        told_count=row.told_count,
    )
