"""Tell the next page of a campaign's audience."""

from __future__ import annotations

from notification_service.domain.campaigns import LEASE, PAGE_ACCOUNTS
from notification_service.domain.channels import Channel, Priority
from notification_service.use_cases.campaign_ports import CampaignStore
from notification_service.use_cases.owe_messages import OweMessages
from shared_kernel.clock import Clock


class RunCampaigns:
    """Every replica may run it at once. Messages are owed before the page is noted as told: a page that is told twice
    owes nothing the second time, since each person's message has an event id of its own.
    """

    def __init__(self, store: CampaignStore, owe_messages: OweMessages, clock: Clock) -> None:
        self._store = store
        self._owe_messages = owe_messages
        self._clock = clock

    async def __call__(self) -> tuple[bool, frozenset[tuple[Channel, Priority]]]:
        """Tell one page; return whether there may be more, and the lanes in whose queues something is due."""
        campaign = await self._store.claim(self._clock.now(), LEASE)
        if campaign is None:
            return False, frozenset()
        accounts = await self._store.audience(campaign, PAGE_ACCOUNTS)
        lanes: frozenset[tuple[Channel, Priority]] = frozenset()
        if accounts:
            lanes = await self._owe_messages.all_of([campaign.event_for(account_id) for account_id in accounts])
        is_last = len(accounts) < PAGE_ACCOUNTS
        await self._store.told(campaign, accounts, self._clock.now(), is_last=is_last)
        return True, lanes
