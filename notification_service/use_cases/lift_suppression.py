"""Write to an address again that was taken for dead, and tell which are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.suppression import SUPPRESSED_CHANNELS, LiftedSuppression, Suppression
from notification_service.use_cases.page_tokens import invalid_token, read_token, write_token
from notification_service.use_cases.suppression_ports import SuppressionPlace, Suppressions
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound

DEFAULT_PAGE_SIZE = 50


class LiftSuppression:
    """LiftSuppression: the next message goes to the address, and tells whether it is dead."""

    def __init__(self, suppressions: Suppressions, clock: Clock) -> None:
        self._suppressions = suppressions
        self._clock = clock

    async def __call__(
        self, request_id: str, operator_id: UUID, account_id: UUID, channel: Channel, reason: str
    ) -> LiftedSuppression:
        """Return what was lifted; for a repeated request what it lifted.

        Raises:
            NotFound: `suppression_not_found`.
            Conflict: `idempotency_key_reused`.
        """
        now = self._clock.now()
        lifted = await self._suppressions.lift(request_id, operator_id, account_id, channel, reason, now)
        if lifted is None:
            raise NotFound("suppression_not_found", "the person's address of this channel is not suppressed")
        return lifted


class ReadSuppressions:
    """ListSuppressions and ListLiftedSuppressions: pages for operators, the latest first."""

    def __init__(self, suppressions: Suppressions) -> None:
        self._suppressions = suppressions

    async def page(self, account_id: UUID | None, page_size: int, page_token: str) -> tuple[Sequence[Suppression], str]:
        """Return a page of what is suppressed, of one account if given; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        found = await self._suppressions.all(account_id, size + 1, _read(page_token))
        page = found[:size]
        return page, _write(SuppressionPlace(page[-1].suppressed_at, *_of(page[-1]))) if len(found) > size else ""

    async def lifted(
        self, account_id: UUID | None, page_size: int, page_token: str
    ) -> tuple[Sequence[LiftedSuppression], str]:
        """Return a page of what was lifted, of one account if given; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        found = await self._suppressions.lifted(account_id, size + 1, _read(page_token))
        page = found[:size]
        if len(found) <= size:
            return page, ""
        return page, _write(SuppressionPlace(page[-1].lifted_at, *_of(page[-1].suppression)))


def _of(suppression: Suppression) -> tuple[UUID, Channel]:
    return suppression.account_id, suppression.channel


def _write(place: SuppressionPlace) -> str:
    return f"{place.channel.value}.{write_token(place.at, place.account_id)}"


def _read(token: str) -> SuppressionPlace | None:
    if not token:
        return None
    channel, _, rest = token.partition(".")
    place = read_token(rest)
    if place is None or channel not in SUPPRESSED_CHANNELS:
        raise invalid_token()
    return SuppressionPlace(*place, Channel(channel))
