"""Begin, list and stop campaigns. For operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from notification_service.domain.campaigns import AudienceRole, Campaign
from notification_service.use_cases.campaign_ports import CampaignStore
from notification_service.use_cases.page_tokens import read_token, write_token
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound
from shared_kernel.ids import IdSource

_DEFAULT_PAGE_SIZE = 50


class KeepCampaigns:
    """The campaigns as operators handle them; `languages` are those that the words are needed in."""

    def __init__(self, store: CampaignStore, languages: Sequence[str], clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._languages = languages
        self._clock = clock
        self._new_id = new_id

    async def create(
        self,
        created_by: str,
        request_id: str,
        texts: Mapping[str, tuple[str, str]],
        audience: AudienceRole,
        city: str,
        starts_at: datetime | None,
    ) -> Campaign:
        """Begin a campaign; the same key begins one.

        Raises:
            InvalidInput: `words_missing`, a language has none.
            Conflict: `too_many_campaigns`, `idempotency_key_reused`.
        """
        missing = sorted(set(self._languages) - texts.keys())
        if missing:
            violation = FieldViolation("words", f"must have words in {missing[0]}")
            raise InvalidInput("words_missing", "the news are needed in each language", violations=[violation])
        now = self._clock.now()
        campaign = Campaign(self._new_id(), texts, audience, city, starts_at or now, now)
        return await self._store.add(campaign, request_id, created_by)

    async def stop(self, campaign_id: UUID) -> Campaign:
        """Tell nobody else, and send nothing that still waits to be sent.

        Raises:
            NotFound: `campaign_not_found`.
            Conflict: `campaign_over`.
        """
        stopped = await self._store.stop(campaign_id)
        if stopped is None:
            raise NotFound("campaign_not_found", "there is no such campaign")
        return stopped

    async def page(self, page_size: int, page_token: str) -> tuple[Sequence[Campaign], str]:
        """Return a page, newest first; InvalidInput `invalid_page_token`."""
        size = page_size or _DEFAULT_PAGE_SIZE
        found = await self._store.page(size + 1, read_token(page_token))
        page = found[:size]
        return page, write_token(page[-1].created_at, page[-1].campaign_id) if len(found) > size else ""
