"""What people may decide about their notifications: channels they want none on, and hours of quiet.

Security and what somebody at the kerb waits for are not theirs to turn off: a code, an SOS, a driver who arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from notification_service.domain.channels import Channel, Priority
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput


class Subject(StrEnum):
    """What notifications are about, as far as people choose between them; one for each priority."""

    SECURITY = "security"
    TRIPS = "trips"
    MONEY = "money"
    MARKETING = "marketing"


SUBJECT_OF = {
    Priority.SECURITY: Subject.SECURITY,
    Priority.TRIP_CRITICAL: Subject.TRIPS,
    Priority.MONEY: Subject.MONEY,
    Priority.MARKETING: Subject.MARKETING,
}
MANDATORY = frozenset({Subject.SECURITY, Subject.TRIPS})
CHOSEN_CHANNELS = (Channel.PUSH, Channel.SMS, Channel.EMAIL)
"""The inbox and the live stream disturb nobody and are always there."""
_KEEPS_QUIET = frozenset({Channel.PUSH, Channel.SMS, Channel.VOICE})
"""Mail wakes nobody up."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether a person wants a subject's notifications by a channel."""

    subject: Subject
    channel: Channel
    wanted: bool
    mandatory: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when, of the clock of a time zone; past midnight where it begins later than it ends."""

    time_zone: str
    begins_at: time
    ends_at: time

    def end_after(self, now: datetime) -> datetime | None:
        """Return when the quiet ends that holds at a moment; None when there is none just now.

        Each end is asked of the zone itself, so that a night of a clock change ends when its clock says so.
        """
        zone = ZoneInfo(self.time_zone)
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            over_midnight = self.begins_at >= self.ends_at
            begin = datetime.combine(day, self.begins_at, zone)
            end = datetime.combine(day + timedelta(days=1) if over_midnight else day, self.ends_at, zone)
            if begin.timestamp() <= now.timestamp() < end.timestamp():
                return end.astimezone(now.tzinfo)
        return None


def read_quiet_hours(time_zone: str, begins_at: time, ends_at: time) -> QuietHours:
    """Judge quiet hours; InvalidInput `invalid_quiet_hours`."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            "invalid_quiet_hours",
            "the time zone is not known",
            violations=[FieldViolation("time_zone", "must be a name of the IANA database, like America/Los_Angeles")],
        ) from None
    if begins_at == ends_at:
        raise InvalidInput(
            "invalid_quiet_hours",
            "quiet hours must end at another time than they begin",
            violations=[FieldViolation("ends_at", "must differ from begins_at")],
        )
    return QuietHours(time_zone, begins_at, ends_at)


def check_choice(subject: Subject, channel: Channel, *, wanted: bool) -> None:
    """Refuse what is not a person's to turn off.

    Raises:
        Conflict: `topic_mandatory`.
        InvalidInput: `channel_not_chosen` for the inbox and the live stream, which are always there.
    """
    if channel not in CHOSEN_CHANNELS:
        raise InvalidInput(
            "channel_not_chosen",
            "this channel cannot be turned on or off",
            violations=[FieldViolation("channel", "must be push, sms or email")],
        )
    if subject in MANDATORY and not wanted:
        raise Conflict(
            "topic_mandatory",
            f"notifications about {subject.value} cannot be turned off: your safety or your trip depends on them",
        )


def local_day_zone(quiet_hours: QuietHours | None) -> ZoneInfo:
    """Return the zone by which a person's days are counted; UTC where none is known."""
    return ZoneInfo(quiet_hours.time_zone if quiet_hours else "UTC")


def keeps_quiet(priority: Priority, channel: Channel) -> bool:
    """Tell whether quiet hours hold for a message on a channel."""
    return channel in _KEEPS_QUIET and SUBJECT_OF[priority] not in MANDATORY
