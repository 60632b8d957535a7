"""Keep what a person wants to be told, by which channels, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.preferences import (
    CHOSEN_CHANNELS,
    MANDATORY,
    Preference,
    QuietHours,
    Subject,
    check_choice,
    read_quiet_hours,
)
from notification_service.use_cases.ports import People
from shared_kernel.clock import Clock


class KeepPreferences:
    """Reads and changes the caller's own preferences and quiet hours."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock

    async def read(self, account_id: UUID) -> tuple[Sequence[Preference], QuietHours | None]:
        """Return each subject and channel with what holds, and the quiet hours."""
        unwanted, quiet_hours = await self._people.wishes(account_id)
        preferences = [
            Preference(subject, channel, (subject, channel) not in unwanted, subject in MANDATORY)
            for subject in Subject
            for channel in CHOSEN_CHANNELS
        ]
        return preferences, quiet_hours

    async def choose(
        self, account_id: UUID, subject: Subject, channel: Channel, *, wanted: bool
    ) -> Sequence[Preference]:
        """Turn a subject on or off for a channel; return what holds now.

        Raises:
            Conflict: `topic_mandatory`.
            InvalidInput: `channel_not_chosen`.
        """
        check_choice(subject, channel, wanted=wanted)
        await self._people.set_preference(account_id, subject, channel, self._clock.now(), wanted=wanted)
        return (await self.read(account_id))[0]

    async def be_quiet(self, account_id: UUID, quiet: tuple[str, time, time] | None) -> QuietHours | None:
        """Set the quiet hours (zone, begin, end), or none; InvalidInput `invalid_quiet_hours`."""
        hours = None if quiet is None else read_quiet_hours(*quiet)
        await self._people.set_quiet_hours(account_id, hours)
        return hours
